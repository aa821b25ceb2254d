"""Which addresses this server connects to in a client's name. Pure, but for names."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING

from steersman.api.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable


def not_allowed() -> BadRequest:
    """To be raised for an address that is not connected to."""
    return BadRequest("address not allowed")


def is_global_unicast(text: str) -> bool:
    """Some machine or pod, not this machine itself, its link, a group or nobody (Go's IsGlobalUnicast)."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        address = address.ipv4_mapped or address
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not special and str(address) != "255.255.255.255"


async def check_host(host: str, allowed: Callable[[str], bool] = is_global_unicast) -> None:
    """Every address of a host has to be allowed. Raises BadRequest, also for a name that nobody knows."""
    try:
        addresses = [str(ipaddress.ip_address(host))]
    except ValueError:
        addresses = await _lookup(host)
    if not all(map(allowed, addresses)):
        raise not_allowed()


async def _lookup(host: str) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadRequest(f"lookup {host}: no such host") from None
    return [str(address[0]) for _, _, _, _, address in found]
