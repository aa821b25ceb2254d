from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steersman.lib.certificate import CLIENT_AUTH, SERVER_AUTH, CertificateError, parse_certificate, parse_pem

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def make(*, key=None, names=(), usages=(), not_after=NOW + timedelta(days=30), attributes=None, algorithm=None):
    """A self-signed certificate, DER."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(attributes or [x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=77)
        .not_valid_before(NOW)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256() if algorithm is None else algorithm[0]).public_bytes(
        serialization.Encoding.DER
    )


def test_reads_names_validity_and_use():
    import ipaddress

    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Zürich"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:masters"),
        x509.NameAttribute(NameOID.COMMON_NAME, "first"),
        x509.NameAttribute(NameOID.COMMON_NAME, "last"),
    ]
    names = [x509.DNSName("a.b"), x509.IPAddress(ipaddress.ip_address("::1"))]
    found = parse_certificate(make(attributes=attributes, names=names, usages=[ExtendedKeyUsageOID.CLIENT_AUTH]))
    assert found.common_name == "last"
    assert found.organizations == ("Zürich", "system:masters")
    assert (found.not_before, found.not_after) == (NOW, NOW + timedelta(days=30))
    assert found.names == ("a.b", "::1")
    assert found.serial == 77
    assert found.is_ca
    assert (found.allows(CLIENT_AUTH), found.allows(SERVER_AUTH)) == (True, False)


def test_without_usages_any_use_is_allowed_and_late_years_are_read():
    found = parse_certificate(make(not_after=datetime(2060, 1, 2, tzinfo=UTC)))
    assert found.allows(CLIENT_AUTH)
    assert found.allows(SERVER_AUTH)
    assert found.not_after == datetime(2060, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa", "ed25519"])
def test_checks_signatures_of_the_usual_kinds(kind):
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    key = {
        "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
    }[kind]()
    der = make(key=key, algorithm=(None,) if kind == "ed25519" else None)
    found = parse_certificate(der)
    assert found.signed_by(found)
    other = parse_certificate(make())
    assert not found.signed_by(other), "the same name, another key"


def test_a_changed_byte_is_an_error_or_breaks_the_signature():
    der = make()
    found = parse_certificate(der)
    for position in range(len(der)):
        changed = der[:position] + bytes([der[position] ^ 0x01]) + der[position + 1 :]
        try:
            parsed = parse_certificate(changed)
        except CertificateError:
            continue
        assert not parsed.signed_by(found) or parsed.signed_part == found.signed_part


def test_every_truncation_is_an_error():
    der = make()
    for length in range(len(der)):
        with pytest.raises(CertificateError):
            parse_certificate(der[:length])
    with pytest.raises(CertificateError, match="bytes follow"):
        parse_certificate(der + b"\0")


def test_pem_must_hold_whole_blocks():
    with pytest.raises(CertificateError, match="no CERTIFICATE block"):
        parse_pem("")
    with pytest.raises(CertificateError, match="no end line"):
        parse_pem("-----BEGIN CERTIFICATE-----\nAAAA")
    with pytest.raises(CertificateError, match="not base64"):
        parse_pem("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----")
    block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    assert parse_pem(f"comment\n{block}{block}") == [b"\0\0\0"] * 2
