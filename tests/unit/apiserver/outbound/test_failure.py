"""Errors of other servers, as upstream words them."""

from __future__ import annotations

import pytest

from steersman.apiserver.outbound.failure import Failure, answered


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (401, "Unauthorized", "the server has asked for the client to provide credentials ( pods/log p)"),
        (405, "MethodNotAllowed", "the server does not allow this method on the requested resource ( pods/log p)"),
        (403, "Forbidden", "words ( pods/log p)"),
        (400, "BadRequest", "words"),
        (500, "InternalError", "Internal error occurred: words"),
        (503, "ServiceUnavailable", "the server is currently unable to handle the request ( pods/log p)"),
        (
            501,
            "InternalError",
            'an error on the server ("words") has prevented the request from succeeding ( pods/log p)',
        ),
    ],
)
def test_an_answer_becomes_the_status_that_upstream_makes_of_it(status: int, reason: str, message: str) -> None:
    error = answered(status, "words", resource="pods/log", name="p")
    assert (error.code, error.reason, error.message) == (status, reason, message)


def test_a_failure_has_no_reason() -> None:
    assert Failure("x").status() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "x",
        "code": 500,
    }
