"""Incremental equals from scratch: whatever the order of writes, news, watchers, reloads and lost feeds, the cache holds
what the store held at the cache's revision, and every watcher's changes lead from where it began to there.
"""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from steersman.store.interface import Compacted, Delete, Put, StoreUnavailable
from steersman.store.watchcache import FANOUT_SLICE

from .cached import MAPS, PODS, Bench, Distant, Recorder, TextIndex, turns

KEYS = [PODS + "a", PODS + "a/b", PODS + "b", PODS + "é", MAPS + "a", "/registry/other/a", "/elsewhere"]
operations = st.lists(
    st.one_of(
        st.builds(Put, st.sampled_from(KEYS), st.sampled_from([b"x", b"y"])), st.builds(Delete, st.sampled_from(KEYS))
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda operation: operation.key,
)
State = dict[str, bytes]


class CacheAgainstStore(RuleBasedStateMachine):
    """`states` holds the pods after every revision; `watchers` each with the state in which it began."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.loop = loop
        self.store = Distant()
        self.bench = Bench(self.store)
        self.run(self.store.start())
        self.run(self.bench.cache.start(self.bench.failures.append))
        self.states: dict[int, State] = {self.bench.cache.revision: {}}
        self.watchers: list[tuple[Recorder, State]] = []
        self.crowd: list[Recorder] = []
        self.broken = False

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def pods_at(self, revision: int) -> State:
        return self.states[max(known for known in self.states if known <= revision)]

    @rule(operations=operations)
    def write(self, operations: list[Put | Delete]) -> None:
        revision = self.run(self.store.commit((), tuple(operations)))
        page = self.run(self.store.list(PODS))
        self.states[revision] = {record.key: b"%b@%d" % (record.value, record.mod_revision) for record in page.records}

    @rule()
    def news_arrive(self) -> None:
        async def arrive() -> None:
            self.store.release()

        if not self.broken:
            self.run(arrive())

    @rule(count=st.integers(1, 3))
    def the_loop_turns(self, count: int) -> None:
        self.run(turns(count))

    @rule(back=st.integers(0, 5))
    def somebody_watches(self, back: int) -> None:
        revision = self.bench.cache.revision - back
        try:
            watcher = self.bench.watch(revision)
        except Compacted as error:
            assert revision < self.bench.pods.floor == error.compact_revision  # noqa: PT017
        else:
            self.watchers.append((watcher, self.pods_at(revision)))

    @rule()
    def a_crowd_watches(self) -> None:
        if not self.crowd:
            self.crowd = [self.bench.watch() for _ in range(FANOUT_SLICE * 2)]

    @rule()
    def the_crowd_leaves(self) -> None:
        for watcher in self.crowd:
            self.bench.pods.unsubscribe(watcher)
        self.crowd = []

    @rule(meanwhile=st.none() | operations, again=st.booleans())
    def the_collection_is_loaded(self, meanwhile: list[Put | Delete] | None, again: bool) -> None:
        """As one that is new in the cache, or again."""
        if self.broken:
            return
        if not again:
            self.bench.cache.remove(PODS)
            self.bench.pods = self.bench.cache.add(PODS, TextIndex())

        async def happen() -> None:
            if meanwhile:
                await self.store.commit((), tuple(meanwhile))
            self.store.release()

        self.store.after_list = happen
        self.run(self.bench.cache.reload(self.bench.pods))
        page = self.run(self.store.list(PODS))
        self.states[page.revision] = {r.key: b"%b@%d" % (r.value, r.mod_revision) for r in page.records}
        self.all_are_lost()

    @rule()
    def the_feed_breaks(self) -> None:
        if not self.broken:
            self.store.break_feed(StoreUnavailable("gone"))
            self.run(turns(1))
            self.broken = True

    @rule()
    def the_feed_is_mended(self) -> None:
        if self.broken:
            self.run(self.bench.cache.reseed())
            self.broken = False
            self.all_are_lost()

    def all_are_lost(self) -> None:
        for watcher in [watcher for watcher, _ in self.watchers] + self.crowd:
            assert watcher.losses
            self.bench.pods.unsubscribe(watcher)
        self.watchers, self.crowd = [], []

    @invariant()
    def the_cache_holds_what_the_store_held(self) -> None:
        bench, expected = self.bench, self.pods_at(self.bench.cache.revision)
        assert {key: entry.body for key, entry in bench.pods.entries.items()} == expected
        assert bench.pods.keys == sorted(expected)

    @invariant()
    def every_watcher_has_seen_the_way_from_its_beginning(self) -> None:
        if self.bench.pods.busy:
            return
        for watcher, beginning in self.watchers:
            state, revision = dict(beginning), 0
            for change in watcher.changes:
                key = change.entry.key
                assert change.revision >= revision
                assert state.get(key) == (change.previous.body if change.previous else None)
                revision = change.revision
                if change.deleted:
                    del state[key]
                else:
                    state[key] = change.entry.body
            assert state == self.pods_at(self.bench.cache.revision)

    def teardown(self) -> None:
        self.run(self.bench.close())


def test_incremental_equals_from_scratch() -> None:
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            lambda: CacheAgainstStore(runner.get_loop()),
            settings=settings(
                max_examples=60,
                stateful_step_count=30,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
