"""IP addresses as text, read and refused as Go's net/netip does."""

from __future__ import annotations

import ipaddress
import re

from steersman.cel.numbers import go_quote

_HEX = re.compile(r"[0-9a-fA-F]*")
_GROUPS = 8


class AddressError(Exception):
    """The text is no address; `str()` is Go's message."""


def parse_address(text: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, str]:
    """The address, and the zone behind a `%`; raises AddressError."""
    first = re.search("[.:%]", text)
    if first is None:
        raise _error(text, "unable to parse IP")
    if first[0] == "%":
        raise _error(text, "missing IPv6 address")
    if first[0] == ".":
        return ipaddress.IPv4Address(_octets(text, text)), ""
    body, percent, zone = text.partition("%")
    if percent and not zone:
        raise _error(text, "zone must be a non-empty string")
    return ipaddress.IPv6Address(_six(text, body)), zone


def _error(text: str, message: str, at: str = "") -> AddressError:
    where = f" (at {go_quote(at)})" if at else ""
    return AddressError(f"ParseAddr({go_quote(text)}): {message}{where}")


def _octets(text: str, part: str) -> bytes:
    """Four decimal numbers with dots between them."""
    fields: list[int] = []
    digits = ""
    for at, char in enumerate(part):
        if char.isascii() and char.isdigit():
            if digits == "0":
                raise _error(text, "IPv4 field has octet with leading zero")
            digits += char
            if int(digits) > 255:
                raise _error(text, "IPv4 field has value >255")
        elif char == ".":
            if not digits or at == len(part) - 1:
                raise _error(text, "IPv4 field must have at least one digit", part[at:])
            if len(fields) == 3:
                raise _error(text, "IPv4 address too long")
            fields.append(int(digits))
            digits = ""
        else:
            raise _error(text, "unexpected character", part[at:])
    if len(fields) < 3:
        raise _error(text, "IPv4 address too short")
    return bytes([*fields, int(digits)])


def _six(text: str, rest: str) -> bytes:
    """Eight groups of hexadecimal digits; `::` stands for zeros, once, and four octets may stand at the end."""
    packed = b""
    gap = -1
    if rest.startswith("::"):
        gap, rest = 0, rest[2:]
        if not rest:
            return bytes(16)
    while len(packed) < 2 * _GROUPS:
        match = _HEX.match(rest)
        digits = match[0] if match is not None else ""
        if len(digits) > 4:
            raise _error(text, "each group must have 4 or less digits", rest)
        if not digits:
            raise _error(text, "each colon-separated field must have at least one digit", rest)
        if rest[len(digits) : len(digits) + 1] == ".":
            packed, rest = packed + _embedded(text, rest, len(packed), gap), ""
            break
        packed += int(digits, 16).to_bytes(2, "big")
        rest = rest[len(digits) :]
        if not rest:
            break
        if rest[0] != ":":
            raise _error(text, "unexpected character, want colon", rest)
        if len(rest) == 1:
            raise _error(text, "colon must be followed by more characters", rest)
        rest = rest[1:]
        if rest[0] == ":":
            if gap >= 0:
                raise _error(text, "multiple :: in address", rest)
            gap, rest = len(packed), rest[1:]
            if not rest:
                break
    if rest:
        raise _error(text, "trailing garbage after address", rest)
    return _expanded(text, packed, gap)


def _embedded(text: str, rest: str, length: int, gap: int) -> bytes:
    if gap < 0 and length != 12:
        raise _error(text, "embedded IPv4 address must replace the final 2 fields of the address", rest)
    if length > 12:
        raise _error(text, "too many hex fields to fit an embedded IPv4 at the end of the address", rest)
    return _octets(text, rest)


def _expanded(text: str, packed: bytes, gap: int) -> bytes:
    missing = 2 * _GROUPS - len(packed)
    if missing and gap < 0:
        raise _error(text, "address string too short")
    if not missing and gap >= 0:
        raise _error(text, "the :: must expand to at least one field of zeros")
    return packed[:gap] + bytes(missing) + packed[gap:] if missing else packed
