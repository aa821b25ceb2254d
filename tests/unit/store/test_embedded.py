"""What a caller of the embedded machinery can rely on beyond the suite that all stores share."""

from __future__ import annotations

import asyncio

import pytest

from steersman.lib.aio import Tasks
from steersman.lib.clock import ManualClock
from steersman.store.drivers.memory import MemoryJournal, MemoryStore
from steersman.store.embedded import EmbeddedStore
from steersman.store.interface import Compare, Conflict, Put, StoreBroken


class SlowJournal(MemoryJournal):
    """A journal whose disk answers when the test says so."""

    def __init__(self):
        super().__init__()
        self.waiting = []

    def append(self, rows, previous, done):
        self.waiting.append((list(rows), previous, done))

    def succeed(self):
        rows, previous, done = self.waiting.pop(0)
        super().append(rows, previous, done)

    def fail(self):
        self.waiting.pop(0)[2]({}, StoreBroken("the disk is full"))


@pytest.fixture
async def scene():
    journal = SlowJournal()
    store = EmbeddedStore(journal=journal, clock=ManualClock())
    await store.start()
    yield store, journal, Tasks(on_crash=lambda _name, _error: None)
    while journal.waiting:
        journal.succeed()
    await store.stop()


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


def put(store, tasks, key, value=b"", expected=None):
    compares = () if expected is None else (Compare(key, expected),)
    return tasks.start(store.commit(compares, (Put(key, value),)), name="commit")


async def test_what_queues_while_a_group_is_on_its_way_goes_into_the_next(scene):
    store, journal, tasks = scene
    first = put(store, tasks, "/a")
    await settle()
    others = [put(store, tasks, f"/{i}") for i in range(10)]
    await settle()
    assert [len(rows) for rows, _, _ in journal.waiting] == [1]
    journal.succeed()
    assert await first == 2
    await settle()
    assert [len(rows) for rows, _, _ in journal.waiting] == [10]
    journal.succeed()
    assert await asyncio.gather(*others) == list(range(3, 13))


async def test_nobody_sees_what_is_not_durable(scene):
    store, journal, tasks = scene
    seen = []
    await store.watch("", 2, seen.append)
    writer = put(store, tasks, "/a", b"1")
    await settle()
    assert await store.get("/a") is None
    assert await store.revision() == 1
    assert seen == []
    journal.succeed()
    assert [batch.revision for batch in seen] == [2]
    assert not writer.done()
    assert await writer == 2
    assert (await store.get("/a")).value == b"1"


async def test_a_conflict_with_a_row_on_its_way_waits_until_that_is_durable(scene):
    store, journal, tasks = scene
    winner = put(store, tasks, "/a", b"1", expected=0)
    loser = put(store, tasks, "/a", b"2", expected=0)
    await settle()
    assert not loser.done()
    journal.succeed()
    assert await winner == 2
    with pytest.raises(Conflict) as caught:
        await loser
    assert caught.value.current.value == b"1"


async def test_a_failed_group_leaves_no_trace_and_the_next_may_succeed(scene):
    store, journal, tasks = scene
    seen = []
    await store.watch("", 2, seen.append)
    writers = [put(store, tasks, "/a", b"1", expected=0), put(store, tasks, "/a", b"2", expected=0)]
    await settle()
    journal.fail()
    for writer in writers:
        with pytest.raises(StoreBroken):
            await writer
    assert (await store.revision(), await store.get("/a"), seen) == (1, None, [])
    again = put(store, tasks, "/a", b"3", expected=0)
    await settle()
    journal.succeed()
    assert await again == 2


async def test_a_writer_that_gave_up_in_the_queue_writes_nothing(scene):
    store, journal, tasks = scene
    first = put(store, tasks, "/a")
    await settle()
    second = put(store, tasks, "/b")
    await settle()
    second.cancel()
    await settle()
    journal.succeed()
    await first
    await settle()
    assert journal.waiting == []
    assert await store.get("/b") is None


async def test_groups_are_bounded():
    journal = SlowJournal()
    store = EmbeddedStore(journal=journal, clock=ManualClock(), group_transactions_max=3)
    await store.start()
    tasks = Tasks()
    writers = [put(store, tasks, f"/{i}") for i in range(7)]
    sizes = []
    while not all(writer.done() for writer in writers):
        await settle()
        if journal.waiting:
            sizes.append(len(journal.waiting[0][0]))
            journal.succeed()
    assert sizes == [3, 3, 1]
    await store.stop()


async def test_expired_keys_are_deleted_by_the_injected_clock():
    clock = ManualClock()
    store = EmbeddedStore(journal=MemoryJournal(), clock=clock)
    await store.start()
    await store.commit((), (Put("/a", b"", ttl_s=60), Put("/b", b"", ttl_s=120)))
    clock.advance(60)
    store._expiry.run_due()
    await settle()
    assert [record.key for record in (await store.list("")).records] == ["/b"]
    assert await store.revision() == 3
    await store.stop()


async def test_a_write_during_a_restore_comes_after_it(tmp_path):
    release = asyncio.Event()

    class PatientJournal(MemoryJournal):
        async def replace(self, puts, revision, now):
            await release.wait()
            return await super().replace(puts, revision, now)

    source = MemoryStore(clock=ManualClock())
    await source.start()
    await source.commit((), (Put("/a", b"1"), Put("/b", b"1")))
    await source.snapshot(tmp_path / "s")
    store = EmbeddedStore(journal=PatientJournal(), clock=ManualClock())
    await store.start()
    tasks = Tasks()
    restored = tasks.start(store.restore(tmp_path / "s"), name="restore")
    while not store._paused:
        await asyncio.to_thread(int)
    written = put(store, tasks, "/c")
    await settle()
    release.set()
    assert await written == await restored + 1
    assert [record.key for record in (await store.list("")).records] == ["/a", "/b", "/c"]
    await source.stop()
    await store.stop()
