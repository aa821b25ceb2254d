"""Watches: nothing missed, nothing twice, in order, whole transactions."""

from __future__ import annotations

import asyncio

import pytest

from steersman.store.interface import Compacted, Delete, Put, Record, StoreUnavailable


async def test_a_watch_sees_creation_change_and_deletion(store, collector):
    seen = collector()
    start = await store.revision() + 1
    await store.watch("", start, seen)
    one = await store.commit((), (Put("/a", b"1"),))
    two = await store.commit((), (Put("/a", b"2"),))
    three = await store.commit((), (Delete("/a"),))
    await seen.until_revision(three)
    assert [(e.key, e.record, e.revision) for e in seen.events] == [
        ("/a", Record("/a", b"1", one, one, 1), one),
        ("/a", Record("/a", b"2", one, two, 2), two),
        ("/a", None, three),
    ]


async def test_a_watch_that_asks_is_told_what_was_there_before(store, collector):
    live, past = collector(), collector()
    start = await store.revision() + 1
    await store.watch("", start, live, previous=True)
    one = await store.commit((), (Put("/a", b"1"),))
    two = await store.commit((), (Put("/a", b"2"), Put("/b", b"2")))
    three = await store.commit((), (Delete("/a"),))
    four = await store.commit((), (Put("/a", b"4"),))
    await store.watch("", start, past, previous=True)
    for seen in (live, past):
        await seen.until_revision(four)
        assert [(e.key, e.revision, e.previous) for e in sorted(seen.events, key=lambda e: (e.revision, e.key))] == [
            ("/a", one, None),
            ("/a", two, Record("/a", b"1", one, one, 1)),
            ("/b", two, None),
            ("/a", three, Record("/a", b"2", one, two, 2)),
            ("/a", four, None),
        ]


async def test_writes_of_one_group_know_each_other_as_previous(store, collector):
    seen = collector()
    await store.watch("", await store.revision() + 1, seen, previous=True)
    revisions = await asyncio.gather(*(store.commit((), (Put("/a", b"%d" % i),)) for i in range(5)))
    await seen.until_revision(max(revisions))
    values = [e.record.value for e in seen.events]
    assert [e.previous.value for e in seen.events[1:]] == values[:-1]


async def test_a_watch_from_the_past_begins_there_and_goes_on_live(store, collector):
    one = await store.commit((), (Put("/a", b"1"),))
    await store.commit((), (Put("/b", b"2"),))
    await store.commit((), (Delete("/a"),))
    seen = collector()
    await store.watch("", one + 1, seen)
    last = await store.commit((), (Put("/c", b"4"),))
    await seen.until_revision(last)
    assert seen.story == [("/b", "2"), ("/a", None), ("/c", "4")]


async def test_a_long_past_arrives_whole(store, collector):
    start = await store.revision() + 1
    for i in range(600):
        last = await store.commit((), (Put(f"/k/{i % 7}", b"%d" % i), Put(f"/l/{i}", b"")))
    seen = collector()
    await store.watch("", start, seen)
    await seen.until_revision(last)
    assert [value for key, value in seen.story if key.startswith("/k/")] == [str(i) for i in range(600)]
    assert [event.revision for event in seen.events] == sorted(event.revision for event in seen.events)
    assert len(seen.events) == 1200


async def test_a_watch_may_begin_in_the_future(store, collector):
    seen = collector()
    now = await store.revision()
    await store.watch("", now + 3, seen)
    for i in range(1, 5):
        last = await store.commit((), (Put("/a", b"%d" % i),))
    await seen.until_revision(last)
    assert seen.story == [("/a", "3"), ("/a", "4")]


async def test_a_prefix_filters(store, collector):
    seen = collector()
    await store.watch("/pods/", await store.revision() + 1, seen)
    await store.commit((), (Put("/pods/a", b"1"), Put("/podsx", b"1"), Put("/nodes/a", b"1")))
    await store.commit((), (Put("/nodes/a", b"2"),))
    last = await store.commit((), (Delete("/nodes/a"), Delete("/pods/a")))
    await seen.until_revision(last)
    assert seen.story == [("/pods/a", "1"), ("/pods/a", None)]


async def test_after_asking_for_the_revision_a_narrow_watch_learns_of_it(store, collector):
    seen = collector()
    await store.watch("/pods/", await store.revision() + 1, seen)
    await store.commit((), (Put("/pods/a", b"1"),))
    last = await store.commit((), (Put("/nodes/a", b"1"),))
    assert await store.revision() == last
    await seen.until_revision(last)
    assert seen.story == [("/pods/a", "1")]
    assert seen.batches[-1].events == ()


async def test_a_transaction_comes_in_one_piece(store, collector):
    seen = collector()
    await store.watch("", await store.revision() + 1, seen)
    value = bytes(12_000)
    commits = (store.commit((), tuple(Put(f"/{i}/{j}", value) for j in range(100))) for i in range(5))
    revisions = await asyncio.gather(*commits)
    await seen.until_revision(max(revisions))
    whole = [[e.revision for e in batch.events] for batch in seen.batches]
    for revision in revisions:
        assert [batch.count(revision) for batch in whole if revision in batch] == [100]


async def test_batches_say_how_far_the_watch_is(store, collector):
    seen = collector()
    await store.watch("", await store.revision() + 1, seen)
    revisions = await asyncio.gather(*(store.commit((), (Put(f"/{i}", b""),)) for i in range(40)))
    await seen.until_revision(max(revisions))
    reached = 0
    for batch in seen.batches:
        assert all(reached < event.revision <= batch.revision for event in batch.events)
        reached = batch.revision


async def test_every_watcher_sees_the_same_under_concurrent_writes(store, collector):
    start = await store.revision() + 1
    early, late = collector(), collector()
    await store.watch("", start, early)

    async def write(number):
        for i in range(30):
            await store.commit((), (Put(f"/{number}/{i % 5}", b"%d" % i),))

    async def join():
        await early.until_revision(start + 50)
        await store.watch("", start, late)

    await asyncio.gather(join(), *(write(i) for i in range(8)))
    last = await store.revision()
    await early.until_revision(last)
    await late.until_revision(last)
    assert [e.revision for e in early.events] == list(range(start, last + 1))
    assert early.events == late.events
    now = {r.key: r.value for r in (await store.list("")).records}
    assert {e.key: e.record.value for e in early.events} == now


async def test_a_closed_watch_hears_nothing_more(store, collector):
    seen, other = collector(), collector()
    start = await store.revision() + 1
    watch = await store.watch("", start, seen)
    await store.watch("", start, other)
    first = await store.commit((), (Put("/a", b"1"),))
    await seen.until_revision(first)
    watch.close()
    assert await watch.closed is None
    await other.until_revision(await store.commit((), (Put("/a", b"2"),)))
    assert seen.story == [("/a", "1")]
    watch.close()


async def test_a_subscriber_that_fails_is_cut_off_alone(store, collector):
    def fail(batch):
        raise RuntimeError("broken subscriber")

    seen = collector()
    start = await store.revision() + 1
    broken = await store.watch("", start, fail)
    await store.watch("", start, seen)
    await store.commit((), (Put("/a", b"1"),))
    await seen.until_revision(await store.commit((), (Put("/a", b"2"),)))
    with pytest.raises(StoreUnavailable):
        await broken.closed
    assert seen.story == [("/a", "1"), ("/a", "2")]


async def test_stopping_the_store_ends_its_watches(bench, collector):
    store = bench.make()
    await store.start()
    watch = await store.watch("", await store.revision() + 1, collector())
    await store.stop()
    with pytest.raises(StoreUnavailable):
        await watch.closed


async def test_a_watch_from_compacted_history_is_refused(store, collector):
    first = await store.commit((), (Put("/a", b"1"),))
    await store.commit((), (Put("/a", b"2"),))
    compacted = await store.commit((), (Put("/a", b"3"),))
    last = await store.commit((), (Put("/a", b"4"),))
    await store.compact(compacted)
    with pytest.raises(Compacted) as caught:
        await store.watch("", first, collector())
    assert (caught.value.compact_revision, caught.value.revision) == (compacted, last)
    seen = collector()
    await store.watch("", compacted, seen)
    await seen.until_revision(last)
    assert seen.story == [("/a", "3"), ("/a", "4")]


async def test_an_embedded_store_delivers_before_the_writer_knows(store, collector):
    seen = collector()
    await store.watch("", await store.revision() + 1, seen)
    revision = await store.commit((), (Put("/a", b"1"),))
    if store.embedded:
        assert seen.revision == revision
    else:
        await seen.until_revision(revision)


async def test_an_embedded_store_shows_the_very_bytes_that_were_written(store, collector):
    seen = collector()
    await store.watch("", await store.revision() + 1, seen)
    value = b"x" * 100
    await seen.until_revision(await store.commit((), (Put("/a", value),)))
    assert seen.events[0].record.value == value
    assert seen.events[0].record.value is value or not store.embedded
