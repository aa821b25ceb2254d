"""Claims that pods use."""

from __future__ import annotations

from steersman.api.core.pod_claims import ClaimUse, claim_uses, is_for_pod, named_claims

POD = {
    "metadata": {"namespace": "ns", "name": "p", "uid": "u"},
    "spec": {
        "volumes": [
            {"name": "a", "persistentVolumeClaim": {"claimName": "c"}},
            {"name": "b", "emptyDir": {}},
            {"name": "s", "ephemeral": {"volumeClaimTemplate": {}}},
        ]
    },
}


def made(uid="u", *, namespace="ns", controller=True):
    owner = {"kind": "Pod", "name": "p", "uid": uid, "controller": controller}
    return {"metadata": {"namespace": namespace, "name": "p-s", "ownerReferences": [owner]}}


def test_claims_are_used_by_name_or_made():
    assert list(claim_uses(POD)) == [ClaimUse("c", made=False), ClaimUse("p-s", made=True)]
    assert list(named_claims(POD)) == ["c", "p-s"]


def test_a_claim_was_made_for_a_pod_that_controls_it():
    assert is_for_pod(made(), POD)
    assert not is_for_pod(made("other"), POD)
    assert not is_for_pod(made(namespace="other"), POD)
    assert not is_for_pod(made(controller=False), POD)
    assert not is_for_pod({"metadata": {"namespace": "ns", "name": "p-s"}}, POD)
