"""Approved requests get their certificate."""

from __future__ import annotations

from base64 import b64decode
from datetime import timedelta

import pytest

from steersman.api.certificates.certificate_signing_request import CERTIFICATE_SIGNING_REQUESTS
from steersman.client.request import Key
from steersman.controllers.certificatesigningrequest_signing import (
    LIFETIME,
    CertificateSigning,
    CertificateSigningRequestSigning,
    Refuse,
    Sign,
    plan,
    refused,
)
from steersman.lib.certificate import parse_certificate, parse_pem

from .certificates import KUBELET_CLIENT, pem_request, signing_request

KEY = Key("", "r")


@pytest.mark.parametrize(
    ("wanted_s", "lifetime"),
    [(None, LIFETIME), (10**9, LIFETIME), (60, timedelta(minutes=10)), (3600, timedelta(hours=1))],
)
def test_a_certificate_lives_as_long_as_is_asked_for_within_bounds(wanted_s, lifetime):
    spec = {"expirationSeconds": wanted_s} if wanted_s else {}
    assert plan(signing_request("Approved", **spec), lifetime=LIFETIME) == Sign(lifetime)


@pytest.mark.parametrize(
    "other",
    [
        None,
        signing_request(),
        signing_request("Approved", "Denied"),
        signing_request("Approved", "Failed"),
        signing_request("Approved", certificate="x"),
        signing_request("Approved", signer="example.org/mine"),
    ],
)
def test_what_is_not_approved_is_over_or_is_for_another_signer_is_left_alone(other):
    assert plan(other, lifetime=LIFETIME) is None


def test_what_breaks_the_rules_is_refused_with_the_reason():
    action = plan(signing_request("Approved", request=pem_request(organization="devs")), lifetime=LIFETIME)
    assert action == Refuse("subject organization is not system:nodes")
    failed = refused(signing_request("Approved"), "no", timestamp="T")
    assert failed["status"]["conditions"][1] == {
        "type": "Failed",
        "status": "True",
        "reason": "SignerValidationFailure",
        "message": "no",
        "lastUpdateTime": "T",
    }


@pytest.mark.virtual_time
async def test_an_approved_request_is_signed_by_the_cluster(bench, pki):
    ca = pki.certificate("ca").read_bytes()
    settings = CertificateSigning(ca_pem=ca, key_pem=pki.key("ca").read_bytes())
    await bench.start(CertificateSigningRequestSigning, settings=settings)
    spec = {"signerName": KUBELET_CLIENT, "usages": ["digital signature", "client auth"], "request": pem_request()}
    made = await bench.client.create(CERTIFICATE_SIGNING_REQUESTS, {"metadata": {"name": "r"}, "spec": spec})
    approved = {"type": "Approved", "status": "True", "reason": "R", "message": "M"}
    await bench.client.update(
        CERTIFICATE_SIGNING_REQUESTS, made | {"status": {"conditions": [approved]}}, subresource="approval"
    )
    await bench.settle()
    status = (await bench.client.get(CERTIFICATE_SIGNING_REQUESTS, KEY))["status"]
    (der,) = parse_pem(b64decode(status["certificate"]).decode())
    certificate = parse_certificate(der)
    assert certificate.common_name == "system:node:n1"
    assert certificate.signed_by(parse_certificate(parse_pem(ca.decode())[0]))
    assert [each["type"] for each in status["conditions"]] == ["Approved"]
