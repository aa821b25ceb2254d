"""Gives a Service what it needs before it is validated, and takes back what it no longer needs when it is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from steersman.api.core.service import SERVICES
from steersman.api.core.service_addresses import IPS
from steersman.api.core.service_type import NONE, cluster_ips, is_headless, needs_cluster_ip, spec_of
from steersman.api.errors import InternalError, Invalid, invalid
from steersman.apiserver.allocation.addresses import AddressRefused
from steersman.apiserver.allocation.families import is_settled, settle_families
from steersman.apiserver.allocation.linked_fields import keep_allocated, link_cluster_ips
from steersman.apiserver.allocation.node_ports import all_ports_of, allocate_for_new, allocate_for_update
from steersman.apiserver.allocation.ports import PortOperation
from steersman.apiserver.hooks import Hook

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from steersman.api.meta.types import Object
    from steersman.apiserver.allocation.addresses import AddressBook
    from steersman.apiserver.allocation.ports import PortLedger
    from steersman.apiserver.resources import ResourceTable, Served
    from steersman.apiserver.write import Write
    from steersman.store.watchcache import Change, Entry


@dataclass(slots=True)
class _Allocation:
    """What one write has taken, and what it will free. Its `revert` stands in the write's undo list."""

    service: Object
    book: AddressBook
    ports: PortOperation
    owner: Object
    """The Service by the name under which addresses are taken, as an object with nothing but its metadata."""
    addresses: list[str] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)

    async def revert(self) -> None:
        """The write has failed."""
        self.ports.revert()
        await self.book.give_back(self.addresses, self.owner)
        self.addresses = []

    async def follow_name(self) -> None:
        """The store had the generated name, and the Service got another one: so must its addresses."""
        if self.addresses and self.service["metadata"]["name"] != self.owner["metadata"]["name"]:
            await self.book.rename(self.addresses, self.service)


class ServiceAllocation(Hook):
    """The hook of Services. `families`: the cluster's, its default first."""

    def __init__(self, *, book: AddressBook, ledger: PortLedger, families: Sequence[str], rng: random.Random) -> None:
        self._book = book
        self._ledger = ledger
        self._families = tuple(families)
        self._rng = rng

    async def begin_create(self, write: Write, obj: Object) -> None:
        link_cluster_ips(obj, None)
        allocation = self._begin(write, obj)
        settle_families(obj, None, self._families)
        if needs_cluster_ip(obj) and cluster_ips(obj)[:1] != [NONE]:
            await self._take_all(allocation, dry_run=write.dry_run)
        allocate_for_new(obj, allocation.ports)

    async def begin_update(self, write: Write, new: Object, old: Object) -> None:
        keep_allocated(new, old)
        link_cluster_ips(new, old)
        allocation = self._begin(write, new)
        settle_families(new, old, self._families)
        await self._move_addresses(allocation, new, old, dry_run=write.dry_run)
        allocate_for_update(new, old, allocation.ports)

    async def committed(self, write: Write, new: Object | None, old: Object | None) -> None:
        allocation = self._of(write)
        if new is None:
            if allocation is not None:
                await allocation.revert()
            if old is not None and needs_cluster_ip(old) and not is_headless(old):
                await self._book.give_back(cluster_ips(old), old)
        elif allocation is not None:
            allocation.ports.commit(write.served.key(write.namespace, write.name))
            await allocation.follow_name()
            if old is not None:
                await self._book.give_back(allocation.releases, old)

    def _begin(self, write: Write, service: Object) -> _Allocation:
        ports = PortOperation(self._ledger, self._rng, dry_run=write.dry_run)
        metadata = service["metadata"]
        owner = {"metadata": {"namespace": metadata.get("namespace"), "name": metadata.get("name")}}
        allocation = _Allocation(service, self._book, ports, owner)
        write.undo.append(allocation.revert)
        return allocation

    @staticmethod
    def _of(write: Write) -> _Allocation | None:
        owners = [getattr(step, "__self__", None) for step in write.undo]
        return next((owner for owner in owners if isinstance(owner, _Allocation)), None)

    # -- addresses

    async def _move_addresses(self, allocation: _Allocation, new: Object, old: Object, *, dry_run: bool) -> None:
        """From and to ExternalName all come and go; otherwise only a second one may."""
        if is_settled(new, old):
            return
        if not needs_cluster_ip(old):
            if needs_cluster_ip(new) and cluster_ips(new)[:1] != [NONE]:
                await self._take_all(allocation, dry_run=dry_run)
            return
        if is_headless(old):
            return
        if not needs_cluster_ip(new):
            allocation.releases = list(cluster_ips(old))
            return
        families, before = (spec_of(service).get("ipFamilies") or [] for service in (new, old))
        if len(before) == 1 and len(families) == 2:
            ips = spec_of(new)["clusterIPs"] = [*cluster_ips(new), ""][:2]
            ips[1] = await self._take(allocation, families[1], ips[1], dry_run=dry_run)
        elif len(before) == 2 and len(families) == 1:
            allocation.releases = cluster_ips(old)[1:2]

    async def _take_all(self, allocation: _Allocation, *, dry_run: bool) -> None:
        spec = spec_of(allocation.service)
        families = spec.get("ipFamilies") or []
        given = cluster_ips(allocation.service)
        ips = spec["clusterIPs"] = given + [""] * (len(families) - len(given))
        for index, family in enumerate(families):
            ips[index] = await self._take(allocation, family, ips[index], dry_run=dry_run)
        if ips:
            spec["clusterIP"] = ips[0]

    async def _take(self, allocation: _Allocation, family: str, asked: str, *, dry_run: bool) -> str:
        """Raises Invalid, InternalError."""
        service = allocation.service
        name = service["metadata"].get("name") or ""
        try:
            if dry_run:
                address = self._book.try_out(asked, family)
            elif asked:
                address = await self._book.take(asked, service)
            else:
                address = await self._book.take_next(family, service)
        except AddressRefused as refusal:
            if refusal.full:
                why = f'failed to allocate a serviceIP for Service "{name}": {refusal}'
                raise InternalError.of(why) from None
            what = f"IP {asked}" if asked else "IP"
            error = invalid(IPS, cluster_ips(service), f"failed to allocate {what}: {refusal}")
            raise Invalid.of("", "Service", name, [error]) from None
        if not dry_run:
            allocation.addresses.append(address)
        return asked or address


class PortFollower:
    """Keeps the ledger as the Services in the cache are: every change is in before its writer is told."""

    def __init__(self, ledger: PortLedger, resources: ResourceTable) -> None:
        self.ledger = ledger
        self._served: Served = resources.of(SERVICES)
        if self._served.collection is not None:
            self._served.collection.followers.append(self)

    def offer(self, change: Change) -> None:
        if change.deleted:
            self.ledger.remove(change.entry.key)
        else:
            self._put(change.entry)

    def lost(self) -> None:
        """The cache was loaded (again)."""
        self.ledger.clear()
        if self._served.collection is not None:
            for entry in self._served.collection.range(self._served.prefix):
                self._put(entry)

    def _put(self, entry: Entry) -> None:
        service = orjson.loads(self._served.type_meta + entry.body)
        self.ledger.put(entry.key, all_ports_of(service))
