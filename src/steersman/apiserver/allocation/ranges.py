"""Ranges of addresses, and the order in which they are tried."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from steersman.api.meta.addresses import Address, Network

_STATIC_MIN, _STATIC_MAX, _STATIC_SHARE = 16, 256, 16


@dataclass(frozen=True)
class AddressRange:
    """The usable addresses of one CIDR: neither the network's own, nor (IPv4) the broadcast address.

    The lowest of them are left to those who ask for a certain address, as long as there are others (KEP-3070).
    """

    network: Network

    @classmethod
    def of(cls, cidr: str) -> AddressRange:
        """Raises ValueError."""
        return cls(ipaddress.ip_network(cidr, strict=False))

    @property
    def family(self) -> str:
        return f"IPv{self.network.version}"

    @cached_property
    def size(self) -> int:
        """Usable addresses."""
        return max(0, self.network.num_addresses - (2 if self.network.version == 4 else 1))

    @cached_property
    def static_size(self) -> int:
        """How many of the lowest are chosen last."""
        total = self.network.num_addresses
        if total <= _STATIC_MIN:
            return 0
        return min(max(_STATIC_MIN, total // _STATIC_SHARE), _STATIC_MAX)

    def __contains__(self, address: Address) -> bool:
        if address.version != self.network.version:
            return False
        return 1 <= int(address) - int(self.network.network_address) <= self.size

    def candidates(self, rng: random.Random) -> Iterator[str]:
        """Every usable address once: from a random one of the dynamic part on, then likewise the static part."""
        yield from self._around(self.static_size, self.size, rng)
        yield from self._around(0, self.static_size, rng)

    def _around(self, start: int, end: int, rng: random.Random) -> Iterator[str]:
        count = end - start
        if count <= 0:
            return
        first = int(self.network.network_address) + 1 + start
        make = ipaddress.IPv4Address if self.network.version == 4 else ipaddress.IPv6Address
        shift = rng.randrange(count)
        for step in range(count):
            yield str(make(first + (shift + step) % count))
