"""How a command ended: what the kubelet says on its error stream, and the Status that WebSocket clients get. Pure.

Fields are in the order in which upstream writes them; these Statuses have no kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from steersman.api.errors import InternalError, go_html_safe, go_quote

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_EXIT_CODE, _NON_ZERO = "ExitCode", "NonZeroExitCode"
_PROTOCOL_ERROR = "error stream protocol error"


def success() -> Object:
    return {"metadata": {}, "status": "Success"}


def failure(why: str) -> Object:
    """Something else than the command went wrong."""
    status = InternalError.of(why).status()
    del status["kind"], status["apiVersion"]
    return status


def ended_with(code: int) -> Object:
    """The command said that it failed."""
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: command terminated with exit code {code}",
        "reason": _NON_ZERO,
        "details": {"causes": [{"reason": _EXIT_CODE, "message": str(code)}]},
    }


def encode(status: Object) -> bytes:
    """As Go's encoder writes it, which escapes what means something in HTML."""
    text = orjson.dumps(status).decode()
    return go_html_safe(text).encode()


def http_code(status: Object) -> int:
    """A command that failed has been carried well."""
    return int(status.get("code", 200))


def from_error_stream(message: bytes, *, structured: bool) -> Object:
    """From all that the kubelet wrote to its error stream; `structured`: it writes Statuses (protocol v4 and later)."""
    if not message:
        return success()
    text = message.decode(errors="replace")
    if not structured:
        return failure(f"error executing remote command: {text}")
    try:
        status = orjson.loads(message)
        if not isinstance(status, dict):
            raise TypeError("not an object")
    except (ValueError, TypeError) as error:
        return failure(f"{_PROTOCOL_ERROR}: {error} in {go_quote(text)}")
    match status.get("status"):
        case "Success":
            return success()
        case "Failure" if status.get("reason") == _NON_ZERO:
            return _from_exit(status)
        case "Failure":
            return failure(str(status.get("message", "")))
        case _:
            return failure(f"{_PROTOCOL_ERROR}: unknown error")


def _from_exit(status: Object) -> Object:
    details = status.get("details")
    if details is None:
        return failure(f"{_PROTOCOL_ERROR}: details must be set")
    for cause in details.get("causes") or ():
        if cause.get("reason") != _EXIT_CODE:
            continue
        text = str(cause.get("message", ""))
        if not (text.isascii() and text.isdecimal()) or len(text) > 20 or int(text) > 255:
            return failure(f"{_PROTOCOL_ERROR}: invalid exit code value {go_quote(text)}")
        return ended_with(int(text))
    return failure(f"{_PROTOCOL_ERROR}: no {_EXIT_CODE} cause given")
