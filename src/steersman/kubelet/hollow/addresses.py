"""Addresses: of machines, and of the pods on one of them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

MACHINES = "172.18.0.0/15"
"""Where nodes that are given no address have theirs."""
FALLBACK_PODS = "100.64.0.0/10"
"""Where pods of nodes without a range of their own have theirs: 256 to a node."""


def machine_address(number: int) -> str:
    """Of the node with that number, from 1 on."""
    return str(ip_network(MACHINES)[number + 1])


def fallback_range(number: int) -> str:
    """For the pods of the node with that number."""
    return f"{IPv4Address(int(ip_network(FALLBACK_PODS)[0]) + 256 * number)}/24"


class PodAddresses:
    """The ranges of one node: an address of each for a pod. Freed ones are given again last."""

    def __init__(self) -> None:
        self._ranges: tuple[str, ...] = ()
        self._next: list[int] = []
        self._free: list[tuple[str, ...]] = []

    @property
    def ready(self) -> bool:
        return bool(self._ranges)

    def use(self, ranges: tuple[str, ...]) -> None:
        """From now on; what was given before stays with whoever has it."""
        if ranges and ranges != self._ranges:
            self._ranges, self._next, self._free = ranges, [2] * len(ranges), []  # .1 is the bridge's

    def acquire(self) -> tuple[str, ...]:
        """Raises IndexError when all are taken."""
        taken = []
        for position, text in enumerate(self._ranges):
            network = ip_network(text)
            number = self._next[position]
            if number >= network.num_addresses - 1:
                if self._free:
                    return self._free.pop(0)
                raise IndexError(f"all addresses of {text} are taken")
            taken.append(str(network[number]))
        self._next = [number + 1 for number in self._next]
        return tuple(taken)

    def release(self, ips: tuple[str, ...]) -> None:
        self._free.append(ips)

    def take(self, ips: tuple[str, ...]) -> None:
        """These are in use already; for what was carried from another process."""
        for position, (text, ip) in enumerate(zip(self._ranges, ips, strict=False)):
            address: IPv4Address | IPv6Address = ip_network(text)[0]
            number = int(type(address)(ip)) - int(address)
            self._next[position] = max(self._next[position], number + 1)
