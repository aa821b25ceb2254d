"""Snapshots: everything current in one file, and back into any empty store."""

from __future__ import annotations

import asyncio

import pytest

from steersman.lib.aio import Tasks
from steersman.store.interface import Compacted, Delete, Put, StoreBroken


async def test_a_snapshot_restores_into_an_empty_store(bench, tmp_path, collector):
    source, target = bench.make("source"), bench.make("target")
    await source.start()
    await target.start()
    for i in range(300):
        await source.commit((), (Put(f"/k/{i:03}", b"old"),))
    await source.commit((), tuple(Put(f"/k/{i:03}", b"new %d" % i) for i in range(0, 300, 3)))
    taken = await source.commit((), (Delete("/k/001"), Put("/ends", b"", ttl_s=2), Put("/large", bytes(1_000_000))))
    path = tmp_path / "snapshot"
    assert await source.snapshot(path) == taken
    await source.commit((), (Put("/later", b""), Delete("/ends")))

    revision = await target.restore(path)
    assert revision > taken
    assert await target.revision() == revision
    page = await target.list("/k/")
    assert [(r.key, r.value) for r in page.records] == [
        (f"/k/{i:03}", b"old" if i % 3 else b"new %d" % i) for i in range(300) if i != 1
    ]
    assert (await target.get("/large")).value == bytes(1_000_000)
    assert await target.get("/later") is None
    assert all(taken < r.mod_revision <= revision for r in page.records)
    with pytest.raises(Compacted):
        await target.watch("", taken, collector())
    seen = collector()
    await target.watch("", revision + 1, seen)
    assert await target.commit((), (Put("/next", b""),)) == revision + 1
    await seen.until(lambda seen: ("/ends", None) in seen.story)
    await source.stop()
    await target.stop()
    target = bench.make("target")
    await target.start()
    assert len((await target.list("/k/")).records) == 299
    assert await target.revision() > revision
    await target.stop()


async def test_writes_during_a_snapshot_are_not_in_it(bench, tmp_path):
    store, target = bench.make("source"), bench.make("target")
    await store.start()
    await target.start()
    for i in range(0, 2000, 100):
        await store.commit((), tuple(Put(f"/{j:04}", b"before") for j in range(i, i + 100)))
    snapshot = Tasks().start(store.snapshot(tmp_path / "s"), name="snapshot")
    await asyncio.sleep(0)
    taken = await store.revision()
    while not snapshot.done():
        await store.commit((), (Put("/1999", b"after"), Delete("/1998"), Put("/new", b"")))
        await store.commit((), (Put("/1998", b"after"),))
        await asyncio.sleep(0)
    revision = await snapshot
    await target.restore(tmp_path / "s")
    if revision == taken:
        records = (await target.list("")).records
        assert (len(records), {r.value for r in records}) == (2000, {b"before"})
    await store.stop()
    await target.stop()


async def test_only_an_empty_store_is_restored_into(bench, tmp_path):
    store = bench.make()
    await store.start()
    await store.commit((), (Put("/a", b"1"),))
    await store.snapshot(tmp_path / "s")
    with pytest.raises(StoreBroken):
        await store.restore(tmp_path / "s")
    assert (await store.get("/a")).value == b"1"
    await store.stop()


async def test_a_snapshot_never_replaces_a_file(store, tmp_path):
    path = tmp_path / "s"
    path.write_text("precious")
    with pytest.raises(StoreBroken):
        await store.snapshot(path)
    assert path.read_text() == "precious"
    assert list(tmp_path.glob("*.tmp")) == []


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "missing"])
async def test_a_damaged_snapshot_is_refused_and_changes_nothing(bench, tmp_path, damage):
    source, target = bench.make("source"), bench.make("target")
    await source.start()
    await target.start()
    await source.commit((), tuple(Put(f"/{i}", b"value") for i in range(10)))
    path = tmp_path / "s"
    await source.snapshot(path)
    data = path.read_bytes()
    path.unlink()
    match damage:
        case "cut":
            path.write_bytes(data[:-5])
        case "flipped":
            path.write_bytes(data[:150] + bytes((data[150] ^ 1,)) + data[151:])
        case "foreign":
            path.write_bytes(b"SQLite format 3\0" + data)
    with pytest.raises(StoreBroken):
        await target.restore(path)
    assert (await target.list("")).records == []
    await source.stop()
    await target.stop()
