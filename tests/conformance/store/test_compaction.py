"""Compaction: the past goes, the present stays."""

from __future__ import annotations

import asyncio

import pytest

from steersman.store.interface import Compacted, Delete, FutureRevision, Put


async def test_compaction_forgets_the_past_and_keeps_what_is_current(store):
    one = await store.commit((), (Put("/a", b"1"), Put("/still", b"1"), Put("/gone", b"1")))
    two = await store.commit((), (Put("/a", b"2"), Delete("/gone")))
    three = await store.commit((), (Put("/a", b"3"),))
    await store.compact(two)
    with pytest.raises(Compacted) as caught:
        await store.list("", revision=one)
    assert (caught.value.compact_revision, caught.value.revision) == (two, three)
    with pytest.raises(Compacted):
        await store.get("/a", revision=one)
    assert [(r.key, r.value) for r in (await store.list("", revision=two)).records] == [("/a", b"2"), ("/still", b"1")]
    assert [(r.key, r.value) for r in (await store.list("")).records] == [("/a", b"3"), ("/still", b"1")]
    assert (await store.get("/still")).mod_revision == one
    assert await store.revision() == three


async def test_a_revision_is_compacted_once(store):
    await store.commit((), (Put("/a", b"1"),))
    revision = await store.commit((), (Put("/a", b"2"),))
    await store.compact(revision)
    with pytest.raises(Compacted):
        await store.compact(revision)
    with pytest.raises(Compacted):
        await store.compact(revision - 1)
    with pytest.raises(FutureRevision):
        await store.compact(revision + 10)


async def test_everything_can_be_compacted_and_written_again(store):
    for i in range(5):
        await store.commit((), (Put("/a", b"%d" % i), Put(f"/b/{i}", b"")))
    await store.commit((), tuple(Delete(f"/b/{i}") for i in range(5)))
    last = await store.commit((), (Delete("/a"),))
    await store.compact(last)
    assert (await store.list("")).records == []
    revision = await store.commit((), (Put("/a", b"new"),))
    assert revision == last + 1
    assert (await store.get("/a")).version == 1
    assert await store.get("/a", revision=last) is None


async def test_writes_and_reads_go_on_during_compaction(store, collector):
    seen = collector()
    start = await store.revision() + 1
    await store.watch("", start, seen)
    for i in range(0, 900, 90):
        await store.commit((), tuple(Put(f"/{j % 50}/{i}", b"%d" % i) for j in range(i, i + 50)))
    await asyncio.gather(*(store.commit((), (Put(f"/{i % 10}", b"%d" % i),)) for i in range(300)))
    now = await store.revision()
    await seen.until_revision(now)  # compaction may end a watch that is still behind it

    async def write():
        return [await store.commit((), (Put("/during", b"%d" % i),)) for i in range(30)]

    _, written = await asyncio.gather(store.compact(now), write())
    await seen.until_revision(written[-1])
    assert [e.record.value for e in seen.events if e.key == "/during"] == [b"%d" % i for i in range(30)]
    assert len((await store.list("")).records) == 500 + 10 + 1


async def test_repeated_compaction_keeps_only_the_current_values(store):
    for i in range(6):
        for j in range(40):
            revision = await store.commit((), (Put(f"/{j}", b"%d" % i),))
        await store.compact(revision)
    page = await store.list("")
    assert {r.value for r in page.records} == {b"5"}
    assert {r.version for r in page.records} == {6}
