"""Signs certificate requests: subject and alternative names are the request's, everything else is the signer's.

Imported only where something is signed: `cryptography.x509` costs 50 ms.
Upstream: pkg/controller/certificates/authority.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

BACKDATED = timedelta(minutes=5)
"""Clocks differ."""
SHORT = timedelta(hours=8)
"""Certificates of less than this are not made shorter by being backdated."""
_KEY_USAGES = {
    "signing": 0,
    "digital signature": 0,
    "content commitment": 1,
    "key encipherment": 2,
    "data encipherment": 3,
    "key agreement": 4,
    "cert sign": 5,
    "crl sign": 6,
    "encipher only": 7,
    "decipher only": 8,
}
"""Bits of the extension (RFC 5280, 4.2.1.3)."""
_EXTENDED_KEY_USAGES = {
    "any": "2.5.29.37.0",
    "server auth": "1.3.6.1.5.5.7.3.1",
    "client auth": "1.3.6.1.5.5.7.3.2",
    "code signing": "1.3.6.1.5.5.7.3.3",
    "email protection": "1.3.6.1.5.5.7.3.4",
    "s/mime": "1.3.6.1.5.5.7.3.4",
    "ipsec end system": "1.3.6.1.5.5.7.3.5",
    "ipsec tunnel": "1.3.6.1.5.5.7.3.6",
    "ipsec user": "1.3.6.1.5.5.7.3.7",
    "timestamping": "1.3.6.1.5.5.7.3.8",
    "ocsp signing": "1.3.6.1.5.5.7.3.9",
    "microsoft sgc": "1.3.6.1.4.1.311.10.3.3",
    "netscape sgc": "2.16.840.1.113730.4.1",
}
_OID_KEY_USAGE = x509.ObjectIdentifier("2.5.29.15")


class SigningError(ValueError):
    """A request that cannot be signed; the message says why."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A CA."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def load_signer(certificate_pem: bytes, key_pem: bytes) -> Signer:
    """Raises ValueError."""
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ValueError("certificates are signed by an EC or RSA key; this key is another kind")  # noqa: TRY004
    return Signer(x509.load_pem_x509_certificate(certificate_pem), key)


def sign(signer: Signer, request_pem: bytes, *, usages: Iterable[str], lifetime: timedelta, now: datetime) -> bytes:
    """The certificate, PEM. `usages`: names as in the certificates API. It ends no later than its signer.

    Raises SigningError.
    """
    request = _load(request_pem)
    bits, extended = _usages(usages)
    not_before, not_after = _validity(signer, lifetime, now)
    public_key = request.public_key()
    builder = x509.CertificateBuilder(
        issuer_name=signer.certificate.subject,
        subject_name=request.subject,
        public_key=public_key,
        serial_number=x509.random_serial_number(),
    )
    builder = builder.not_valid_before(not_before).not_valid_after(not_after)
    if bits:
        builder = builder.add_extension(x509.UnrecognizedExtension(_OID_KEY_USAGE, _bit_string(bits)), critical=True)
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_authority_key(signer), critical=False)
    names = _alternative_names(request)
    if names is not None:
        builder = builder.add_extension(names, critical=not list(request.subject))
    try:
        signed = builder.sign(signer.key, _hash_of(signer))
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise SigningError(f"failed to sign certificate: {error}") from error
    return signed.public_bytes(serialization.Encoding.PEM)


def _load(request_pem: bytes) -> x509.CertificateSigningRequest:
    try:
        request = x509.load_pem_x509_csr(request_pem)
        if request.is_signature_valid:
            return request
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SigningError(f"unable to parse certificate request: {error}") from error
    raise SigningError("unable to verify certificate request signature")


def _usages(usages: Iterable[str]) -> tuple[set[int], list[x509.ObjectIdentifier]]:
    bits: set[int] = set()
    extended: set[str] = set()
    unknown = []
    for usage in usages:
        if usage in _KEY_USAGES:
            bits.add(_KEY_USAGES[usage])
        elif usage in _EXTENDED_KEY_USAGES:
            extended.add(_EXTENDED_KEY_USAGES[usage])
        else:
            unknown.append(usage)
    if unknown:
        raise SigningError(f"unrecognized usage values: {unknown}")
    in_order = dict.fromkeys(oid for oid in _EXTENDED_KEY_USAGES.values() if oid in extended)
    return bits, [x509.ObjectIdentifier(oid) for oid in in_order]


def _bit_string(bits: set[int]) -> bytes:
    """DER of named bits: as short as possible."""
    length = max(bits) // 8 + 1
    number = sum(1 << (8 * length - 1 - bit) for bit in bits)
    return bytes([0x03, length + 1, 8 * length - 1 - max(bits)]) + number.to_bytes(length, "big")


def _validity(signer: Signer, lifetime: timedelta, now: datetime) -> tuple[datetime, datetime]:
    end = signer.certificate.not_valid_after_utc
    if now >= end:
        raise SigningError(f"refusing to sign a certificate that expired in the past: NotAfter={end}")
    return now - BACKDATED, min(now + lifetime - (BACKDATED if lifetime >= SHORT else timedelta()), end)


def _authority_key(signer: Signer) -> x509.AuthorityKeyIdentifier:
    try:
        known = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known.value)


def _alternative_names(request: x509.CertificateSigningRequest) -> x509.SubjectAlternativeName | None:
    try:
        return request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    except ValueError as error:
        raise SigningError(f"unable to parse certificate request: {error}") from error


def _hash_of(signer: Signer) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512:
    bits = signer.key.key_size if isinstance(signer.key, ec.EllipticCurvePrivateKey) else 0
    return hashes.SHA512() if bits > 384 else hashes.SHA384() if bits > 256 else hashes.SHA256()
