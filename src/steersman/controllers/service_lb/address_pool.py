"""A cloud without machines: a load balancer is an address of a range, which every node answers for.

Who forwards what is sent to an address is whoever implements Services on the nodes: they read it in the Service's
status, as with any other cloud.
Invariants: no address is given twice; a Service keeps its address as long as it has a load balancer, also over a
restart; an address that was given back is not given again before all others were.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from itertools import islice
from typing import TYPE_CHECKING

from steersman.client.client import key_of
from steersman.controllers.service_lb.cloud import CloudError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    from steersman.api.meta.types import Object
    from steersman.client.request import Key

    Address = IPv4Address | IPv6Address
    Network = IPv4Network | IPv6Network


class AddressPool:
    """A `cloud.Cloud`."""

    def __init__(self, cidrs: Sequence[str]) -> None:
        """One range, or one of each version of IP. Raises ValueError."""
        self._networks: dict[str, Network] = {}
        for text in cidrs:
            network = ip_network(text, strict=False)
            self._networks[f"IPv{network.version}"] = network
        self._next = dict.fromkeys(self._networks, 0)
        self._holders: dict[Address, Key] = {}
        self._held: dict[Key, list[Address]] = {}

    def notice(self, old: Object | None, new: Object | None) -> None:
        """What a Service has already, says its status when it is seen first; later it may say what it had."""
        if old is not None or new is None:
            return
        for each in _ingress(new):
            address = ip_address(each["ip"])
            if self._network_of(address) is not None and address not in self._holders:
                self._hold(key_of(new), address)

    async def exists(self, service: Object) -> bool:
        return bool(self._held.get(key_of(service)))

    async def ensure(self, service: Object, nodes: Sequence[Object]) -> list[Object]:  # noqa: ARG002 - all nodes do
        """An address of each of the Service's families that there is a range for; the one that it asks for, if any."""
        key, spec = key_of(service), service["spec"]
        families = [family for family in spec.get("ipFamilies") or ("IPv4",) if family in self._networks]
        if not families:
            raise CloudError(f"no range of addresses for {', '.join(spec.get('ipFamilies') or ('IPv4',))}")
        wanted = spec.get("loadBalancerIP") or ""
        addresses = [self._address(key, family, wanted) for family in families]
        for address in [each for each in self._held.get(key, ()) if each not in addresses]:
            self._give_back(key, address)
        return [{"ip": str(address)} for address in addresses]

    async def update(self, service: Object, nodes: Sequence[Object]) -> None:
        """Every node answers for every address."""

    async def delete(self, service: Object) -> None:
        key = key_of(service)
        for address in list(self._held.get(key, ())):
            self._give_back(key, address)

    def _address(self, key: Key, family: str, wanted: str) -> Address:
        asked = ip_address(wanted) if wanted else None
        if asked is not None and f"IPv{asked.version}" == family:
            if asked not in self._networks[family]:
                raise CloudError(f"address {asked} is not in the range {self._networks[family]}")
            if self._holders.get(asked, key) != key:
                raise CloudError(f"address {asked} belongs to the load balancer of {self._holders[asked]}")
            if asked not in self._holders:
                self._hold(key, asked)
            return asked
        for held in self._held.get(key, ()):
            if f"IPv{held.version}" == family:
                return held
        for number, address in self._from_next(family):
            if address not in self._holders:
                self._next[family] = number + 1
                self._hold(key, address)
                return address
        raise CloudError(f"all addresses of the range {self._networks[family]} are in use")

    def _from_next(self, family: str) -> Iterator[tuple[int, Address]]:
        """Each address of a range, the one after that which was given last first; never more than are held and one."""
        network, start = self._networks[family], self._next[family]
        first = 1 if network.num_addresses > 2 else 0  # neither the network's own address nor that for all in it
        count = network.num_addresses - 2 * first
        numbers = (first + (start + step) % count for step in range(min(count, 1 << 20)))
        for number in islice(numbers, len(self._holders) + 1):
            yield number - first, network[number]

    def _network_of(self, address: Address) -> Network | None:
        network = self._networks.get(f"IPv{address.version}")
        return network if network is not None and address in network else None

    def _hold(self, key: Key, address: Address) -> None:
        self._holders[address] = key
        self._held.setdefault(key, []).append(address)

    def _give_back(self, key: Key, address: Address) -> None:
        del self._holders[address]
        self._held[key].remove(address)
        if not self._held[key]:
            del self._held[key]


def _ingress(service: Object) -> list[Object]:
    status = (service.get("status") or {}).get("loadBalancer") or {}
    return [each for each in status.get("ingress") or () if each.get("ip")]
