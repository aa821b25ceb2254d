"""How commands end."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from steersman.apiserver.streams.statuses import encode, ended_with, failure, from_error_stream, http_code, success

WRONG = "error stream protocol error"


def exited(details: Any) -> bytes:
    return orjson.dumps({"status": "Failure", "reason": "NonZeroExitCode", "message": "m", "details": details})


def cause(message: str, reason: str = "ExitCode") -> Any:
    return {"causes": [{"reason": reason, "message": message}]}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"", success()),
        (b'{"metadata":{},"status":"Success"}', success()),
        (exited(cause("3")), ended_with(3)),
        (
            exited({"causes": [{"reason": "Other", "message": "9"}, {"reason": "ExitCode", "message": "255"}]}),
            ended_with(255),
        ),
        (exited(cause("256")), failure(f'{WRONG}: invalid exit code value "256"')),
        (exited(cause("-1")), failure(f'{WRONG}: invalid exit code value "-1"')),
        (exited(cause("1", "Other")), failure(f"{WRONG}: no ExitCode cause given")),
        (exited(None), failure(f"{WRONG}: details must be set")),
        (b'{"status":"Failure","message":"no such container"}', failure("no such container")),
        (b'{"status":"Sideways"}', failure(f"{WRONG}: unknown error")),
        (b"[]", failure(f'{WRONG}: not an object in "[]"')),
    ],
)
def test_a_kubelets_status_is_understood(message: bytes, expected: Any) -> None:
    assert from_error_stream(message, structured=True) == expected


def test_what_is_no_json_is_quoted() -> None:
    told = from_error_stream(b"oops", structured=True)["message"]
    assert told.startswith(f"Internal error occurred: {WRONG}: ")
    assert told.endswith('in "oops"')


def test_old_protocols_write_text() -> None:
    assert from_error_stream(b"oops", structured=False) == failure("error executing remote command: oops")
    assert from_error_stream(b"", structured=False) == success()


def test_statuses_look_as_upstream_writes_them() -> None:
    assert orjson.dumps(ended_with(3)) == (
        b'{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: command terminated '
        b'with exit code 3","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}'
    )
    assert orjson.dumps(failure("x")) == (
        b'{"metadata":{},"status":"Failure","message":"Internal error occurred: x","reason":"InternalError",'
        b'"details":{"causes":[{"message":"x"}]},"code":500}'
    )
    assert encode({"message": "a&b<c>"}) == b'{"message":"a\\u0026b\\u003cc\\u003e"}'
    assert [http_code(status) for status in (success(), ended_with(1), failure("x"))] == [200, 200, 500]
