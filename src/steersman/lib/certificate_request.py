"""Reads the subject of a PKCS #10 certificate request (RFC 2986). Definite-length DER alone, as `certificate` does."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from steersman.lib.certificate import (
    OID_COMMON_NAME,
    OID_ORGANIZATION,
    CertificateError,
    _attributes,
    _Reader,
)

_INTEGER, _SEQUENCE = 0x02, 0x30
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s(.*?)-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """Who asks, as the subject says. The signature is not verified."""

    common_name: str
    """The last one of the subject; empty if there is none."""
    organizations: tuple[str, ...]


def parse_request_pem(encoded: str) -> CertificateRequest:
    """`encoded`: the base64 of PEM text, as a CertificateSigningRequest's spec.request. Raises CertificateError."""
    try:
        text = base64.b64decode(encoded, validate=True).decode("ascii", "replace")
    except (binascii.Error, ValueError) as error:
        raise CertificateError(f"the request is not base64: {error}") from error
    block = _BLOCK.search(text)
    if block is None or block.group(1) != "CERTIFICATE REQUEST":
        raise CertificateError("PEM block type must be CERTIFICATE REQUEST")
    try:
        # Header lines, which old tools write, end with an empty line.
        body = block.group(2).rpartition("\n\n")[2]
        return parse_request(base64.b64decode("".join(body.split()), validate=True))
    except (binascii.Error, ValueError, IndexError) as error:
        if isinstance(error, CertificateError):
            raise
        raise CertificateError(f"damaged certificate request: {error}") from error


def parse_request(der: bytes) -> CertificateRequest:
    """Raises CertificateError, IndexError or ValueError for what is none."""
    info = _Reader(der, 0, len(der)).into(_SEQUENCE).into(_SEQUENCE)
    info.next(_INTEGER)
    pairs = _attributes(info.whole(_SEQUENCE))
    common_name = ""
    for oid, value in pairs:
        if oid == OID_COMMON_NAME:
            common_name = value
    organizations = tuple(value for oid, value in pairs if oid == OID_ORGANIZATION)
    return CertificateRequest(common_name=common_name, organizations=organizations)
