from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.unit.api.certificates.material import certificate, private_key, request_der, request_pem

from steersman.api.certificates.keys import (
    decoded,
    pem_certificate_problem,
    pem_request_problem,
    requested_key,
    stub_request_problem,
)
from steersman.lib.certificate import parse_certificate
from steersman.lib.pem import blocks

KEY = private_key()


def test_a_request_is_signed_by_its_key() -> None:
    good = decoded(request_pem(KEY))
    assert pem_request_problem(good) == ""
    assert pem_request_problem(b"") == "PEM block type must be CERTIFICATE REQUEST"
    der = bytearray(decoded(request_der(KEY)))
    der[-1] ^= 1
    pem = b"-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE REQUEST-----\n"
    assert pem_request_problem(pem) == "x509: signature of the certificate request does not verify"
    assert stub_request_problem(bytes(der)) == (None, "invalid signature")


def test_keys_are_of_known_kinds() -> None:
    assert stub_request_problem(decoded(request_der(KEY))) == (None, "")
    assert stub_request_problem(b"abc") == (None, "must be a valid PKCS#10 CSR")
    shown, problem = stub_request_problem(decoded(request_der(private_key(ec.SECP224R1()))))
    assert shown == "curve P-224"
    assert problem == "elliptic public keys must use curve P256, P384, or P521"


def test_a_certificate_is_for_the_key_that_was_asked_for() -> None:
    (block,) = blocks(certificate(KEY).encode())
    assert requested_key(decoded(request_der(KEY))) == parse_certificate(block.content).public_key
    assert requested_key(b"") is None


@pytest.mark.parametrize(
    ("pem", "problem"),
    [
        ("", ""),
        (certificate(KEY), ""),
        ("text", "must contain at least one CERTIFICATE PEM block"),
        ("-----BEGIN KEY-----\nYQ==\n-----END KEY-----\n", 'only CERTIFICATE PEM blocks are allowed, found "KEY"'),
        ("-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n", "x509: malformed certificate"),
        (
            "-----BEGIN CERTIFICATE-----\na: b\n\nYQ==\n-----END CERTIFICATE-----\n",
            "no PEM block headers are permitted",
        ),
    ],
)
def test_only_certificates_are_issued(pem: str, problem: str) -> None:
    assert pem_certificate_problem(pem.encode()) == problem
