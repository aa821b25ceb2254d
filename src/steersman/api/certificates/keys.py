"""Requests for certificates (PKCS #10, RFC 2986), and the keys that they are for: what may be wrong with them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from steersman.lib.certificate import CertificateError, parse_certificate
from steersman.lib.pem import blocks

if TYPE_CHECKING:
    from cryptography.x509 import CertificateSigningRequest

REQUEST, CERTIFICATE = "CERTIFICATE REQUEST", "CERTIFICATE"
_RSA_BITS = (3072, 4096)
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_GO_CURVES = {"secp224r1": "P-224"}


def decoded(text: str | None) -> bytes:
    """The bytes of a field that JSON carries in base64, which decoding has checked."""
    return base64.b64decode(text) if text else b""


def pem_request_problem(pem: bytes) -> str:
    """Why PEM text holds no request that its key has signed; empty if it does."""
    block = next(blocks(pem), None)
    if block is None or block.kind != REQUEST:
        return f"PEM block type must be {REQUEST}"
    request = _load(block.content)
    if request is None:
        return "asn1: structure error: malformed certificate request"
    return "" if _is_signed(request) else "x509: signature of the certificate request does not verify"


def stub_request_problem(der: bytes) -> tuple[str | None, str]:
    """(what is shown or None, why) of a DER request with an acceptable key; empty if nothing is wrong."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - 30 ms; only when needed
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: PLC0415

    request = _load(der)
    if request is None:
        return None, "must be a valid PKCS#10 CSR"
    try:
        key = request.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return None, "unknown public key type; supported types are Ed25519, ECDSA, and RSA"
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in _CURVES:
            shown = f"curve {_GO_CURVES.get(key.curve.name, key.curve.name)}"
            return shown, "elliptic public keys must use curve P256, P384, or P521"
    elif isinstance(key, rsa.RSAPublicKey):
        if key.key_size not in _RSA_BITS:
            return f"{key.key_size}-bit modulus", "RSA keys must have modulus size 3072 or 4096"
    elif not isinstance(key, ed25519.Ed25519PublicKey):
        return None, "unknown public key type; supported types are Ed25519, ECDSA, and RSA"
    return (None, "") if _is_signed(request) else (None, "invalid signature")


def requested_key(der: bytes) -> bytes | None:
    """The key that a DER request is for, as SubjectPublicKeyInfo; None if it is no request."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - as above

    request = _load(der)
    return (
        None if request is None else request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )


def _load(der: bytes) -> CertificateSigningRequest | None:
    from cryptography.x509 import load_der_x509_csr  # noqa: PLC0415 - 30 ms; only when needed

    try:
        return load_der_x509_csr(der)
    except ValueError:
        return None


def _is_signed(request: CertificateSigningRequest) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above

    try:
        return request.is_signature_valid
    except (UnsupportedAlgorithm, ValueError):
        return False


def pem_certificate_problem(pem: bytes) -> str:
    """Why PEM text is not made of certificates; empty if it is, or if there is none."""
    count = 0
    for block in blocks(pem):
        if block.kind != CERTIFICATE:
            return f'only CERTIFICATE PEM blocks are allowed, found "{block.kind}"'
        if block.has_headers:
            return "no PEM block headers are permitted"
        count += 1
        if not block.content:
            return "found CERTIFICATE PEM block containing 0 certificates"
        if not is_certificate(block.content):
            return "x509: malformed certificate"
    return "must contain at least one CERTIFICATE PEM block" if pem and not count else ""


def is_certificate(der: bytes) -> bool:
    try:
        parse_certificate(der)
    except CertificateError:
        return False
    return True
