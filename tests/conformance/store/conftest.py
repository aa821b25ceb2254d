"""Every test of this folder runs on every store driver, unchanged.

A test asks for `store`, a started and empty one, or for `bench`, which makes and reopens them.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest

from steersman.lib.clock import SystemClock
from steersman.store.drivers.etcd import EtcdStore
from steersman.store.drivers.memory import MemoryStore
from steersman.store.drivers.sqlite import SqliteStore
from steersman.testing.etcd_server import EtcdServer, etcd_binary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from steersman.store.interface import Batch, Event, Store

WAIT_S = 10


class MemoryBench:
    """A store of one name keeps its content: in this driver the object itself is the data."""

    def __init__(self) -> None:
        self._stores: dict[str, MemoryStore] = {}

    def make(self, name: str = "main") -> Store:
        return self._stores.setdefault(name, MemoryStore(clock=SystemClock()))


class SqliteBench:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, name: str = "main") -> Store:
        return SqliteStore(path=self._folder / name / "state.db", clock=SystemClock())


class EtcdBench:
    """Stores of different names, and of different tests, are prefixes of one server."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._test = uuid.uuid4().hex[:8]

    def make(self, name: str = "main") -> Store:
        prefix = f"/{self._test}/{name}"
        return EtcdStore(endpoints=(self._endpoint,), prefix=prefix)


Bench = MemoryBench | SqliteBench | EtcdBench


@pytest.fixture(scope="session")
def etcd_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if etcd_binary() is None:
        pytest.skip("etcd is not installed (Debian's etcd-server): its driver is not tested here")
    with EtcdServer(tmp_path_factory.mktemp("etcd")) as server:
        yield server.endpoint


@pytest.fixture(params=["memory", "sqlite", "etcd"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """Makes stores: `make(name)` gives one that is not started; the same name means the same data."""
    if request.param == "memory":
        return MemoryBench()
    if request.param == "sqlite":
        return SqliteBench(tmp_path)
    return EtcdBench(request.getfixturevalue("etcd_endpoint"))


@pytest.fixture
async def store(bench: Bench):
    made = bench.make()
    await made.start()
    yield made
    await made.stop()


class Collector:
    """A subscriber that keeps what it is given; `until` waits for it."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self._news = asyncio.Event()

    def __call__(self, batch: Batch) -> None:
        self.batches.append(batch)
        self._news.set()

    @property
    def events(self) -> list[Event]:
        return [event for batch in self.batches for event in batch.events]

    @property
    def revision(self) -> int:
        return self.batches[-1].revision if self.batches else 0

    @property
    def story(self) -> list[tuple[str, str | None]]:
        """(key, new value as text or None) of every event."""
        return [(event.key, event.record.value.decode() if event.record else None) for event in self.events]

    async def until(self, holds: Callable[[Collector], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not holds(self):
                self._news.clear()
                await self._news.wait()

    async def until_revision(self, revision: int) -> None:
        await self.until(lambda self: self.revision >= revision)


@pytest.fixture
def collector() -> type[Collector]:
    return Collector
