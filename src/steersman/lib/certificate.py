"""Reads what is needed of an X.509 certificate (RFC 5280): who it names, how long it holds, what for, and who signed
it.

A full X.509 library costs 45 ms and 7 MB to import, on every start; this reads definite-length DER alone, in some 20
us, and refuses whatever it does not understand. It complements a TLS handshake that has verified the chain already;
it builds none.
"""

from __future__ import annotations

import base64
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime

_BOOLEAN, _INTEGER, _BIT_STRING, _OCTET_STRING, _OID, _SEQUENCE, _SET = 0x01, 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_STRINGS = {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii", 0x14: "latin-1", 0x1E: "utf-16-be", 0x1C: "utf-32-be"}

OID_COMMON_NAME = "2.5.4.3"
OID_ORGANIZATION = "2.5.4.10"
_OID_BASIC_CONSTRAINTS = "2.5.29.19"
_OID_EXTENDED_KEY_USAGE = "2.5.29.37"
_OID_ALTERNATIVE_NAMES = "2.5.29.17"
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
ANY_USAGE = "2.5.29.37.0"

_HASH_OF_SIGNATURE = {
    "1.2.840.10045.4.3.2": ("ec", "SHA256"),
    "1.2.840.10045.4.3.3": ("ec", "SHA384"),
    "1.2.840.10045.4.3.4": ("ec", "SHA512"),
    "1.2.840.113549.1.1.11": ("rsa", "SHA256"),
    "1.2.840.113549.1.1.12": ("rsa", "SHA384"),
    "1.2.840.113549.1.1.13": ("rsa", "SHA512"),
    "1.3.101.112": ("ed25519", ""),
}


class CertificateError(ValueError):
    """The bytes are no certificate that this module understands; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The facts of one certificate. `subject` and `issuer` are the encoded names; `attributes` the subject's
    (OID, text) pairs.
    """

    serial: int
    issuer: bytes
    subject: bytes
    attributes: tuple[tuple[str, str], ...]
    not_before: datetime
    not_after: datetime
    public_key: bytes
    """SubjectPublicKeyInfo, DER."""
    usages: tuple[str, ...] | None
    """Extended key usages as OIDs; None without that extension (any use)."""
    is_ca: bool
    names: tuple[str, ...]
    """DNS names and IP addresses (in text form) that a server may be known under."""
    signed_part: bytes
    signature_algorithm: str
    signature: bytes

    @property
    def common_name(self) -> str:
        """The last CN of the subject (as Go reads it), empty without one."""
        return next((text for oid, text in reversed(self.attributes) if oid == OID_COMMON_NAME), "")

    @property
    def organizations(self) -> tuple[str, ...]:
        return tuple(text for oid, text in self.attributes if oid == OID_ORGANIZATION)

    def allows(self, usage: str) -> bool:
        """Whether it may be used as `usage` (CLIENT_AUTH, SERVER_AUTH)."""
        return self.usages is None or usage in self.usages or ANY_USAGE in self.usages

    def signed_by(self, issuer: Certificate) -> bool:
        """Whether `issuer` is a CA of the name this one gives as its issuer, and its key made the signature."""
        if not issuer.is_ca or issuer.subject != self.issuer:
            return False
        kind, hash_name = _HASH_OF_SIGNATURE.get(self.signature_algorithm, ("", ""))
        if not kind:
            return False
        return _verify(kind, hash_name, issuer.public_key, self.signature, self.signed_part)


def _verify(kind: str, hash_name: str, public_key: bytes, signature: bytes, data: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415 - 30 ms; only when needed
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa  # noqa: PLC0415

    try:
        key = serialization.load_der_public_key(public_key)
        if kind == "ec" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(getattr(hashes, hash_name)()))
        elif kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), getattr(hashes, hash_name)())
        elif kind == "ed25519" and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def parse_pem(pem: str) -> list[bytes]:
    """The DER of every CERTIFICATE block. Raises CertificateError when there is none or one is damaged."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    found = []
    for part in pem.split(begin)[1:]:
        body, closed, _ = part.partition(end)
        if not closed:
            raise CertificateError("a CERTIFICATE block has no end line")
        try:
            found.append(base64.b64decode("".join(body.split()), validate=True))
        except ValueError as error:
            raise CertificateError(f"a CERTIFICATE block is not base64: {error}") from error
    if not found:
        raise CertificateError("no CERTIFICATE block found")
    return found


def parse_certificate(der: bytes) -> Certificate:
    """Raises CertificateError."""
    try:
        return _parse(der)
    except (IndexError, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, CertificateError):
            raise
        raise CertificateError(f"damaged certificate: {error}") from error


class _Reader:
    """Walks over the elements of one constructed value."""

    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self._data, self._at, self._end = data, at, end

    def more(self) -> bool:
        return self._at < self._end

    def peek(self) -> int:
        return self._data[self._at] if self.more() else -1

    def next(self, *tags: int) -> tuple[int, int, int, int]:
        """(tag, start of the element, start of its content, end) of the next element, which must carry one of
        `tags`.
        """
        data, start = self._data, self._at
        if start + 2 > self._end:
            raise CertificateError("damaged certificate: it ends early")
        tag, length, content = data[start], data[start + 1], start + 2
        if length >= 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4:
                raise CertificateError("damaged certificate: length without end")
            length = int.from_bytes(data[content : content + count], "big")
            content += count
        end = content + length
        if end > self._end:
            raise CertificateError("damaged certificate: an element is longer than what holds it")
        if tags and tag not in tags:
            raise CertificateError(f"damaged certificate: found tag {tag:#x} where {tags[0]:#x} belongs")
        self._at = end
        return tag, start, content, end

    def into(self, *tags: int) -> _Reader:
        _, _, content, end = self.next(*tags)
        return _Reader(self._data, content, end)

    def content(self, *tags: int) -> bytes:
        _, _, content, end = self.next(*tags)
        return self._data[content:end]

    def whole(self, *tags: int) -> bytes:
        _, start, _, end = self.next(*tags)
        return self._data[start:end]


def _parse(der: bytes) -> Certificate:
    outer = _Reader(der, 0, len(der))
    certificate = outer.into(_SEQUENCE)
    if outer.more():
        raise CertificateError("damaged certificate: bytes follow it")
    signed_part = certificate.whole(_SEQUENCE)
    algorithm = _oid(certificate.into(_SEQUENCE).content(_OID))
    signature = _bits(certificate.content(_BIT_STRING))

    tbs = _Reader(signed_part, 0, len(signed_part)).into(_SEQUENCE)
    if tbs.peek() == _VERSION:
        tbs.next(_VERSION)
    serial = int.from_bytes(tbs.content(_INTEGER), "big", signed=True)
    if _oid(tbs.into(_SEQUENCE).content(_OID)) != algorithm:
        raise CertificateError("damaged certificate: it names two signature algorithms")
    issuer = tbs.whole(_SEQUENCE)
    validity = tbs.into(_SEQUENCE)
    not_before, not_after = _time(validity), _time(validity)
    subject = tbs.whole(_SEQUENCE)
    public_key = tbs.whole(_SEQUENCE)
    usages: tuple[str, ...] | None = None
    is_ca = False
    names: tuple[str, ...] = ()
    while tbs.more():
        if tbs.peek() == _EXTENSIONS:
            usages, is_ca, names = _extensions(tbs.into(_EXTENSIONS).into(_SEQUENCE))
        else:
            tbs.next()
    return Certificate(
        serial=serial,
        issuer=issuer,
        subject=subject,
        attributes=_attributes(subject),
        not_before=not_before,
        not_after=not_after,
        public_key=public_key,
        usages=usages,
        is_ca=is_ca,
        names=names,
        signed_part=signed_part,
        signature_algorithm=algorithm,
        signature=signature,
    )


def _extensions(extensions: _Reader) -> tuple[tuple[str, ...] | None, bool, tuple[str, ...]]:
    usages: tuple[str, ...] | None = None
    is_ca = False
    names: tuple[str, ...] = ()
    while extensions.more():
        extension = extensions.into(_SEQUENCE)
        oid = _oid(extension.content(_OID))
        if extension.peek() == _BOOLEAN:
            extension.next(_BOOLEAN)
        value = extension.content(_OCTET_STRING)
        if oid == _OID_BASIC_CONSTRAINTS:
            constraints = _Reader(value, 0, len(value)).into(_SEQUENCE)
            is_ca = constraints.peek() == _BOOLEAN and constraints.content(_BOOLEAN) != b"\x00"
        elif oid == _OID_EXTENDED_KEY_USAGE:
            listed = _Reader(value, 0, len(value)).into(_SEQUENCE)
            found = []
            while listed.more():
                found.append(_oid(listed.content(_OID)))
            usages = tuple(found)
        elif oid == _OID_ALTERNATIVE_NAMES:
            names = _alternative_names(_Reader(value, 0, len(value)).into(_SEQUENCE))
    return usages, is_ca, names


def _alternative_names(listed: _Reader) -> tuple[str, ...]:
    names = []
    while listed.more():
        tag, _, content, end = listed.next()
        if tag == _DNS_NAME:
            names.append(listed._data[content:end].decode("ascii"))
        elif tag == _IP_ADDRESS:
            names.append(str(ipaddress.ip_address(listed._data[content:end])))
    return tuple(names)


def _attributes(name: bytes) -> tuple[tuple[str, str], ...]:
    found = []
    relative_names = _Reader(name, 0, len(name)).into(_SEQUENCE)
    while relative_names.more():
        members = relative_names.into(_SET)
        while members.more():
            pair = members.into(_SEQUENCE)
            oid = _oid(pair.content(_OID))
            tag, _, content, end = pair.next()
            encoding = _STRINGS.get(tag)
            if encoding is None:
                raise CertificateError(f"the subject's {oid} is of an unknown string type {tag:#x}")
            found.append((oid, pair._data[content:end].decode(encoding)))
    return tuple(found)


def _time(reader: _Reader) -> datetime:
    tag, _, content, end = reader.next(_UTC_TIME, _GENERALIZED_TIME)
    text = reader._data[content:end].decode("ascii")
    if tag == _UTC_TIME:
        # RFC 5280, 4.1.2.5.1: two-digit years from 50 on are of the last century.
        text = ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _bits(content: bytes) -> bytes:
    if content[0] != 0:
        raise CertificateError("damaged certificate: a signature of broken bits")
    return content[1:]


def _oid(content: bytes) -> str:
    parts, value = [], 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            parts.append(value)
            value = 0
    if not parts or value:
        raise CertificateError("damaged certificate: an object identifier ends early")
    first = min(parts[0] // 40, 2)
    return ".".join(map(str, (first, parts[0] - 40 * first, *parts[1:])))
