from __future__ import annotations

import base64

import pytest

from steersman.lib.certificate import CertificateError
from steersman.lib.certificate_request import parse_request_pem


def _request(*attributes):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM
    )


def _parsed(pem):
    return parse_request_pem(base64.b64encode(pem).decode())


def test_the_subject_is_read():
    from cryptography.x509.oid import NameOID

    pem = _request(
        (NameOID.ORGANIZATION_NAME, "a"), (NameOID.ORGANIZATION_NAME, "b"), (NameOID.COMMON_NAME, "system:node:ü")
    )
    request = _parsed(b"something before\n" + pem)
    assert (request.common_name, request.organizations) == ("system:node:ü", ("a", "b"))
    assert _parsed(_request()).common_name == ""


def test_header_lines_are_skipped():
    pem = _request().replace(b"REQUEST-----\n", b"REQUEST-----\nProc-Type: x\n\n", 1)
    assert _parsed(pem).organizations == ()


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        ("!", "is not base64"),
        ("", "PEM block type must be CERTIFICATE REQUEST"),
        (base64.b64encode(b"-----BEGIN X-----\nAA==\n-----END X-----").decode(), "PEM block type must be"),
        (
            base64.b64encode(b"-----BEGIN CERTIFICATE REQUEST-----\n*\n-----END CERTIFICATE REQUEST-----").decode(),
            "damaged certificate request",
        ),
        (
            base64.b64encode(
                b"-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQA=\n-----END CERTIFICATE REQUEST-----"
            ).decode(),
            "damaged certificate",
        ),
    ],
)
def test_what_is_no_request_is_told(encoded, why):
    with pytest.raises(CertificateError, match=why):
        parse_request_pem(encoded)


def test_alternative_names_are_read():
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    names = [
        x509.DNSName("n1"),
        x509.IPAddress(ipaddress.ip_address("10.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("fd00::1")),
        x509.RFC822Name("a@example.org"),
        x509.UniformResourceIdentifier("spiffe://x/y"),
    ]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    pem = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM
    )
    request = _parsed(pem)
    assert (request.dns_names, request.ip_addresses) == (("n1",), ("10.0.0.1", "fd00::1"))
    assert (request.emails, request.uris) == (("a@example.org",), ("spiffe://x/y",))
    assert _parsed(_request()).dns_names == ()
