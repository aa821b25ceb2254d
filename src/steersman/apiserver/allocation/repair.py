"""Makes Services and IPAddress objects agree again: at every start, and from time to time.

Reads: services, ipaddresses, servicecidrs. Writes: ipaddresses (create, delete), events (create).
Invariants: an address that a Service has is never freed; nothing of a Service is changed.
Upstream differences: one pass over all instead of a queue per object; node ports need no repair, only reports.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from steersman.api.core.event import EVENTS
from steersman.api.core.service import SERVICES
from steersman.api.errors import ApiError
from steersman.api.meta.times import format_micro_time
from steersman.api.networking.ip_address import IP_ADDRESSES
from steersman.apiserver.allocation.plan import Act, Finding, plan_repair
from steersman.apiserver.authn.user import SERVER, SERVER_MANAGER
from steersman.apiserver.write import Write
from steersman.store.interface import StoreError

if TYPE_CHECKING:
    import random

    from steersman.api.meta.types import Object
    from steersman.apiserver.allocation.addresses import AddressBook
    from steersman.apiserver.allocation.ports import PortRange
    from steersman.apiserver.pipeline import Pipeline
    from steersman.apiserver.reader import CacheReader
    from steersman.apiserver.resources import ResourceTable
    from steersman.lib.clock import Clock

INTERVAL_S = 180.0
GRACE_S = 60.0
"""As long as a request may take."""
_COMPONENT = "ipallocator-repair-controller"
_log = logging.getLogger(__name__)


class Repair:
    """Carries out plans. `alone`: no other server writes into the store, so that at start nothing is on its way."""

    def __init__(
        self,
        *,
        book: AddressBook,
        ports: PortRange,
        pipeline: Pipeline,
        resources: ResourceTable,
        reader: CacheReader,
        clock: Clock,
        rng: random.Random,
        alone: bool,
    ) -> None:
        self._book = book
        self._ports = ports
        self._pipeline = pipeline
        self._resources = resources
        self._reader = reader
        self._clock = clock
        self._rng = rng
        self._alone = alone
        self._told: set[str] = set()

    async def start(self) -> None:
        """Once, before anything is served."""
        await self.sweep(grace_s=0.0 if self._alone else GRACE_S)

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            await self.sweep(grace_s=GRACE_S)

    async def sweep(self, *, grace_s: float) -> list[Finding]:
        """One pass; what cannot be mended now is left to the next."""
        findings = plan_repair(
            self._reader.list(SERVICES),
            self._reader.list(IP_ADDRESSES),
            list(self._book.ranges()),
            self._ports,
            now=self._clock.now(),
            grace_s=grace_s,
        )
        reports = set()
        for finding in findings:
            if finding.act is Act.REPORT:
                # Said once, not at every pass.
                reports.add(finding.note)
                if finding.note in self._told:
                    continue
            _log.warning("%s", finding.note)
            try:
                await self._mend(finding)
                await self._tell(finding)
            except (ApiError, StoreError) as error:
                _log.warning("cannot repair yet: %s", error)
        self._told = reports
        return findings

    async def _mend(self, finding: Finding) -> None:
        if finding.act in (Act.REMOVE, Act.RECREATE):
            await self._book.remove(finding.address, uid=finding.uid)
        if finding.act in (Act.CREATE, Act.RECREATE) and self._is_there(finding.about):
            await self._book.restore(finding.address, finding.about)

    def _is_there(self, service: Object) -> bool:
        """Others write while a plan is carried out."""
        metadata = service["metadata"]
        found = self._reader.get(SERVICES, metadata.get("namespace") or "", metadata["name"])
        return found is not None and found["metadata"].get("uid") == metadata.get("uid")

    async def _tell(self, finding: Finding) -> None:
        """As an event of the object; those of cluster-wide objects go where upstream puts them."""
        about = finding.about
        metadata = about["metadata"]
        namespace = metadata.get("namespace") or "default"
        if not self._namespace_lives(namespace):
            return
        now = self._clock.now()
        name = f"{metadata['name']}.{self._rng.getrandbits(64):016x}"
        write = Write(
            served=self._resources.of(EVENTS),
            namespace=namespace,
            name=name,
            user=SERVER,
            now=now,
            manager=SERVER_MANAGER,
        )
        await self._pipeline.create(write, _event(finding, namespace, name, format_micro_time(now)))

    def _namespace_lives(self, namespace: str) -> bool:
        served = self._resources.find("", "v1", "namespaces")
        return served is not None and served.entry("", namespace) is not None


def _event(finding: Finding, namespace: str, name: str, moment: str) -> Object:
    about = finding.about
    involved = {
        "kind": about["kind"],
        "namespace": about["metadata"].get("namespace"),
        "name": about["metadata"]["name"],
        "uid": about["metadata"].get("uid"),
        "apiVersion": about["apiVersion"],
    }
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": {field: value for field, value in involved.items() if value},
        "reason": finding.reason,
        "message": finding.note,
        "source": {},
        "firstTimestamp": None,
        "lastTimestamp": None,
        "type": "Warning",
        "eventTime": moment,
        "action": finding.action,
        "reportingComponent": _COMPONENT,
        "reportingInstance": f"{_COMPONENT}-steersman",
    }
