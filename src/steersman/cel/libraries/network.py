"""IP addresses and networks: `ip('10.0.0.1')`, `cidr('10.0.0.0/8').containsIP('10.1.2.3')`.

Zones and IPv4 addresses inside of IPv6 are refused, as Kubernetes refuses them in its own fields.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from steersman.cel.addresses import AddressError, parse_address
from steersman.cel.declarations import Library, Overload
from steersman.cel.errors import EvaluationError, no_such_overload
from steersman.cel.numbers import go_quote
from steersman.cel.types import opaque
from steersman.cel.values import Opaque

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_BITS = re.compile(r"0|[1-9][0-9]{0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class IP(Opaque):
    """An address."""

    address: _Address
    cel_type = opaque("net.IP")

    def __len__(self) -> int:
        return len(self.address.packed)

    def __str__(self) -> str:
        return str(self.address)


@dataclass(frozen=True, slots=True)
class CIDR(Opaque):
    """An address and how many of its bits name the network; the other bits are kept."""

    address: _Address
    bits: int
    cel_type = opaque("net.CIDR")

    def __len__(self) -> int:
        return (self.bits + 7) // 8

    def __str__(self) -> str:
        return f"{self.address}/{self.bits}"

    def contains(self, other: _Address) -> bool:
        """Whether an address of the same family lies in the network."""
        if self.address.version != other.version:
            return False
        rest = self.address.max_prefixlen - self.bits
        return int(self.address) >> rest == int(other) >> rest


def _read_ip(text: str) -> IP:
    try:
        address, zone = parse_address(text)
    except AddressError as error:
        raise EvaluationError(
            f"IP Address {go_quote(text)} parse error during conversion from string: {error}"
        ) from None
    if zone:
        raise EvaluationError(f"IP address {go_quote(text)} with zone value is not allowed")
    return IP(_not_mapped(address, text))


def _not_mapped(address: _Address, text: str) -> _Address:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        raise EvaluationError(f"IPv4-mapped IPv6 address {go_quote(text)} is not allowed")
    return address


def _is_ip(text: str) -> bool:
    try:
        _read_ip(text)
    except EvaluationError:
        return False
    return True


def _is_canonical(text: str) -> bool:
    return str(_read_ip(text)) == text


def _is_global_unicast(value: IP) -> bool:
    address = value.address
    is_broadcast = address == ipaddress.IPv4Address("255.255.255.255")
    return not (address.is_unspecified or address.is_loopback or address.is_multicast or is_broadcast) and not (
        _is_link_local_unicast(value)
    )


def _is_link_local_unicast(value: IP) -> bool:
    return value.address.is_link_local


def _is_link_local_multicast(value: IP) -> bool:
    packed = value.address.packed
    if len(packed) == 4:
        return packed[:3] == b"\xe0\x00\x00"
    return packed[0] == 0xFF and packed[1] & 0x0F == 2


def _read_cidr(text: str) -> CIDR:
    try:
        return _parse_cidr(text)
    except (AddressError, EvaluationError) as error:
        raise EvaluationError(f"network address parse error during conversion from string: {error}") from None


def _parse_cidr(text: str) -> CIDR:
    what = f"network address parse error during conversion from string: netip.ParsePrefix({go_quote(text)}): "
    name, slash, bits = text.rpartition("/")
    if not slash:
        raise AddressError(what + "no '/'")
    try:
        address, zone = parse_address(name)
    except AddressError as error:
        raise AddressError(what + str(error)) from None
    if zone:
        raise AddressError(what + "IPv6 zones cannot be present in a prefix")
    if not _BITS.fullmatch(bits):
        raise AddressError(f"{what}bad bits after slash: {go_quote(bits)}")
    if int(bits) > address.max_prefixlen:
        raise AddressError(what + "prefix length out of range")
    return CIDR(_not_mapped(address, text), int(bits))


def _is_cidr(text: str) -> bool:
    try:
        _read_cidr(text)
    except EvaluationError:
        return False
    return True


def _contains_ip(network: CIDR, other: IP) -> bool:
    return network.contains(other.address)


def _contains_ip_text(network: CIDR, other: str) -> bool:
    try:
        return network.contains(_read_ip(other).address)
    except EvaluationError:
        raise no_such_overload() from None


def _contains_cidr(network: CIDR, other: CIDR) -> bool:
    return network.bits <= other.bits and network.contains(other.address)


def _contains_cidr_text(network: CIDR, other: str) -> bool:
    return _contains_cidr(network, _read_cidr(other))


def _masked(network: CIDR) -> CIDR:
    rest = network.address.max_prefixlen - network.bits
    return CIDR(type(network.address)(int(network.address) >> rest << rest), network.bits)


NETWORK = Library(
    "network",
    {
        "ip": (
            Overload("string_to_ip", "(string) -> net.IP", _read_ip),
            Overload("cidr_ip", "net.CIDR.() -> net.IP", lambda network: IP(network.address)),
        ),
        "isIP": (Overload("is_ip", "(string) -> bool", _is_ip),),
        "ip.isCanonical": (Overload("ip_is_canonical", "(string) -> bool", _is_canonical),),
        "family": (Overload("ip_family", "net.IP.() -> int", lambda value: value.address.version),),
        "isUnspecified": (
            Overload("ip_is_unspecified", "net.IP.() -> bool", lambda value: value.address.is_unspecified),
        ),
        "isLoopback": (Overload("ip_is_loopback", "net.IP.() -> bool", lambda value: value.address.is_loopback),),
        "isLinkLocalMulticast": (
            Overload("ip_is_link_local_multicast", "net.IP.() -> bool", _is_link_local_multicast),
        ),
        "isLinkLocalUnicast": (Overload("ip_is_link_local_unicast", "net.IP.() -> bool", _is_link_local_unicast),),
        "isGlobalUnicast": (Overload("ip_is_global_unicast", "net.IP.() -> bool", _is_global_unicast),),
        "cidr": (Overload("string_to_cidr", "(string) -> net.CIDR", _read_cidr),),
        "isCIDR": (Overload("is_cidr", "(string) -> bool", _is_cidr),),
        "containsIP": (
            Overload("cidr_contains_ip_string", "net.CIDR.(string) -> bool", _contains_ip_text),
            Overload("cidr_contains_ip_ip", "net.CIDR.(net.IP) -> bool", _contains_ip),
        ),
        "containsCIDR": (
            Overload("cidr_contains_cidr_string", "net.CIDR.(string) -> bool", _contains_cidr_text),
            Overload("cidr_contains_cidr", "net.CIDR.(net.CIDR) -> bool", _contains_cidr),
        ),
        "prefixLength": (Overload("cidr_prefix_length", "net.CIDR.() -> int", lambda network: network.bits),),
        "masked": (Overload("cidr_masked", "net.CIDR.() -> net.CIDR", _masked),),
        "string": (
            Overload("ip_to_string", "(net.IP) -> string", str),
            Overload("cidr_to_string", "(net.CIDR) -> string", str),
        ),
    },
    type_names=("net.IP", "net.CIDR"),
)
