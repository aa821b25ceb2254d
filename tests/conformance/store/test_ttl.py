"""Keys with a time to live end by themselves, as an ordinary deletion."""

from __future__ import annotations

import asyncio

from steersman.store.interface import Delete, Put


async def test_a_key_ends_after_its_time_and_watchers_see_a_deletion(store, collector):
    seen = collector()
    await store.watch("", await store.revision() + 1, seen, previous=True)
    revision = await store.commit((), (Put("/short", b"1", ttl_s=1), Put("/long", b"1", ttl_s=600), Put("/ever", b"1")))
    begun = asyncio.get_running_loop().time()
    await seen.until(lambda seen: len(seen.events) == 4)
    assert asyncio.get_running_loop().time() - begun > 0.9
    gone = seen.events[-1]
    assert (gone.key, gone.record, gone.previous.mod_revision) == ("/short", None, revision)
    assert gone.revision > revision
    assert [r.key for r in (await store.list("")).records] == ["/ever", "/long"]


async def test_a_later_write_decides_anew_whether_a_key_ends(store, collector):
    seen = collector()
    await store.watch("", await store.revision() + 1, seen)
    await store.commit((), (Put("/kept", b"1", ttl_s=1), Put("/again", b"1", ttl_s=1), Put("/marker", b"", ttl_s=1)))
    await store.commit((), (Put("/kept", b"2"), Put("/again", b"2", ttl_s=600), Delete("/marker")))
    await store.commit((), (Put("/marker", b"", ttl_s=2),))
    await seen.until(lambda seen: seen.story.count(("/marker", None)) == 2)
    assert [r.key for r in (await store.list("")).records] == ["/again", "/kept"]


async def test_the_time_to_live_survives_a_restart(bench, collector):
    store = bench.make()
    await store.start()
    await store.commit((), (Put("/a", b"1", ttl_s=2), Put("/b", b"1")))
    await store.stop()
    store = bench.make()
    await store.start()
    seen = collector()
    await store.watch("", await store.revision() + 1, seen)
    await seen.until(lambda seen: ("/a", None) in seen.story)
    assert [r.key for r in (await store.list("")).records] == ["/b"]
    await store.stop()


async def test_keys_that_were_due_while_the_store_was_stopped_end_at_its_start(bench, collector):
    store = bench.make()
    await store.start()
    await store.commit((), (Put("/a", b"1", ttl_s=1),))
    await store.stop()
    await asyncio.sleep(1.2)
    store = bench.make()
    await store.start()
    seen = collector()
    await store.watch("", (await store.list("")).revision, seen)
    if await store.get("/a") is not None:
        await seen.until(lambda seen: ("/a", None) in seen.story)
    assert await store.get("/a") is None
    await store.stop()
