"""Cluster IPs: an address is taken by creating the IPAddress object of its name, and free when that is gone.

The ranges are read from the ServiceCIDR objects at every decision, so they may come and go at run time.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from steersman.api.columns import at
from steersman.api.errors import AlreadyExists, ApiError, NotFound
from steersman.api.meta.addresses import parse_ip_sloppy
from steersman.api.networking.ip_address import FAMILY_LABEL, IP_ADDRESSES, MANAGED_BY_LABEL
from steersman.api.networking.service_cidr import SERVICE_CIDRS, cidrs_of
from steersman.apiserver.allocation.ranges import AddressRange
from steersman.apiserver.authn.user import SERVER, SERVER_MANAGER
from steersman.apiserver.options import DeleteOptions
from steersman.apiserver.write import Write
from steersman.store.interface import StoreError

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.apiserver.pipeline import Pipeline
    from steersman.apiserver.reader import CacheReader
    from steersman.apiserver.resources import ResourceTable
    from steersman.lib.clock import Clock

MANAGER = "ipallocator.k8s.io"
_log = logging.getLogger(__name__)


class AddressRefused(Exception):
    """The message is upstream's. `full`: there is none left, which is nobody's mistake."""

    def __init__(self, message: str, *, full: bool = False) -> None:
        super().__init__(message)
        self.full = full


_MISMATCH = "the provided network does not match the current range"


def parent_of(service: Object) -> Object:
    """The reference from an IPAddress to its Service, in normal form."""
    metadata = service["metadata"]
    parent = {"resource": "services", "namespace": metadata.get("namespace"), "name": metadata.get("name")}
    return {name: value for name, value in parent.items() if value}


def ip_address_of(address: str, service: Object) -> Object:
    """The IPAddress object of a Service's address, as it should be."""
    family = "IPv6" if ":" in address else "IPv4"
    return {
        "kind": "IPAddress",
        "apiVersion": "networking.k8s.io/v1",
        "metadata": {"name": address, "labels": {FAMILY_LABEL: family, MANAGED_BY_LABEL: MANAGER}},
        "spec": {"parentRef": parent_of(service)},
    }


class AddressBook:
    """Takes addresses for Services and gives them back."""

    def __init__(
        self, *, pipeline: Pipeline, resources: ResourceTable, reader: CacheReader, clock: Clock, rng: random.Random
    ) -> None:
        self._pipeline = pipeline
        self._resources = resources
        self._reader = reader
        self._clock = clock
        self._rng = rng
        self._ranges: dict[AddressRange, bool] = {}
        self._version = -1

    def ranges(self) -> dict[AddressRange, bool]:
        """Every range there is, and whether it gives out addresses now."""
        version = self._reader.version(SERVICE_CIDRS)
        if version != self._version:
            self._ranges = _ranges_of(self._reader.list(SERVICE_CIDRS))
            self._version = version
        return self._ranges

    async def take(self, address: str, service: Object) -> str:
        """One that is asked for; answers its canonical form. Raises AddressRefused."""
        parsed = parse_ip_sloppy(address)
        if parsed is None or not any(ready and parsed in place for place, ready in self.ranges().items()):
            raise AddressRefused(_MISMATCH)
        try:
            await self._create(str(parsed), service)
        except AlreadyExists:
            raise AddressRefused("provided IP is already allocated") from None
        except ApiError as error:
            raise AddressRefused(error.message) from error
        return str(parsed)

    async def take_next(self, family: str, service: Object) -> str:
        """Any address of a family. Raises AddressRefused."""
        for place, ready in self.ranges().items():
            if not ready or place.family != family:
                continue
            for address in place.candidates(self._rng):
                if self._reader.exists(IP_ADDRESSES, "", address):
                    continue
                try:
                    await self._create(address, service)
                except AlreadyExists:
                    continue  # another writer was faster
                except ApiError as error:
                    raise AddressRefused(error.message) from error
                return address
        raise AddressRefused("range is full", full=True)

    def try_out(self, address: str, family: str) -> str:
        """What a dry run says: the range's own address for any, and for a certain one only whether a range has it.

        Raises AddressRefused.
        """
        ranges = self.ranges()
        parsed = parse_ip_sloppy(address) if address else None
        if parsed is None:
            ready = [place for place, ready in ranges.items() if ready and place.family == family]
            if not ready:
                raise AddressRefused("allocator not ready")
            return str(ready[0].network.network_address)
        if any(ready and parsed in place for place, ready in ranges.items()):
            return str(parsed)
        place = next((place for place in ranges if place.family == family), None)
        if place is None:
            raise AddressRefused("allocator not ready")
        raise AddressRefused(
            f"the provided IP ({parsed}) is not in the valid range. The range of valid IPs is {place.network}"
        )

    async def give_back(self, addresses: Iterable[str], owner: Object) -> None:
        """Free what `owner` has; never fails: what stays behind is removed by repair."""
        for address in addresses:
            parsed = parse_ip_sloppy(address)
            name = address if parsed is None else str(parsed)
            found = self._reader.get(IP_ADDRESSES, "", name)
            if found is not None and at(found, "spec", "parentRef") != parent_of(owner):
                continue
            try:
                await self.remove(name)
            except (ApiError, StoreError) as error:
                _log.warning("cannot free address %s: %s", name, error)

    async def rename(self, addresses: Iterable[str], owner: Object) -> None:
        """Make the objects refer to `owner`; never fails, as `give_back`."""
        for name in addresses:
            try:
                await self.remove(name)
                await self.restore(name, owner)
            except (ApiError, StoreError) as error:
                _log.warning("cannot make address %s refer to its service: %s", name, error)

    async def remove(self, name: str, *, uid: str = "") -> None:
        """`uid`: only this incarnation. Raises ApiError; an object that is gone is no error."""
        try:
            await self._pipeline.delete(self._write(name), DeleteOptions(uid=uid or None))
        except NotFound:
            return

    async def restore(self, name: str, service: Object) -> None:
        """The object of an address that a Service has. Raises ApiError."""
        await self._create(name, service)

    async def _create(self, name: str, service: Object) -> None:
        await self._pipeline.create(self._write(name), ip_address_of(name, service))

    def _write(self, name: str) -> Write:
        return Write(
            served=self._resources.of(IP_ADDRESSES),
            namespace="",
            name=name,
            user=SERVER,
            now=self._clock.now(),
            manager=SERVER_MANAGER,
        )


def _ranges_of(objects: Iterable[Object]) -> dict[AddressRange, bool]:
    """Several objects may have the same range; one that is ready is enough."""
    ranges: dict[AddressRange, bool] = {}
    for obj in objects:
        ready = _is_ready(obj)
        for cidr in cidrs_of(obj):
            place = AddressRange.of(cidr)
            ranges[place] = ranges.get(place, False) or ready
    return ranges


def _is_ready(obj: Object) -> bool:
    """Without a condition too: nobody may be there to set one."""
    if obj["metadata"].get("deletionTimestamp"):
        return False
    conditions = at(obj, "status", "conditions", default=())
    states = [condition.get("status") for condition in conditions if condition.get("type") == "Ready"]
    return not states or states[0] == "True"
