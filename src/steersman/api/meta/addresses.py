"""IP addresses and CIDRs, in the two readings that the API has had: sloppy and strict.

Older releases read `010.0.0.1` (leading zeros) and `::ffff:1.2.3.4` (IPv4 inside IPv6). Values like that may be stored
from then, so the sloppy reading stays; new values must be strict, and those of newer fields canonical as well.
Wording: apimachinery pkg/util/validation/ip.go.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, TypeAlias

from steersman.api.errors import FieldError, go_quote, invalid

if TYPE_CHECKING:
    from collections.abc import Collection

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_NOT_AN_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_NOT_A_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_NOT_AN_INTERFACE = "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)"


def parse_ip_sloppy(text: str) -> Address | None:
    """Leading zeros are read as decimal; an IPv4-mapped IPv6 address is the IPv4 address."""
    address = _read(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def parse_cidr_sloppy(text: str) -> tuple[Address, Network] | None:
    """The address as written, and the network it lies in."""
    head, slash, tail = text.partition("/")
    address = _read(head)
    if address is None or not slash or not (tail.isascii() and tail.isdecimal()) or len(tail) > 9:
        return None
    length = int(tail)
    if length > address.max_prefixlen:
        return None
    return address, ipaddress.ip_network(f"{address}/{length}", strict=False)


def _read(text: str) -> Address | None:
    if ":" in text:
        if "%" in text:
            return None
        head, colon, tail = text.rpartition(":")
        if "." in tail:
            text = f"{head}{colon}{_without_zeros(tail)}"
    else:
        text = _without_zeros(text)
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _without_zeros(dotted: str) -> str:
    return ".".join(part.lstrip("0") or part[-1:] for part in dotted.split("."))


def _leading_zeros(dotted: str) -> bool:
    tail = dotted.rpartition(":")[2]
    return "." in tail and any(len(part) > 1 and part[0] == "0" for part in tail.split("."))


def _is_mapped(text: str) -> bool:
    address = _read(text)
    return isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None


def valid_ip_legacy(path: str, text: str, *, old: Collection[str] = (), strict: bool = True) -> list[FieldError]:
    """For fields older than strict validation; what `old` holds stays allowed."""
    if text in old:
        return []
    if parse_ip_sloppy(text) is None:
        return [invalid(path, text, _NOT_AN_IP)]
    errors = []
    if strict and _leading_zeros(text):
        errors.append(invalid(path, text, "must not have leading 0s"))
    elif strict and _is_mapped(text):
        errors.append(invalid(path, text, "must not be an IPv4-mapped IPv6 address"))
    return errors


def valid_ip(path: str, text: str) -> list[FieldError]:
    """For newer fields: strict, and in canonical form."""
    if errors := valid_ip_legacy(path, text):
        return errors
    canonical = str(parse_ip_sloppy(text))
    if canonical != text:
        return [invalid(path, text, f"must be in canonical form ({go_quote(canonical)})")]
    return []


def valid_cidr_legacy(path: str, text: str, *, old: Collection[str] = (), strict: bool = True) -> list[FieldError]:
    """For fields older than strict validation; what `old` holds stays allowed."""
    if text in old:
        return []
    parsed = parse_cidr_sloppy(text)
    if parsed is None:
        return [invalid(path, text, _NOT_A_CIDR)]
    if not strict:
        return []
    head, _, tail = text.partition("/")
    if _leading_zeros(head) or (len(tail) > 1 and tail[0] == "0"):
        return [invalid(path, text, "must not have leading 0s in IP or prefix length")]
    if _is_mapped(head):
        return [invalid(path, text, "must not have an IPv4-mapped IPv6 address")]
    if parsed[0] != parsed[1].network_address:
        return [invalid(path, text, "must not have bits set beyond the prefix length")]
    return []


def valid_cidr(path: str, text: str) -> list[FieldError]:
    """For newer fields: strict, and in canonical form."""
    if errors := valid_cidr_legacy(path, text):
        return errors
    parsed = parse_cidr_sloppy(text)
    if parsed and str(parsed[1]) != text:
        return [invalid(path, text, f"must be in canonical form ({go_quote(str(parsed[1]))})")]
    return []


def valid_interface_address(path: str, text: str) -> list[FieldError]:
    """An address with the length of its subnet, canonical."""
    parsed = parse_cidr_sloppy(text)
    if parsed is None:
        return [invalid(path, text, _NOT_AN_INTERFACE)]
    address, length = parsed[0], parsed[1].prefixlen
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    canonical = f"{mapped}/{length - 96}" if mapped and length > 32 else f"{address}/{length}"
    if canonical != text:
        return [invalid(path, text, f"must be in canonical form ({go_quote(canonical)})")]
    return []


def ip_warnings(path: str, text: str) -> list[str]:
    """What to say about a legacy field's valid address in an unusual form."""
    address = parse_ip_sloppy(text)
    if address is None:
        return []
    if _leading_zeros(text) or _is_mapped(text):
        return [f"{path}: non-standard IP address {go_quote(text)} is invalid: use {go_quote(str(address))}"]
    if address.version == 6 and str(address) != text:
        canonical = go_quote(str(address))
        return [f"{path}: IPv6 address {go_quote(text)} should be in RFC 5952 canonical format ({canonical})"]
    return []


def cidr_warnings(path: str, text: str) -> list[str]:
    """What to say about a legacy field's valid CIDR in an unusual form."""
    parsed = parse_cidr_sloppy(text)
    if parsed is None:
        return []
    address, network = parsed
    quoted, canonical = go_quote(text), go_quote(str(network))
    warnings = []
    if address != network.network_address:
        single = go_quote(f"{address}/{address.max_prefixlen}")
        warnings.append(
            f"{path}: CIDR value {quoted} is ambiguous in this context (should be {canonical} or {single}?)"
        )
    head, _, tail = text.partition("/")
    if _leading_zeros(head) or (len(tail) > 1 and tail[0] == "0") or _is_mapped(head):
        warnings.append(f"{path}: non-standard CIDR value {quoted} is invalid: use {canonical}")
    if not warnings and network.version == 6 and str(network) != text:
        warnings.append(f"{path}: IPv6 CIDR value {quoted} should be in RFC 5952 canonical format ({canonical})")
    return warnings
