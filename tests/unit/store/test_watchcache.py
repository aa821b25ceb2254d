"""The watch cache: what it holds, whom it tells what and when, and how it catches up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from steersman.lib.clock import SystemClock
from steersman.store.drivers.memory import MemoryStore
from steersman.store.interface import Compacted, Put, StoreUnavailable
from steersman.store.watchcache import FANOUT_SLICE, FOLLOW_S_MAX, HISTORY_BYTES_MAX, HISTORY_MAX

from .cached import MAPS, PODS, Bench, Distant, Recorder, TextIndex, turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Over an embedded store that held a pod before the start, at revision 2."""
    store = MemoryStore(clock=SystemClock())
    await store.start()
    made = Bench(store)
    await made.put("old=1")
    await made.cache.start(made.failures.append)
    yield made
    await made.close()


@pytest.fixture
async def distant() -> AsyncIterator[Bench]:
    """Over a store whose news come when the test says so."""
    store = Distant()
    await store.start()
    made = Bench(store)
    await made.cache.start(made.failures.append)
    yield made
    await made.close()


# -- what it holds


async def test_it_begins_with_what_the_store_holds(bench: Bench) -> None:
    assert (bench.bodies, bench.cache.revision) == ([b"1@2"], 2)
    assert list(bench.maps.range(MAPS)) == []


async def test_it_holds_a_commit_before_the_commit_returns(bench: Bench) -> None:
    revision = await bench.put("a=1")
    assert bench.cache.revision == revision
    assert bench.pods.entries[PODS + "a"].body == b"1@3"


async def test_writes_outside_every_collection_raise_the_revision(bench: Bench) -> None:
    for key in ("/registry/nodes/a", "/registry/loose", "/elsewhere/pods/a"):
        revision = await bench.store.commit((), (Put(key, b"1"),))
        assert bench.cache.revision == revision
    assert bench.bodies == [b"1@2"]


@pytest.mark.parametrize("prefix", ["/registry/g/", "/registry/g/ps/", "/registry/g/ps/v/"])
async def test_a_collection_lies_one_to_three_steps_below_the_root(bench: Bench, prefix: str) -> None:
    collection = bench.cache.add(prefix, TextIndex())
    await bench.store.commit((), (Put(f"{prefix}ns/a", b"1"),))
    assert list(collection.entries) == [f"{prefix}ns/a"]


async def test_keys_are_in_order_whatever_order_they_came_in(bench: Bench) -> None:
    await bench.put("m/c=1", "m/a=1", "mm/a=1", "l/z=1")
    await bench.put("m/b=1")
    await bench.delete("m/a")
    keys = ["l/z", "m/b", "m/c", "mm/a", "old"]
    assert [entry.key.removeprefix(PODS) for entry in bench.pods.range(PODS)] == keys
    assert [entry.key.removeprefix(PODS) for entry in bench.pods.range(f"{PODS}m/")] == ["m/b", "m/c"]
    assert [entry.key.removeprefix(PODS) for entry in bench.pods.range(PODS, f"{PODS}m/c")] == keys[2:]
    assert [entry.key.removeprefix(PODS) for entry in bench.pods.range(f"{PODS}m/", f"{PODS}m/bb")] == ["m/c"]
    assert list(bench.pods.range(f"{PODS}m/", f"{PODS}n")) == []


async def test_a_range_is_a_snapshot(bench: Bench) -> None:
    entries = bench.pods.range(PODS)
    await bench.delete("old")
    assert [entry.body for entry in entries] == [b"1@2"]


async def test_a_deletion_carries_the_last_state_at_its_own_revision(bench: Bench) -> None:
    watcher = bench.watch()
    before = bench.pods.entries[PODS + "old"]
    await bench.delete("old")
    (change,) = watcher.changes
    assert (change.deleted, change.revision, change.entry.body, change.previous) == (True, 3, b"1@3", before)


async def test_a_deletion_of_what_is_not_there_is_no_change(bench: Bench) -> None:
    watcher = bench.watch()
    await bench.delete("none")
    assert watcher.changes == []


# -- hints


async def test_a_hint_is_for_the_very_bytes_it_was_given_with(bench: Bench) -> None:
    value = b"some value"
    twin = bytes(bytearray(value))
    key = PODS + "a"
    for written, hints in ((value, ["known"]), (twin, [None])):
        bench.index.hints.clear()
        bench.cache.hint(key, value, "known")
        await bench.store.commit((), (Put(key, written),))
        assert bench.index.hints == hints


async def test_a_hint_serves_once_and_can_be_taken_back(bench: Bench) -> None:
    value = b"value"
    bench.index.hints.clear()
    bench.cache.hint(PODS + "a", value, "known")
    for name in ("b", "a", "a"):
        await bench.store.commit((), (Put(PODS + name, value),))
    bench.cache.hint(PODS + "a", value, "known")
    bench.cache.unhint(PODS + "a")
    await bench.store.commit((), (Put(PODS + "a", value),))
    assert bench.index.hints == [None, "known", None, None]


async def test_a_hint_ends_with_the_next_event_of_its_key_even_if_that_is_another(bench: Bench) -> None:
    value = b"value"
    bench.cache.hint(PODS + "old", value, "known")
    await bench.delete("old")
    bench.index.hints.clear()
    await bench.store.commit((), (Put(PODS + "old", value),))
    assert bench.index.hints == [None]


async def test_a_store_elsewhere_takes_no_hints(distant: Bench) -> None:
    value = b"value"
    distant.cache.hint(PODS + "a", value, "known")
    await distant.store.commit((), (Put(PODS + "a", value),))
    distant.store.release()
    assert distant.index.hints == [None]


# -- who is told, and when


async def test_followers_are_told_before_all_watchers_and_the_writer(bench: Bench) -> None:
    log: list[Any] = []
    for number in range(FANOUT_SLICE + 1):
        bench.watch(name=f"watcher {number}", log=log)
    bench.pods.followers.append(Recorder("follower", log))
    await bench.put("a=1")
    assert log[0] == ("follower", b"1@3")
    assert [name for name, _ in log].count("follower") == 1


async def test_few_watchers_are_told_before_the_writer(bench: Bench) -> None:
    watchers = [bench.watch() for _ in range(FANOUT_SLICE)]
    await bench.put("a=1")
    assert all(watcher.story == [b"+a=1@3"] for watcher in watchers)
    assert not bench.pods.busy


async def test_many_watchers_are_told_slice_by_slice_and_in_order(bench: Bench) -> None:
    watchers = [bench.watch() for _ in range(FANOUT_SLICE * 2 + 1)]
    for batch in [await batch_of(bench, "a=1"), await batch_of(bench, "a=2")]:
        bench.cache._deliver(batch)
    told = []
    while bench.pods.busy:
        told.append([len(watcher.changes) for watcher in watchers])
        await asyncio.sleep(0)
    told.append([len(watcher.changes) for watcher in watchers])
    assert [sum(counts) for counts in told] == [0, 64, 128, 129, 193, 257, 258]
    assert all(watcher.story == [b"+a=1@3", b"+a=2@4"] for watcher in watchers)


async def batch_of(bench: Bench, *pairs: str) -> Any:
    """What the store tells of a write, without the cache having heard of it."""
    batches: list[Any] = []
    assert bench.cache._watch is not None
    bench.cache._watch.close()
    watch = await bench.store.watch("", await bench.store.revision() + 1, batches.append)
    await bench.put(*pairs)
    watch.close()
    return batches[0]


async def test_while_a_fan_out_goes_on_few_wait_their_turn_too(bench: Bench) -> None:
    """Else the second change would overtake the first."""
    watchers = [bench.watch() for _ in range(FANOUT_SLICE + 1)]
    first, second = await batch_of(bench, "a=1"), await batch_of(bench, "a=2")
    bench.cache._deliver(first)
    bench.pods.unsubscribe(watchers.pop(0))
    bench.cache._deliver(second)
    assert watchers[0].story == []
    await turns(4)
    assert all(watcher.story == [b"+a=1@3", b"+a=2@4"] for watcher in watchers)


async def test_who_comes_while_a_fan_out_goes_on_sees_each_change_once(bench: Bench) -> None:
    for _ in range(FANOUT_SLICE * 2 + 1):
        bench.watch()
    first, second = await batch_of(bench, "a=1"), await batch_of(bench, "a=2")
    bench.cache._deliver(first)
    early, late = bench.watch(2), bench.watch(3)
    await turns(1)
    bench.cache._deliver(second)
    middle = bench.watch(2)
    await turns(9)
    assert early.story == middle.story == [b"+a=1@3", b"+a=2@4"]
    assert late.story == [b"+a=2@4"]


async def test_who_leaves_while_a_fan_out_goes_on_is_told_nothing_more(bench: Bench) -> None:
    watchers = [bench.watch() for _ in range(FANOUT_SLICE + 1)]
    bench.cache._deliver(await batch_of(bench, "a=1"))
    bench.pods.unsubscribe(watchers[0])
    bench.pods.unsubscribe(watchers[0])
    await turns(3)
    assert watchers[0].story == []
    assert watchers[1].story == [b"+a=1@3"]


async def test_a_watcher_may_leave_and_bring_another_while_it_is_told(bench: Bench) -> None:
    class Restless(Recorder):
        def offer(self, change: Any) -> None:
            super().offer(change)
            bench.pods.unsubscribe(self)
            arrived.append(bench.watch(change.revision - 1))

    arrived: list[Recorder] = []
    bench.pods.subscribe(Restless(), bench.cache.revision)
    await bench.put("a=1", "b=1")
    await bench.put("a=2")
    assert [watcher.story for watcher in arrived] == [[b"+a=1@3", b"+b=1@3", b"+a=2@4"]]


async def test_all_changes_of_one_transaction_arrive(bench: Bench) -> None:
    live = bench.watch()
    await bench.put("a=1", "b=2", "old=3")
    assert live.story == [b"+a=1@3", b"+b=2@3", b"+old=3@3"]
    assert bench.watch(2).story == live.story


async def test_encodings_are_shared_by_those_who_see_the_same_change(bench: Bench) -> None:
    one, two = bench.watch(), bench.watch()
    await bench.put("a=1")
    assert one.changes[0] is two.changes[0] is bench.watch(2).changes[0]


# -- from the past


async def test_from_the_past_all_that_was_missed_comes_and_then_what_is_new(bench: Bench) -> None:
    await bench.put("a=1")
    await bench.put("a=2")
    watcher = bench.watch(3)
    await bench.delete("a")
    assert watcher.story == [b"+a=2@4", b"-a=2@5"]


@pytest.mark.parametrize("changes", [HISTORY_MAX, HISTORY_MAX + 1, HISTORY_MAX + 5])
async def test_beyond_the_history_is_too_old(bench: Bench, changes: int) -> None:
    await bench.put(*(f"p{number}=1" for number in range(changes - 1)))
    await bench.put("a=1")
    forgotten = 2 if changes <= HISTORY_MAX else 3
    assert bench.pods.floor == forgotten
    with pytest.raises(Compacted) as caught:
        bench.pods.subscribe(Recorder(), forgotten - 1)
    assert (caught.value.compact_revision, caught.value.revision) == (forgotten, 4)
    assert bench.watch(3).story == [b"+a=1@4"]
    assert bench.watch(forgotten).story[-1] == b"+a=1@4"


async def test_long_changes_are_remembered_as_far_as_there_is_room(bench: Bench) -> None:
    long = "x" * (HISTORY_BYTES_MAX // 3)
    for number in range(5):
        await bench.put(f"a={number}{long}")
    assert [change.revision for change in bench.pods.history] == [6, 7]
    assert bench.pods.floor == 5


async def test_what_was_derived_from_a_past_state_is_forgotten(bench: Bench) -> None:
    await bench.put("a=1")
    past = bench.pods.entries[PODS + "a"]
    past.memo = "derived"
    await bench.put("a=2")
    assert past.memo is None


async def test_before_the_cache_began_is_too_old(bench: Bench) -> None:
    with pytest.raises(Compacted):
        bench.pods.subscribe(Recorder(), 1)


async def test_who_is_ahead_waits_for_what_is_newer(bench: Bench) -> None:
    watcher = bench.watch(3)
    await bench.put("a=1")
    await bench.put("a=2")
    assert watcher.story == [b"+a=2@4"]


# -- collections that come and go


async def test_a_late_collection_is_filled(bench: Bench) -> None:
    await bench.store.commit((), (Put("/registry/boats/a", b"1"),))
    boats = bench.cache.add("/registry/boats/", TextIndex())
    assert boats is bench.cache.add("/registry/boats/", TextIndex())
    await bench.cache.reload(boats)
    assert [entry.body for entry in boats.range("/registry/boats/")] == [b"1@3"]
    with pytest.raises(Compacted):
        boats.subscribe(Recorder(), 2)


@pytest.mark.parametrize(
    ("meanwhile", "content"),
    [("a=2", [b"2@3"]), ("b=1", [b"1@2", b"1@3"]), ("a", [])],
    ids=["changed", "created", "deleted"],
)
async def test_what_happens_while_a_late_collection_is_filled_is_in_it(
    distant: Bench, meanwhile: str, content: list[bytes]
) -> None:
    await distant.put("a=1")
    distant.store.release()
    distant.cache.remove(PODS)
    late = distant.cache.add(PODS, TextIndex())

    async def happen() -> None:
        await (distant.put(meanwhile) if "=" in meanwhile else distant.delete(meanwhile))
        distant.store.release()

    distant.store.after_list = happen
    await distant.cache.reload(late)
    assert [entry.body for entry in late.range(PODS)] == content


async def test_a_reload_tells_everybody_that_changes_may_be_missing(bench: Bench) -> None:
    watcher, follower = bench.watch(), Recorder()
    bench.pods.followers.append(follower)
    await bench.cache.reload(bench.pods)
    assert (watcher.losses, follower.losses) == (1, 1)
    assert bench.bodies == [b"1@2"]


async def test_a_collection_that_is_removed_ends_its_watchers_and_is_told_nothing_more(bench: Bench) -> None:
    watcher = bench.watch()
    bench.cache.remove(PODS)
    bench.cache.remove(PODS)
    await bench.put("a=1")
    assert (watcher.losses, watcher.story) == (1, [])
    assert PODS + "a" not in bench.pods.entries


# -- how far it is


async def test_who_waits_for_a_revision_waits_no_longer_than_that(distant: Bench) -> None:
    revision = await distant.put("a=1")
    waiting = distant.spawn(distant.cache.wait_for(revision))
    further = distant.spawn(distant.cache.wait_for(revision + 1))
    given_up = distant.spawn(distant.cache.wait_for(revision))
    await turns(2)
    given_up.cancel()
    assert not waiting.done()
    distant.store.release()
    await waiting
    assert not further.done()
    further.cancel()


async def test_a_fresh_read_waits_for_all_that_was_acknowledged(distant: Bench) -> None:
    await distant.put("a=1")
    fresh = distant.spawn(distant.cache.fresh())
    await turns(3)
    assert not fresh.done()
    distant.store.release()
    await fresh
    assert distant.bodies == [b"1@2"]


async def test_in_an_embedded_store_everything_is_fresh(bench: Bench) -> None:
    await bench.put("a=1")
    await bench.cache.fresh()
    await bench.cache.follow(bench.cache.revision + 1)
    assert bench.bodies == [b"1@3", b"1@2"]


@pytest.mark.virtual_time
async def test_an_answer_is_held_back_for_the_cache_but_not_for_ever(distant: Bench) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await distant.cache.follow(await distant.put("a=1"))
    assert loop.time() - began == pytest.approx(FOLLOW_S_MAX)
    following = distant.spawn(distant.cache.follow(2))
    await turns(2)
    distant.store.release()
    await following
    assert loop.time() - began == pytest.approx(FOLLOW_S_MAX)


# -- a feed that breaks, and the end


async def test_a_lost_feed_is_told_once_and_mended_by_loading_again(distant: Bench) -> None:
    await distant.put("a=1", "b=1")
    distant.store.release()
    watcher = distant.watch()
    error = StoreUnavailable("gone")
    distant.store.break_feed(error)
    await distant.put("a=2")
    await distant.delete("b")
    await turns(2)
    assert distant.failures == [error]
    assert (distant.bodies, watcher.losses) == ([b"1@2", b"1@2"], 0)
    await distant.cache.reseed()
    assert (distant.bodies, distant.cache.revision, watcher.losses) == ([b"2@3"], 4, 1)
    assert watcher.story == []
    with pytest.raises(Compacted):
        distant.pods.subscribe(Recorder(), 3)
    await distant.put("c=1")
    distant.store.release()
    assert distant.bodies == [b"2@3", b"1@5"]


async def test_who_waited_when_the_feed_broke_goes_on_after_loading_again(distant: Bench) -> None:
    revision = await distant.put("a=1")
    waiting = distant.spawn(distant.cache.wait_for(revision))
    await turns(1)
    distant.store.break_feed(StoreUnavailable("gone"))
    await distant.cache.reseed()
    await turns(2)
    assert waiting.done()
    await waiting


async def test_the_end_is_no_failure_and_leaves_nobody_waiting(distant: Bench) -> None:
    waiting = distant.spawn(distant.cache.wait_for(9))
    await turns(1)
    distant.cache.stop()
    with pytest.raises(StoreUnavailable):
        await waiting
    await turns(2)
    assert distant.failures == []
