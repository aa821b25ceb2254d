"""A store that counts and times what is asked of it, under the names that upstream has for its requests to etcd."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from steersman.store.interface import Delete, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from steersman.apiserver.resources import ResourceTable
    from steersman.lib.metrics import Counter, Histogram, Registry
    from steersman.store.interface import Batch, Compare, Page, Put, Record, Store, Watch

    Series = tuple[Counter, Histogram, Counter]

_DURATIONS_S = (
    *(0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3),
    *(4, 5, 6, 8, 10, 15, 20, 30, 45, 60),
)
_ROOT_LENGTH = len("/registry/")
_LABELS = ("operation", "group", "resource")


class MeasuredStore:
    """Another store with the same contract. Before `follow` it only passes on."""

    def __init__(self, *, store: Store, registry: Registry, timer: Callable[[], float] = time.perf_counter) -> None:
        self._store = store
        self._timer = timer
        self._resources: ResourceTable | None = None
        self._made_for = -1
        self._names: dict[str, tuple[str, str]] = {}
        self._series: dict[tuple[str, str, str], Series] = {}
        self._requests = registry.counter("etcd_requests_total", "Requests to the store.", _LABELS)
        self._errors = registry.counter("etcd_request_errors_total", "Requests to the store that failed.", _LABELS)
        self._durations = registry.histogram(
            "etcd_request_duration_seconds", "Time that the store took.", _LABELS, buckets=_DURATIONS_S
        )
        self.embedded = store.embedded

    def follow(self, resources: ResourceTable) -> None:
        """Learn from the table whose keys are whose."""
        self._resources = resources

    async def get(self, key: str, *, revision: int = 0) -> Record | None:
        started = self._timer()
        try:
            found = await self._store.get(key, revision=revision)
        except StoreError:
            self._failed("get", key)
            raise
        self._count("get", key, started)
        return found

    async def list(self, prefix: str, *, start: str = "", revision: int = 0, limit: int = 0) -> Page:
        started = self._timer()
        try:
            page = await self._store.list(prefix, start=start, revision=revision, limit=limit)
        except StoreError:
            self._failed("list", prefix)
            raise
        self._count("list", prefix, started)
        return page

    async def commit(self, compares: tuple[Compare, ...], operations: tuple[Put | Delete, ...]) -> int:
        started = self._timer()
        first = operations[0]
        if isinstance(first, Delete):
            operation = "delete"
        else:
            operation = "update" if compares and compares[0].mod_revision else "create"
        try:
            revision = await self._store.commit(compares, operations)
        except StoreError:
            self._failed(operation, first.key)
            raise
        self._count(operation, first.key, started)
        return revision

    async def start(self) -> None:
        await self._store.start()

    async def stop(self) -> None:
        await self._store.stop()

    async def revision(self) -> int:
        return await self._store.revision()

    async def watch(
        self, prefix: str, start_revision: int, deliver: Callable[[Batch], None], *, previous: bool = False
    ) -> Watch:
        return await self._store.watch(prefix, start_revision, deliver, previous=previous)

    async def compact(self, revision: int) -> None:
        await self._store.compact(revision)

    async def snapshot(self, path: Path) -> int:
        return await self._store.snapshot(path)

    async def restore(self, path: Path) -> int:
        return await self._store.restore(path)

    def _count(self, operation: str, key: str, started: float) -> None:
        series = self._of(operation, key)
        if series is not None:
            series[0].value += 1
            series[1].observe(self._timer() - started)

    def _failed(self, operation: str, key: str) -> None:
        series = self._of(operation, key)
        if series is not None:
            series[0].value += 1
            series[2].value += 1

    def _of(self, operation: str, key: str) -> Series | None:
        resources = self._resources
        if resources is None:
            return None
        if self._made_for != resources.version:
            self._made_for = resources.version
            stored = (served for served in resources if served.resource.stored is served.resource)
            self._names = {served.prefix: (served.resource.group, served.resource.plural) for served in stored}
        end = key.find("/", _ROOT_LENGTH) + 1
        name = self._names.get(key[:end]) or self._names.get(key[: key.find("/", end) + 1]) or ("", "")
        labels = (operation, *name)
        series = self._series.get(labels)
        if series is None:
            families = self._requests, self._durations, self._errors
            series = families[0].labels(*labels), families[1].labels(*labels), families[2].labels(*labels)
            self._series[labels] = series
        return series
