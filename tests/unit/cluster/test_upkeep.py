"""Compaction and the probe go on whatever the store says."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from steersman.cluster.upkeep import PROBE_INTERVAL_S, PROBE_S_MAX, StoreProbe, compact
from steersman.lib.aio import Tasks
from steersman.store.catalog import load_driver
from steersman.store.interface import Compacted, Put, StoreUnavailable
from steersman.testing.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from steersman.store.interface import Store

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store: Store = load_driver("memory")(clock=VirtualClock(asyncio.get_running_loop()))
    await store.start()
    yield store
    await store.stop()


class Distant:
    """A store behind a network that can fail."""

    embedded = False

    def __init__(self, store: Store) -> None:
        self._store = store
        self.away = self.silent = False

    async def revision(self) -> int:
        if self.silent:
            await asyncio.sleep(1000)
        if self.away:
            raise StoreUnavailable("no member answers")
        return await self._store.revision()

    async def compact(self, revision: int) -> None:
        await self._store.compact(revision)


async def write(store: Store, count: int) -> int:
    revision = 0
    for number in range(count):
        revision = await store.commit((), (Put("/registry/a", b"%d" % number),))
    return revision


async def test_history_of_one_interval_stays(store: Store) -> None:
    tasks = Tasks()
    tasks.start(compact(store, 10), name="compaction")
    first = await write(store, 3)
    await asyncio.sleep(11)  # at 10 the revision of 0 is forgotten, and that of 10 remembered
    second = await write(store, 3)
    assert await store.get("/registry/a", revision=first)
    await asyncio.sleep(10)
    await store.get("/registry/a", revision=first)
    with pytest.raises(Compacted):
        await store.get("/registry/a", revision=first - 1)
    assert await store.get("/registry/a", revision=second)
    await tasks.close()


async def test_a_store_that_is_away_does_not_end_compaction(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    distant, tasks = Distant(store), Tasks()
    first = await write(store, 3)
    distant.away = True
    any_store: Any = distant
    task = tasks.start(compact(any_store, 10), name="compaction")
    with caplog.at_level(logging.CRITICAL):
        await asyncio.sleep(15)
    distant.away = False
    await asyncio.sleep(10)
    await write(store, 2)
    await asyncio.sleep(10)
    assert not task.done()
    with pytest.raises(Compacted):
        await store.get("/registry/a", revision=first - 1)
    await tasks.close()


@pytest.mark.parametrize("failure", ["away", "silent"])
async def test_the_probe_tells_that_the_store_has_gone_and_that_it_is_back(store: Store, failure: str) -> None:
    distant, tasks = Distant(store), Tasks()
    any_store: Any = distant
    probe = StoreProbe(store=any_store)
    tasks.start(probe.run(), name="probe")
    await asyncio.sleep(2 * PROBE_INTERVAL_S)
    told = [probe.problem is None]
    for is_away in (True, False):
        setattr(distant, failure, is_away)
        await asyncio.sleep(PROBE_INTERVAL_S + PROBE_S_MAX + 0.1)
        told.append(probe.problem is None)
    assert told == [True, False, True]
    await tasks.close()


async def test_an_embedded_store_needs_no_probe(store: Store) -> None:
    probe = StoreProbe(store=store)
    await probe.run()
    assert probe.problem is None
