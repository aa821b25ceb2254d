"""Requests that are over."""

from __future__ import annotations

from base64 import b64encode

import pytest

from steersman.api.certificates.certificate_signing_request import CERTIFICATE_SIGNING_REQUESTS
from steersman.api.meta.times import format_time
from steersman.controllers.certificatesigningrequest_cleaner import CertificateSigningRequestCleaner, due_at

from .certificates import pem_request, signing_request


@pytest.mark.parametrize(
    ("request_", "due"),
    [
        (signing_request(), "2026-01-02T00:00:00Z"),
        (signing_request("Denied"), "2026-01-01T02:00:00Z"),
        (signing_request("Failed"), "2026-01-01T02:00:00Z"),
        (signing_request("Approved"), "2026-01-02T01:00:00Z"),
        (signing_request("Approved", certificate="eA=="), "2026-01-01T02:00:00Z"),
        (signing_request("Approved", "Failed"), "2026-01-01T02:00:00Z"),
    ],
)
def test_when_a_request_is_over(request_, due):
    found = due_at(request_)
    assert found is not None
    assert format_time(found) == due


def test_nothing_says_when():
    assert due_at(signing_request("Other")) is None


def test_a_certificate_that_has_ended_is_over_at_once(pki):
    pem = b64encode(pki.certificate("admin").read_bytes()).decode()
    request = signing_request("Approved", certificate=pem)
    request["status"]["conditions"][0]["lastUpdateTime"] = "2099-01-01T00:00:00Z"
    found = due_at(request)
    assert found is not None
    assert found.year < 2099


@pytest.mark.virtual_time
async def test_what_nobody_decides_about_goes_after_a_day(bench):
    await bench.start(CertificateSigningRequestCleaner)
    spec = {
        "signerName": "kubernetes.io/kube-apiserver-client",
        "usages": ["client auth"],
        "request": pem_request("who", "o"),
    }
    await bench.client.create(CERTIFICATE_SIGNING_REQUESTS, {"metadata": {"name": "r"}, "spec": spec})
    await bench.settle(23 * 3600)
    assert len((await bench.client.list(CERTIFICATE_SIGNING_REQUESTS))["items"]) == 1
    await bench.settle(3610)
    assert (await bench.client.list(CERTIFICATE_SIGNING_REQUESTS))["items"] == []
