"""What signers demand."""

from __future__ import annotations

import pytest

from steersman.controllers.certificate_rules import (
    APISERVER_CLIENT,
    KUBELET_CLIENT,
    KUBELET_SERVING,
    LEGACY_UNKNOWN,
    has_failed,
    is_approved,
    problem,
)
from steersman.lib.certificate_request import CertificateRequest

from .certificates import signing_request

NODE = {"common_name": "system:node:n1", "organizations": ("system:nodes",)}
CLIENT = ["digital signature", "client auth"]
SERVER = ["digital signature", "server auth"]


@pytest.mark.parametrize(
    ("fields", "usages", "found"),
    [
        ({}, CLIENT, ""),
        ({}, [*CLIENT, "key encipherment"], ""),
        ({"organizations": ("a", "system:nodes")}, CLIENT, "subject organization is not system:nodes"),
        ({"dns_names": ("a",)}, CLIENT, "DNS subjectAltNames are not allowed"),
        ({"emails": ("a",), "ip_addresses": ("::1",)}, CLIENT, "Email subjectAltNames are not allowed"),
        ({"ip_addresses": ("::1",)}, CLIENT, "IP subjectAltNames are not allowed"),
        ({"uris": ("a:b",)}, CLIENT, "URI subjectAltNames are not allowed"),
        ({"common_name": "n1"}, [], "subject common name does not begin with system:node:"),
        ({}, SERVER, "usages did not match [client auth digital signature key encipherment]"),
    ],
)
def test_a_kubelets_client_certificate(fields, usages, found):
    assert problem(KUBELET_CLIENT, CertificateRequest(**(NODE | fields)), usages) == found


@pytest.mark.parametrize(
    ("fields", "usages", "found"),
    [
        ({"dns_names": ("a",)}, SERVER, ""),
        ({"ip_addresses": ("::1",)}, [*SERVER, "key encipherment"], ""),
        ({"organizations": ()}, SERVER, "subject organization is not system:nodes"),
        ({}, SERVER, "DNS or IP subjectAltName is required"),
        ({"dns_names": ("a",), "emails": ("a",)}, SERVER, "Email subjectAltNames are not allowed"),
        ({"dns_names": ("a",), "uris": ("a:b",)}, SERVER, "URI subjectAltNames are not allowed"),
        (
            {"dns_names": ("a",), "common_name": "n1"},
            CLIENT,
            "usages did not match [digital signature key encipherment server auth]",
        ),
        ({"dns_names": ("a",), "common_name": "n1"}, SERVER, "subject common name does not begin with system:node:"),
    ],
)
def test_a_kubelets_serving_certificate(fields, usages, found):
    assert problem(KUBELET_SERVING, CertificateRequest(**(NODE | fields)), usages) == found


def test_other_clients():
    parsed = CertificateRequest("who", ())
    assert problem(APISERVER_CLIENT, parsed, CLIENT) == ""
    assert problem(APISERVER_CLIENT, parsed, SERVER) == "invalid usage for client certificate: server auth"
    missing = "missing required usage for client certificate: client auth"
    assert problem(APISERVER_CLIENT, parsed, ["digital signature"]) == missing
    assert problem(LEGACY_UNKNOWN, parsed, SERVER) == ""


def test_states():
    assert is_approved(signing_request("Approved"))
    assert not is_approved(signing_request("Approved", "Denied"))
    assert not is_approved(signing_request())
    assert has_failed(signing_request("Failed"))
    assert not has_failed(signing_request("Approved"))
