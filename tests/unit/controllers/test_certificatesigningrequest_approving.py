"""Kubelets get what they may have."""

from __future__ import annotations

import pytest

from steersman.api.certificates.certificate_signing_request import CERTIFICATE_SIGNING_REQUESTS
from steersman.client.request import Key
from steersman.controllers.certificatesigningrequest_approving import (
    MESSAGES,
    CertificateSigningRequestApproving,
    access_review,
    approval_of,
    plan,
)

from .certificates import KUBELET_CLIENT, pem_request, signing_request


def test_a_node_asks_for_itself_or_somebody_for_a_node():
    assert plan(signing_request(username="system:node:n1")) == ("selfnodeclient", "nodeclient")
    assert plan(signing_request(username="system:bootstrap:abcdef")) == ("nodeclient",)


@pytest.mark.parametrize(
    "other",
    [
        None,
        signing_request("Approved"),
        signing_request("Denied"),
        signing_request(certificate="x"),
        signing_request(signer="kubernetes.io/kube-apiserver-client"),
        signing_request(usages=("server auth",)),
        signing_request(request=pem_request("somebody")),
        signing_request(request="!"),
    ],
)
def test_everything_else_is_for_others_to_decide(other):
    assert plan(other) == ()


def test_the_authorizer_is_asked_about_the_requestor():
    request = signing_request(username="a", uid="1", groups=["g"], extra={"k": ["v"]})
    spec = access_review(request, "nodeclient")["spec"]
    assert (spec["user"], spec["uid"], spec["groups"], spec["extra"]) == ("a", "1", ["g"], {"k": ["v"]})
    assert spec["resourceAttributes"] == {
        "group": "certificates.k8s.io",
        "resource": "certificatesigningrequests",
        "subresource": "nodeclient",
        "verb": "create",
        "version": "*",
    }


def test_an_approval_says_why():
    (condition,) = approval_of(signing_request(), "nodeclient")["status"]["conditions"]
    assert condition == {
        "type": "Approved",
        "status": "True",
        "reason": "AutoApproved",
        "message": MESSAGES["nodeclient"],
    }


@pytest.mark.virtual_time
async def test_what_is_allowed_is_approved(bench):
    await bench.start(CertificateSigningRequestApproving)
    spec = {"signerName": KUBELET_CLIENT, "usages": ["digital signature", "client auth"], "request": pem_request()}
    await bench.client.create(CERTIFICATE_SIGNING_REQUESTS, {"metadata": {"name": "r"}, "spec": spec})
    await bench.settle()
    found = await bench.client.get(CERTIFICATE_SIGNING_REQUESTS, Key("", "r"))
    assert [each["reason"] for each in found["status"]["conditions"]] == ["AutoApproved"]
