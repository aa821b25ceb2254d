from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.unit.api.certificates.material import certificate, private_key, request_der

from steersman.api.certificates.pod_certificate_request import POD_CERTIFICATE_REQUESTS

KEY = private_key()
SPEC = {
    "signerName": "a.b/c",
    "podName": "p",
    "podUID": "1",
    "serviceAccountName": "s",
    "serviceAccountUID": "2",
    "nodeName": "n",
    "nodeUID": "3",
    "maxExpirationSeconds": 86400,
    "stubPKCS10Request": request_der(KEY),
}
ISSUED = {
    "type": "Issued",
    "status": "True",
    "reason": "R",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
    "message": "",
}
STATUS = {
    "conditions": [ISSUED],
    "certificateChain": certificate(KEY),
    "notBefore": "2026-01-01T00:00:00Z",
    "notAfter": "2026-01-01T02:00:00Z",
    "beginRefreshAt": "2026-01-01T01:00:00Z",
}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"podUID": ""}, ['spec.podUID: Invalid value: "": must not be empty']),
        ({"nodeUID": "x" * 129}, ["spec.nodeUID: Too long: may not be more than 128 bytes"]),
        ({"maxExpirationSeconds": 1}, ["spec.maxExpirationSeconds: Invalid value: 1: must be in the range [3600, 786"]),
        ({"signerName": "kubernetes.io/x", "maxExpirationSeconds": 86401}, ["spec.maxExpirationSeconds: Invalid"]),
        ({"stubPKCS10Request": None}, ["spec: Invalid value: exactly one of (stubPKCS10Request) or (pkixPublicKey"]),
        ({"stubPKCS10Request": "YWJj"}, ["spec.stubPKCS10Request: Invalid value: must be a valid PKCS#10 CSR"]),
        (
            {"stubPKCS10Request": request_der(private_key(ec.SECP256K1()))},
            ['spec.stubPKCS10Request: Invalid value: "curve secp256k1": elliptic public keys must use curve P256,'],
        ),
        ({"unverifiedUserAnnotations": {"a": "b"}}, ["spec.unverifiedUserAnnotations: Invalid value: "]),
    ],
)
def test_what_may_be_wrong_with_a_request(judge: Any, changes: dict[str, Any], wrong: list[str]) -> None:
    errors = judge(POD_CERTIFICATE_REQUESTS).errors({"spec": SPEC | changes})
    assert len(errors) == len(wrong)
    assert all(error.startswith(text) for error, text in zip(errors, wrong, strict=True))


def test_the_spec_never_changes(judge: Any) -> None:
    asked = judge(POD_CERTIFICATE_REQUESTS)
    (error,) = asked.update_errors({"spec": SPEC | {"nodeName": "m"}}, asked.created({"spec": SPEC}))
    assert error.startswith('spec: Invalid value: {"SignerName":"a.b/c","PodName":"p","PodUID":"1",')
    assert error.endswith(": field is immutable")


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"conditions": [ISSUED | {"type": "X"}]}, ["status.conditions.[0].type: Unsupported value"]),
        ({"conditions": []}, ["status: Invalid value: status is immutable unless transitioning to"]),
        ({"conditions": [ISSUED | {"type": "Denied"}]}, ["status: Invalid value: non-condition status fields must"]),
        ({"certificateChain": ""}, ["status.certificateChain: Invalid value"]),
        ({"certificateChain": certificate(private_key())}, ["status.certificateChain: Invalid value"]),
        ({"certificateChain": certificate(KEY, lifetime=timedelta(hours=3))}, ["status.notAfter: Invalid value"]),
        ({"notBefore": None}, ["status.notBefore: Required value"]),
        ({"beginRefreshAt": "2026-01-01T01:59:00Z"}, ["status.beginRefreshAt: Invalid value"]),
    ],
)
def test_what_may_be_issued(judge: Any, changes: dict[str, Any], wrong: list[str]) -> None:
    new = {"spec": SPEC, "status": STATUS | changes}
    errors = judge(POD_CERTIFICATE_REQUESTS).status_errors(new, {"spec": SPEC, "status": {}})
    assert len(errors) == len(wrong)
    assert all(error.startswith(text) for error, text in zip(errors, wrong, strict=True))


def test_an_end_is_an_end(judge: Any) -> None:
    old = {"spec": SPEC, "status": STATUS}
    new = {"spec": SPEC, "status": STATUS | {"beginRefreshAt": "2026-01-01T01:01:00Z"}}
    assert judge(POD_CERTIFICATE_REQUESTS).status_errors(new, old) == [
        "status: Invalid value: immutable after PodCertificateRequest is issued, denied, or failed"
    ]
    assert judge(POD_CERTIFICATE_REQUESTS).cells(old)["State"] == "Issued"
