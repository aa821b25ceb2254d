"""service_cidr: ServiceCIDRs are ready for use, and go only when no address of a service is left without a range.

Reads: servicecidrs, ipaddresses. Writes: servicecidrs (patch: finalizer, condition Ready), events.
Invariants: a range in use is not let go unless others hold its addresses; a range that may go waits for a while, in
which whoever allocates learns that it is being deleted.
Upstream differences: the removal of a range is not watched for others, which it can only keep.
Upstream: pkg/controller/servicecidrs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, ip_address, ip_network
from typing import TYPE_CHECKING

from steersman.api.errors import ApiError, NotFound
from steersman.api.meta.conditions import condition, find_condition, says_the_same
from steersman.api.meta.times import format_time
from steersman.api.networking.ip_address import IP_ADDRESSES, MANAGED_BY_LABEL
from steersman.api.networking.service_cidr import SERVICE_CIDRS, cidrs_of
from steersman.client.client import key_of
from steersman.client.request import PatchType
from steersman.controllers.base import Controller, Requeue, Writes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.addresses import Address, Network
    from steersman.api.meta.types import Object
    from steersman.client.request import Key

FINALIZER = "networking.k8s.io/service-cidr-finalizer"
GRACE_S = 10.0
"""In which the deletion of a range reaches all who allocate."""
_ALLOCATOR = "ipallocator.k8s.io"
_IN_USE = "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR"
READY = condition("Ready", "True", "", "Kubernetes Service CIDR is ready")
TERMINATING = condition("Ready", "False", "Terminating", _IN_USE)


@dataclass(frozen=True, slots=True)
class Serve:
    """It is there to stay: it has the finalizer, and is ready."""


@dataclass(frozen=True, slots=True)
class Keep:
    """It should go and cannot."""


@dataclass(frozen=True, slots=True)
class Release:
    """It may go, in so long."""

    delay_s: float


class ServiceCIDRs(Controller):
    """See the module."""

    name = "service_cidr"
    account = "service-cidrs-controller"
    component = "service-cidr-controller"
    reads = (SERVICE_CIDRS, IP_ADDRESSES)
    writes = (
        Writes(SERVICE_CIDRS, ("patch",)),
        Writes(SERVICE_CIDRS, ("patch",), "status"),
    )

    def setup(self) -> None:
        self.on(SERVICE_CIDRS, self._of_cidr)
        self.on(IP_ADDRESSES, self._of_address)

    async def reconcile(self, key: Key) -> Requeue | None:
        cidr = self.view.get(SERVICE_CIDRS, key)
        if cidr is None:
            return None
        match plan(cidr, self.view.list(SERVICE_CIDRS), self.view.list(IP_ADDRESSES), now=self.clock.now()):
            case Serve():
                await self._add_finalizer(key, cidr)
                try:
                    await self._set(key, cidr, READY)
                except ApiError:
                    text = "The ServiceCIDR Status can not be set to Ready=True"
                    self.recorder.event(cidr, "Warning", "KubernetesServiceCIDRError", text)
                    raise
            case Keep():
                await self._set(key, cidr, TERMINATING)
            case Release(delay_s) if delay_s > 0:
                return Requeue(after_s=delay_s)
            case Release():
                await self._remove_finalizer(key, cidr)
        return None

    async def _set(self, key: Key, cidr: Object, wanted: Object) -> None:
        if says_the_same(find_condition(cidr, "Ready"), wanted):
            return
        entry = wanted | {"lastTransitionTime": format_time(self.clock.now())}
        applied = {
            "apiVersion": SERVICE_CIDRS.api_version,
            "kind": SERVICE_CIDRS.kind,
            "metadata": {"name": key.name},
            "status": {"conditions": [entry]},
        }
        await self.client.patch(SERVICE_CIDRS, key, applied, kind=PatchType.APPLY, subresource="status", force=True)

    async def _add_finalizer(self, key: Key, cidr: Object) -> None:
        if not _is_protected(cidr):
            await self._patch(key, {"finalizers": [FINALIZER]})

    async def _remove_finalizer(self, key: Key, cidr: Object) -> None:
        if _is_protected(cidr):
            await self._patch(key, {"$deleteFromPrimitiveList/finalizers": [FINALIZER]})

    async def _patch(self, key: Key, metadata: Object) -> None:
        try:
            await self.client.patch(SERVICE_CIDRS, key, {"metadata": metadata}, kind=PatchType.STRATEGIC)
        except NotFound:
            return

    # -- which keys a change concerns

    def _of_cidr(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        """A new range may let others go that it overlaps."""
        present = new if new is not None else old
        assert present is not None
        yield key_of(present)
        if old is None:
            mine = networks_of(present)
            for other in self.view.list(SERVICE_CIDRS):
                if any(_overlap(a, b) for a in mine for b in networks_of(other)):
                    yield key_of(other)

    def _of_address(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        """An address may keep a range, and let it go when it goes itself."""
        if old is not None and new is not None:
            return
        present = new if new is not None else old
        assert present is not None
        if is_allocated(present):
            yield from map(key_of, holders(ip_address(present["metadata"]["name"]), self.view.list(SERVICE_CIDRS)))


def plan(
    cidr: Object, cidrs: Sequence[Object], addresses: Iterable[Object], *, now: datetime
) -> Serve | Keep | Release:
    """What becomes of a range. `cidrs`: all there are; `addresses`: all IPAddresses."""
    deleted = cidr["metadata"].get("deletionTimestamp")
    if not deleted:
        return Serve()
    if not _has_parents(cidr, cidrs) and _is_needed(cidr, cidrs, addresses):
        return Keep()
    waited = now - datetime.fromisoformat(deleted)
    return Release(max(0.0, (timedelta(seconds=GRACE_S) - waited).total_seconds()))


def networks_of(cidr: Object) -> list[Network]:
    return [ip_network(text) for text in cidrs_of(cidr)]


def is_allocated(address: Object) -> bool:
    """Whether an IPAddress is a service's."""
    return (address["metadata"].get("labels") or {}).get(MANAGED_BY_LABEL) == _ALLOCATOR


def holders(address: Address, cidrs: Iterable[Object]) -> list[Object]:
    """The ranges that a service's address could have been taken from: not as their network or broadcast address."""
    return [cidr for cidr in cidrs if any(_can_allocate(network, address) for network in networks_of(cidr))]


def _can_allocate(network: Network, address: Address) -> bool:
    if address not in network or address == network.network_address:
        return False
    return not (isinstance(network, IPv4Network) and address == network.broadcast_address)


def _has_parents(cidr: Object, cidrs: Sequence[Object]) -> bool:
    """Whether each of its networks lies in that of another range."""
    name = cidr["metadata"]["name"]
    others = [network for other in cidrs if other["metadata"]["name"] != name for network in networks_of(other)]
    return all(
        any(_overlap(mine, other) and other.prefixlen <= mine.prefixlen for other in others)
        for mine in networks_of(cidr)
    )


def _is_needed(cidr: Object, cidrs: Sequence[Object], addresses: Iterable[Object]) -> bool:
    """Whether some service's address lies in this range only."""
    mine = networks_of(cidr)
    for each in filter(is_allocated, addresses):
        address = ip_address(each["metadata"]["name"])
        if any(_can_allocate(network, address) for network in mine) and len(holders(address, cidrs)) == 1:
            return True
    return False


def _overlap(a: Network, b: Network) -> bool:
    if isinstance(a, IPv4Network):
        return isinstance(b, IPv4Network) and a.overlaps(b)
    return not isinstance(b, IPv4Network) and a.overlaps(b)


def _is_protected(cidr: Object) -> bool:
    return FINALIZER in (cidr["metadata"].get("finalizers") or ())
