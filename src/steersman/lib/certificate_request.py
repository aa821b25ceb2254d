"""Reads who asks in a PKCS #10 certificate request (RFC 2986), and under which names. Definite-length DER alone, as
`certificate` does.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass

from steersman.lib.certificate import (
    OID_COMMON_NAME,
    OID_ORGANIZATION,
    CertificateError,
    _attributes,
    _oid,
    _Reader,
)

_BOOLEAN, _INTEGER, _OCTET_STRING, _OID, _SEQUENCE, _SET, _ATTRIBUTES = 0x01, 0x02, 0x04, 0x06, 0x30, 0x31, 0xA0
_EXTENSION_REQUEST = "1.2.840.113549.1.9.14"
_ALTERNATIVE_NAMES = "2.5.29.17"
_KINDS = {0x81: "emails", 0x82: "dns_names", 0x86: "uris", 0x87: "ip_addresses"}
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s(.*?)-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """Who asks, as the subject says, and the alternative names that are asked for. The signature is not verified."""

    common_name: str
    """The last one of the subject; empty if there is none."""
    organizations: tuple[str, ...]
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()


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
    info.next(_SEQUENCE)  # the public key
    names = _names(info.into(_ATTRIBUTES)) if info.more() else {}
    return CertificateRequest(common_name=common_name, organizations=organizations, **names)


def _names(attributes: _Reader) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {kind: [] for kind in _KINDS.values()}
    while attributes.more():
        attribute = attributes.into(_SEQUENCE)
        if _oid(attribute.content(_OID)) != _EXTENSION_REQUEST:
            continue
        extensions = attribute.into(_SET).into(_SEQUENCE)
        while extensions.more():
            extension = extensions.into(_SEQUENCE)
            oid = _oid(extension.content(_OID))
            if extension.peek() == _BOOLEAN:
                extension.next(_BOOLEAN)
            value = extension.content(_OCTET_STRING)
            if oid == _ALTERNATIVE_NAMES:
                _read_names(_Reader(value, 0, len(value)).into(_SEQUENCE), found)
    return {kind: tuple(names) for kind, names in found.items()}


def _read_names(listed: _Reader, found: dict[str, list[str]]) -> None:
    while listed.more():
        tag, _, content, end = listed.next()
        kind = _KINDS.get(tag)
        if kind is not None:
            value = listed._data[content:end]
            found[kind].append(str(ipaddress.ip_address(value)) if kind == "ip_addresses" else value.decode("ascii"))
