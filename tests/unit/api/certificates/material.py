"""Keys, requests and certificates, made where a test needs them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurve, EllipticCurvePrivateKey

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "who")])


def private_key(curve: EllipticCurve | None = None) -> EllipticCurvePrivateKey:
    return ec.generate_private_key(curve or ec.SECP256R1())


def request(key: EllipticCurvePrivateKey) -> x509.CertificateSigningRequest:
    return x509.CertificateSigningRequestBuilder().subject_name(_NAME).sign(key, hashes.SHA256())


def request_pem(key: EllipticCurvePrivateKey) -> str:
    """As the field of an object."""
    return base64.b64encode(request(key).public_bytes(Encoding.PEM)).decode()


def request_der(key: EllipticCurvePrivateKey) -> str:
    """As the field of an object."""
    return base64.b64encode(request(key).public_bytes(Encoding.DER)).decode()


def certificate(
    key: EllipticCurvePrivateKey, *, lifetime: timedelta = timedelta(hours=2), is_ca: bool = False, dns: str = "a.b"
) -> str:
    """PEM text."""
    built = (
        x509.CertificateBuilder()
        .subject_name(_NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(BEGIN)
        .not_valid_after(BEGIN + lifetime)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(dns)]), critical=False)
    )
    return built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
