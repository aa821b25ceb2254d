"""cidr_set: a network cut into blocks of equal size, and which of them are taken. Pure.

Invariants: blocks are given out round robin, so that one that was released is not used again at once; what is taken or
released twice counts once.
Upstream: pkg/controller/nodeipam/ipam/cidrset.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network
MASK_BITS = {4: 24, 6: 64}
"""Of a node's block, by version of IP, where nothing else is said."""
DIFFERENCE_BITS_MAX = 16
"""Of the masks of an IPv6 network and its blocks."""


class CidrError(ValueError):
    """A network that cannot be cut so, or is no block of it; or none is left. The message says which."""


def parse_network(text: str) -> Network:
    """Bits of the host part are ignored. Raises CidrError."""
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise CidrError(f"invalid CIDR address: {text}") from error


class CidrSet:
    """The blocks of one network."""

    def __init__(self, network: str, *, mask_bits: int) -> None:
        """`mask_bits`: of a block. Raises CidrError."""
        self._network = parse_network(network)
        difference = mask_bits - self._network.prefixlen
        if difference < 0 or mask_bits > self._network.max_prefixlen:
            raise CidrError(f"{network} cannot be cut into blocks /{mask_bits}")
        if self._network.version == 6 and difference > DIFFERENCE_BITS_MAX:
            raise CidrError("New CIDR set failed; the node CIDR size is too big")
        self.size = 1 << difference
        """How many blocks there are."""
        self._shift = self._network.max_prefixlen - mask_bits
        self._mask_bits = mask_bits
        self._taken: set[int] = set()
        self._next = 0

    def __len__(self) -> int:
        """How many blocks are taken."""
        return len(self._taken)

    def overlaps(self, network: Network) -> bool:
        return network.version == self._network.version and self._network.overlaps(network)

    def allocate(self) -> Network:
        """Take the next block that is free. Raises CidrError if none is."""
        for offset in range(self.size):
            index = (self._next + offset) % self.size
            if index not in self._taken:
                self._taken.add(index)
                self._next = (index + 1) % self.size
                address = int(self._network.network_address) + (index << self._shift)
                return ip_network((address, self._mask_bits))
        raise CidrError("CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range")

    def occupy(self, network: Network) -> None:
        """Take all blocks that `network` is part of, or that are part of it. Raises CidrError."""
        self._taken.update(self._indexes(network))

    def release(self, network: Network) -> None:
        """Give back what `occupy` takes. Raises CidrError."""
        self._taken.difference_update(self._indexes(network))

    def _indexes(self, network: Network) -> range:
        if not self.overlaps(network):
            raise CidrError(f"cidr {network} is out the range of cluster cidr {self._network}")
        start = int(self._network.network_address)
        first = (int(network.network_address) - start) >> self._shift
        last = (int(network.broadcast_address) - start) >> self._shift
        return range(max(first, 0), min(last, self.size - 1) + 1)
