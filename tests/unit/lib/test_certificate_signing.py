"""Certificates of requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from steersman.lib.certificate import CLIENT_AUTH, SERVER_AUTH, parse_certificate, parse_pem
from steersman.lib.certificate_signing import SigningError, load_signer, sign

NOW = datetime(2026, 6, 1, tzinfo=UTC)
END = NOW + timedelta(days=100)


@pytest.fixture(scope="module")
def authority():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - timedelta(days=1), END)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier(b"x" * 20), critical=False)
    return (
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


@pytest.fixture(scope="module")
def signer(authority):
    return load_signer(*authority)


def request(*dns_names):
    name = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "o"), x509.NameAttribute(NameOID.COMMON_NAME, "who")]
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    if dns_names:
        names = x509.SubjectAlternativeName([x509.DNSName(each) for each in dns_names])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM
    )


def signed(signer, pem, *, usages=("client auth",), lifetime=timedelta(days=1)):
    return sign(signer, pem, usages=usages, lifetime=lifetime, now=NOW)


def test_subject_and_names_are_the_requests_and_nothing_else(signer, authority):
    pem = signed(signer, request("a.example", "b.example"), usages=("digital signature", "server auth", "client auth"))
    found = parse_certificate(parse_pem(pem.decode())[0])
    assert (found.common_name, found.organizations) == ("who", ("o",))
    assert found.names == ("a.example", "b.example")
    assert found.usages == (SERVER_AUTH, CLIENT_AUTH)
    assert not found.is_ca
    assert found.signed_by(parse_certificate(parse_pem(authority[0].decode())[0]))
    known = x509.load_pem_x509_certificate(pem).extensions
    assert known.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == b"x" * 20


@pytest.mark.parametrize(
    ("usages", "bits"),
    [
        (("digital signature", "key encipherment"), {"digital_signature", "key_encipherment"}),
        (("signing",), {"digital_signature"}),
        (("key agreement", "decipher only"), {"key_agreement", "decipher_only"}),
        (("cert sign", "crl sign"), {"key_cert_sign", "crl_sign"}),
    ],
)
def test_key_usages_are_those_that_are_asked_for(signer, usages, bits):
    extensions = x509.load_pem_x509_certificate(signed(signer, request(), usages=usages)).extensions
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    names = ["digital_signature", "key_encipherment", "key_agreement", "key_cert_sign", "crl_sign"]
    names += ["encipher_only", "decipher_only"] if usage.key_agreement else []
    assert {name for name in names if getattr(usage, name)} == bits


@pytest.mark.parametrize(
    ("lifetime", "end"),
    [
        (timedelta(minutes=10), NOW + timedelta(minutes=10)),
        (timedelta(days=1), NOW + timedelta(days=1, minutes=-5)),
        (timedelta(days=365), END),
    ],
)
def test_a_certificate_is_backdated_and_ends_before_its_signer(signer, lifetime, end):
    found = parse_certificate(parse_pem(signed(signer, request(), lifetime=lifetime).decode())[0])
    assert (found.not_before, found.not_after) == (NOW - timedelta(minutes=5), end)


def test_what_is_not_signed(signer):
    with pytest.raises(SigningError, match="unrecognized usage"):
        signed(signer, request(), usages=("nonsense",))
    with pytest.raises(SigningError, match="unable to parse"):
        signed(signer, b"nonsense")
    with pytest.raises(SigningError, match="expired in the past"):
        sign(signer, request(), usages=(), lifetime=timedelta(days=1), now=END)
