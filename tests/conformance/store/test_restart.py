"""A store that is stopped and started again is the same store."""

from __future__ import annotations

import asyncio

import pytest

from steersman.lib.aio import Tasks
from steersman.store.interface import Compacted, Compare, Delete, Put, StoreError, StoreUnavailable


async def test_a_restart_keeps_keys_revisions_and_history(bench, collector):
    store = bench.make()
    await store.start()
    one = await store.commit((), (Put("/a", b"1"), Put("/b", b"1")))
    two = await store.commit((), (Put("/a", b"2"), Delete("/b")))
    before = await store.list("")
    await store.stop()

    store = bench.make()
    await store.start()
    assert await store.list("") == before
    assert await store.revision() == two
    assert [r.value for r in (await store.list("", revision=one)).records] == [b"1", b"1"]
    seen = collector()
    await store.watch("", one, seen)
    three = await store.commit((), (Put("/b", b"3"),))
    assert three == two + 1
    await seen.until_revision(three)
    assert sorted(seen.story[:2]) == [("/a", "1"), ("/b", "1")]
    assert sorted(seen.story[2:4], key=str) == [("/a", "2"), ("/b", None)]
    assert seen.story[4:] == [("/b", "3")]
    await store.stop()


async def test_a_restart_keeps_the_compaction(bench):
    store = bench.make()
    await store.start()
    one = await store.commit((), (Put("/a", b"1"),))
    two = await store.commit((), (Put("/a", b"2"),))
    await store.commit((), (Delete("/a"),))
    await store.compact(two)
    await store.stop()
    store = bench.make()
    await store.start()
    with pytest.raises(Compacted):
        await store.get("/a", revision=one)
    assert (await store.get("/a", revision=two)).value == b"2"
    await store.stop()


async def test_the_revision_does_not_fall_when_all_is_deleted_and_compacted(bench):
    store = bench.make()
    await store.start()
    await store.commit((), (Put("/a", b"1"),))
    last = await store.commit((), (Delete("/a"),))
    await store.compact(last)
    await store.stop()
    store = bench.make()
    await store.start()
    assert await store.revision() == last
    assert await store.commit((), (Put("/a", b"1"),)) == last + 1
    await store.stop()


async def test_stop_finishes_what_was_queued(bench):
    store = bench.make()
    await store.start()
    tasks = Tasks()
    commits = [tasks.start(store.commit((), (Put(f"/{i}", b""),)), name="commit") for i in range(100)]
    await asyncio.sleep(0)
    if not store.embedded:
        await asyncio.gather(*commits)
    await store.stop()
    await asyncio.gather(*commits)
    store = bench.make()
    await store.start()
    assert len((await store.list("")).records) == 100
    await store.stop()


async def test_a_stopped_store_answers_nothing(bench):
    store = bench.make()
    await store.start()
    await store.stop()
    with pytest.raises(StoreUnavailable):
        await store.commit((), (Put("/a", b"1"),))
    with pytest.raises(StoreUnavailable):
        await store.get("/a")
    await store.stop()


async def test_stop_answers_everybody_who_still_waits(bench):
    store = bench.make()
    await store.start()
    revision = await store.commit((), tuple(Put(f"/{i}", bytes(1000)) for i in range(100)))
    tasks = Tasks(on_crash=lambda _name, _error: None)
    waiting = [
        tasks.start(store.commit((Compare("/1", 1),), (Put("/1", b""),)), name="conflict"),
        tasks.start(store.get("/1"), name="get"),
        tasks.start(store.list(""), name="list"),
        tasks.start(store.compact(revision), name="compact"),
    ]
    for _ in range(3):
        await asyncio.sleep(0)
    await store.stop()
    async with asyncio.timeout(10):
        await asyncio.wait(waiting)
    assert all(
        task.cancelled() or task.exception() is None or isinstance(task.exception(), StoreError) for task in waiting
    )
