"""Writes charges into the status of quotas, so that they hold for every API server before an object is stored.

Each charge is checked again against what the quota says at that moment. Charges of one quota that arrive while one is
being written go into the next write together: many writers of a namespace do not race each other.
A charge whose writer goes away in the middle of its write may stay; the quota's controller measures anew.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.pod_resources import Amounts, amounts
from steersman.api.core.resource_quota import RESOURCE_QUOTAS
from steersman.api.errors import NotFound
from steersman.api.meta.quantity import ZERO
from steersman.api.quota.quota import excess
from steersman.apiserver.authn.user import SERVER, SERVER_MANAGER
from steersman.apiserver.write import Write

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.pipeline import Pipeline
    from steersman.apiserver.resources import ResourceTable
    from steersman.lib.clock import Clock

_Key = tuple[str, str]


@dataclass(slots=True, eq=False)
class _Entry:
    requested: Amounts
    checked: bool
    """Refused if it does not fit."""
    gives_back: bool = False
    refusal: str = ""
    settled: bool = False


class Ledger:
    """`pipeline`: one whose writes are not reviewed in turn."""

    def __init__(self, *, pipeline: Pipeline, resources: ResourceTable, clock: Clock) -> None:
        self._pipeline = pipeline
        self._resources = resources
        self._clock = clock
        self._waiting: dict[_Key, list[_Entry]] = {}
        self._locks: dict[_Key, asyncio.Lock] = {}

    async def charge(self, namespace: str, name: str, requested: Amounts, *, checked: bool) -> str:
        """Why it was refused; empty when it is written. A quota that is gone takes every charge."""
        return await self._settle((namespace, name), _Entry(requested, checked))

    async def give_back(self, namespace: str, name: str, requested: Amounts) -> None:
        await self._settle((namespace, name), _Entry(requested, checked=False, gives_back=True))

    async def _settle(self, key: _Key, entry: _Entry) -> str:
        self._waiting.setdefault(key, []).append(entry)
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                if not entry.settled:
                    await self._write(key)
        finally:
            waiting = self._waiting.get(key)
            if waiting and entry in waiting:
                waiting.remove(entry)
            if not waiting:
                self._waiting.pop(key, None)
                if not lock.locked():
                    self._locks.pop(key, None)
        return entry.refusal

    async def _write(self, key: _Key) -> None:
        """All that wait for this quota. When the write fails, they are tried again by those who wait."""
        batch = self._waiting.pop(key, [])
        try:
            await self._update(key, batch)
        except BaseException:
            self._waiting[key] = batch + self._waiting.get(key, [])
            raise
        for entry in batch:
            entry.settled = True

    async def _update(self, key: _Key, batch: list[_Entry]) -> None:
        namespace, name = key

        def charged(old: Object | None) -> Object:
            if old is None:
                raise NotFound.of("", RESOURCE_QUOTAS.plural, name)
            status = old.get("status") or {}
            used = _book(name, amounts(status.get("hard")), amounts(status.get("used")), batch)
            listed = {resource: str(amount) for resource, amount in sorted(used.items())}
            # Without its version: the sums are made of whatever version is there.
            metadata = {key: value for key, value in old["metadata"].items() if key != "resourceVersion"}
            return old | {"metadata": metadata, "status": status | {"used": listed}}

        write = Write(
            served=self._resources.of(RESOURCE_QUOTAS),
            namespace=namespace,
            name=name,
            user=SERVER,
            now=self._clock.now(),
            subresource=RESOURCE_QUOTAS.subresource("status"),
            manager=SERVER_MANAGER,
        )
        try:
            await self._pipeline.update(write, charged)
        except NotFound:
            for entry in batch:
                entry.refusal = ""


def _book(name: str, hard: Amounts, used: Amounts, batch: list[_Entry]) -> Amounts:
    """What is used after the batch; decides which entries are refused."""
    for entry in batch:
        if entry.gives_back:
            for resource, amount in entry.requested.items():
                if resource in used:
                    used[resource] = max(used[resource] - amount, ZERO)
            continue
        entry.refusal = excess(name, hard, used, entry.requested) if entry.checked else ""
        if not entry.refusal:
            for resource, amount in entry.requested.items():
                used[resource] = used.get(resource, ZERO) + amount
    return used
