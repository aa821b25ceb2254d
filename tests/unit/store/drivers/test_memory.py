"""What is special to the memory driver; the rest is tests/conformance/store."""

from __future__ import annotations

from steersman.lib.clock import ManualClock
from steersman.store.drivers.memory import MemoryJournal, MemoryStore
from steersman.store.interface import Delete, Put
from steersman.store.mvcc import Group, Index


async def test_a_commit_needs_one_turn_of_the_loop_and_no_thread():
    store = MemoryStore(clock=ManualClock())
    await store.start()
    commit = store.commit((), (Put("/a", b"1"),))
    assert await commit == 2
    await store.stop()


async def test_scrubbing_in_slices_keeps_the_rows_that_are_current_or_not_compacted():
    journal, index = MemoryJournal(), Index()
    for i in range(20):
        group = Group(index, now_ms=0)
        group.add((), (Put("/a", b"%d" % i),) if i != 10 else (Put("/b", b""), Delete("/a")))
        journal.append(group.rows, (), lambda _found, _error: None)
        index.apply(group.rows)
    await journal.compact(15)
    slices = []
    while True:
        slices.append(await journal.scrub(4))
        if not slices[-1].more:
            break
    assert len(slices) > 3
    assert [key for part in slices for key, _ in part.graves] == ["/a"]
    left = [row for row, _ in await journal.since(0, 1000, previous=False)]
    assert [(row.key, row.value) for row in left] == [("/b", b"")] + [("/a", b"%d" % i) for i in range(12, 20)]
