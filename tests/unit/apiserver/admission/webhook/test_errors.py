from __future__ import annotations

import pytest

from steersman.apiserver.admission.webhook.errors import CallFailed, Denied

DENIED = 'admission webhook "w" denied the request'


@pytest.mark.parametrize(
    ("result", "code", "message"),
    [
        (None, 400, f"{DENIED} without explanation"),
        ({"message": "m", "reason": "R"}, 400, f"{DENIED}: m"),
        ({"reason": "R", "code": 403}, 403, f"{DENIED}: R"),
        ({"code": 200}, 400, f"{DENIED} without explanation"),
        ({"code": 70000}, 500, f"{DENIED} without explanation"),
    ],
)
def test_a_denial_says_what_the_webhook_said(result, code, message):
    denial = Denied("w", result)
    assert (denial.code, denial.message) == (code, message)


def test_a_denial_carries_the_whole_status():
    status = Denied("w", {"reason": "R", "code": 418, "details": {"name": "n"}, "status": "Success"}).status()
    assert status == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"{DENIED}: R",
        "reason": "R",
        "details": {"name": "n"},
        "code": 418,
    }
    assert Denied("w", {"status": "Maybe"}).status()["status"] == "Maybe"


def test_a_failed_call_is_an_internal_error():
    refusal = CallFailed("w", "failed to call webhook: EOF").refusal()
    assert refusal.status()["message"] == (
        'Internal error occurred: failed calling webhook "w": failed to call webhook: EOF'
    )
    assert refusal.details == {"causes": [{"message": 'failed calling webhook "w": failed to call webhook: EOF'}]}
