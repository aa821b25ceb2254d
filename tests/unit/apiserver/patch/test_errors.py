"""Refused patches and their answers."""

from __future__ import annotations

import pytest

from steersman.apiserver.patch.errors import (
    ApplyConflict,
    FailedPatch,
    MalformedPatch,
    RejectedPatch,
    TooLargePatch,
    to_api_error,
)


@pytest.mark.parametrize(
    ("error", "code", "reason", "message"),
    [
        (MalformedPatch("m"), 400, "BadRequest", "m"),
        (RejectedPatch("m"), 422, "Invalid", "the server rejected our request due to an error in our request"),
        (TooLargePatch("m"), 413, "RequestEntityTooLarge", "Request entity too large: m"),
        (FailedPatch("m"), 500, None, "m"),
        (ApplyConflict("m", [{"field": ".a"}]), 409, "Conflict", "m"),
    ],
)
def test_every_refusal_has_upstreams_answer(error, code, reason, message):
    status = to_api_error(error).status()
    assert (status["code"], status.get("reason"), status["message"]) == (code, reason, message)


def test_details_are_empty_or_causes_or_absent():
    assert to_api_error(RejectedPatch("m")).status()["details"] == {}
    assert to_api_error(ApplyConflict("m", [{"field": ".a"}])).status()["details"] == {"causes": [{"field": ".a"}]}
    assert "details" not in to_api_error(FailedPatch("m")).status()
