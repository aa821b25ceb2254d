"""subsets: the addresses of Endpoints, packed as they are kept: each set of them once, with all its ports. Pure.

Upstream: pkg/api/v1/endpoints/util.go, pkg/controller/endpoint. Difference: a port with an appProtocol that several
subsets of an object name is one port.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from steersman.controllers.canonical_order import order_ports, order_subsets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object

    _Address: TypeAlias = tuple[str, str]
    _Port: TypeAlias = tuple[str, int, str, str | None]

CAPACITY = 1000
"""Addresses in one Endpoints object."""


def repack_subsets(subsets: Iterable[Object]) -> list[Object]:
    """The canonical form. Of an address that is both ready and not at a port, the latter counts."""
    addresses: dict[_Address, Object] = {}
    by_port: dict[_Port | None, dict[_Address, bool]] = {}
    ports: dict[_Port | None, Object] = {}
    for subset in subsets:
        for port in subset.get("ports") or (None,):
            ready_of = by_port.setdefault(_port_key(port), {})
            if port is not None:
                ports[_port_key(port)] = port
            for field, ready in (("addresses", True), ("notReadyAddresses", False)):
                for address in subset.get(field) or ():
                    key = (address["ip"], (address.get("targetRef") or {}).get("uid") or "")
                    addresses.setdefault(key, address)
                    ready_of[key] = ready and ready_of.get(key, True)
    offered: dict[tuple[tuple[_Address, bool], ...], list[Object]] = {}
    for port_key, ready_of in by_port.items():
        found = offered.setdefault(tuple(sorted(ready_of.items())), [])
        if port_key is not None:
            found.append(ports[port_key])
    return order_subsets(
        _subset(
            [addresses[key] for key, ready in states if ready],
            [addresses[key] for key, ready in states if not ready],
            order_ports(found),
        )
        for states, found in offered.items()
    )


def count_addresses(subsets: Iterable[Object]) -> tuple[int, int]:
    """Ready ones, and others."""
    listed = list(subsets)
    return (
        sum(len(subset.get("addresses") or ()) for subset in listed),
        sum(len(subset.get("notReadyAddresses") or ()) for subset in listed),
    )


def truncate_subsets(subsets: list[Object]) -> tuple[list[Object], bool]:
    """At most CAPACITY addresses, ready ones first, each subset with its share; and whether any were left out."""
    ready, not_ready = count_addresses(subsets)
    if ready + not_ready <= CAPACITY:
        return subsets, False
    field, total, room = ("addresses", ready, CAPACITY)
    if ready <= CAPACITY:
        field, total, room = ("notReadyAddresses", not_ready, CAPACITY - ready)
    kept: list[Object] = []
    left = room
    for subset in subsets:
        among: Sequence[Object] = subset.get(field) or ()
        share = min(math.ceil(len(among) / total * room), left)
        left -= min(share, len(among))
        ready_ones = among[:share] if field == "addresses" else subset.get("addresses") or ()
        others = among[:share] if field == "notReadyAddresses" else ()
        kept.append(_subset(ready_ones, others, subset.get("ports") or ()))
    return kept, True


def _subset(ready: Iterable[Object], not_ready: Iterable[Object], ports: Iterable[Object]) -> Object:
    parts = {"addresses": list(ready), "notReadyAddresses": list(not_ready), "ports": list(ports)}
    return {name: part for name, part in parts.items() if part}


def _port_key(port: Object | None) -> _Port | None:
    if port is None:
        return None
    return port.get("name") or "", port["port"], port.get("protocol") or "", port.get("appProtocol")
