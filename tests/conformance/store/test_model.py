"""A store against a dict: whatever the order of writes, reads, compactions, watches and restarts, both agree."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from steersman.store.interface import Compacted, Compare, Conflict, Delete, FutureRevision, Put, Record

KEYS = ["/k", "/k/", "/k/a", "/k/a/b", "/k/%", "/k/_", "/k/é", "/l", "~", "/k/a\0"]
PREFIXES = ["", "/", "/k", "/k/", "/k/a", "/l", "zzz"]
WAIT_S = 10

keys = st.sampled_from(KEYS)
values = st.binary(max_size=20)
operations = st.lists(
    st.one_of(st.builds(Put, keys, values), st.builds(Delete, keys)),
    min_size=1,
    max_size=4,
    unique_by=lambda operation: operation.key,
)


class StoreAgainstDict(RuleBasedStateMachine):
    """`states` holds the whole content after every revision; `story` all changes."""

    def __init__(self, bench, numbers, loop) -> None:
        super().__init__()
        self.loop = loop
        self.bench = bench
        self.name = f"model-{next(numbers)}"  # each example has a store of its own
        self.store = bench.make(self.name)
        self.run(self.store.start())
        self.revision = self.run(self.store.revision())
        self.first = self.revision
        self.compacted = 0
        self.states: dict[int, dict[str, Record]] = {self.revision: {}}
        self.story: list[tuple[str, Record | None, Record | None, int]] = []
        self.follow(self.revision + 1)

    def run(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def follow(self, start: int) -> None:
        self.seen = []
        self.news = asyncio.Event()
        self.reached = start - 1
        self.watched_from = start
        self.watch = self.run(self.store.watch("", start, self.take, previous=True))

    def take(self, batch) -> None:
        assert batch.revision > self.reached
        self.reached = batch.revision
        self.news.set()
        self.seen += [(event.key, event.record, event.previous, event.revision) for event in batch.events]

    def caught_up(self) -> None:
        async def wait():
            async with asyncio.timeout(WAIT_S):
                while self.reached < self.revision:
                    assert not self.watch.closed.done(), self.watch.closed
                    self.news.clear()
                    await self.news.wait()

        self.run(wait())

    @property
    def now(self) -> dict[str, Record]:
        return self.states[self.revision]

    def some_revision(self, back: int) -> int:
        known = [revision for revision in self.states if revision >= self.compacted]
        return known[-1 - back % len(known)]

    # Writes

    @rule(operations=operations, wrong=st.sampled_from([None, None, None, -1, 0, 1]), chosen=st.lists(keys, max_size=3))
    def commit(self, operations, wrong, chosen):
        compares = [Compare(key, self.now[key].mod_revision if key in self.now else 0) for key in chosen]
        if wrong is not None and compares:
            last = compares[-1]
            compares[-1] = Compare(last.key, max(0, last.mod_revision + wrong))
        broken = [c for c in compares if c.mod_revision != (self.now[c.key].mod_revision if c.key in self.now else 0)]
        commit = self.store.commit(tuple(compares), tuple(operations))
        if not broken:
            self.apply(operations, self.run(commit))
            return
        with pytest.raises(Conflict) as caught:
            self.run(commit)
        assert (caught.value.key, caught.value.current) == (broken[0].key, self.now.get(broken[0].key))

    def apply(self, operations, revision):
        state, new = dict(self.now), self.revision + 1
        changed = False
        for operation in operations:
            old = state.get(operation.key)
            if isinstance(operation, Put):
                created, version = (old.create_revision, old.version + 1) if old else (new, 1)
                record = Record(operation.key, operation.value, created, new, version)
                state[operation.key] = record
            elif old is not None:
                record = None
                del state[operation.key]
            else:
                continue
            changed = True
            self.story.append((operation.key, record, old, new))
        if changed:
            self.revision = new
            self.states[new] = state
        assert revision == self.revision

    # Reads

    @rule(key=keys)
    def get(self, key):
        assert self.run(self.store.get(key)) == self.now.get(key)

    @rule(key=keys, back=st.integers(0, 30))
    def get_past(self, key, back):
        revision = self.some_revision(back)
        assert self.run(self.store.get(key, revision=revision)) == self.states[revision].get(key)

    @rule(
        prefix=st.sampled_from(PREFIXES),
        start=st.one_of(st.just(""), keys),
        limit=st.integers(0, 4),
        back=st.one_of(st.none(), st.integers(0, 30)),
    )
    def list(self, prefix, start, limit, back):
        revision = self.revision if back is None else self.some_revision(back)
        page = self.run(self.store.list(prefix, start=start, limit=limit, revision=0 if back is None else revision))
        wanted = sorted((k for k in self.states[revision] if k.startswith(prefix) and k >= start), key=str.encode)
        taken = wanted[:limit] if limit else wanted
        assert page.records == [self.states[revision][key] for key in taken]
        assert (page.revision, page.remaining) == (revision, len(wanted) - len(taken))
        assert page.more == (page.remaining > 0)

    @rule(key=keys)
    def the_future_is_refused(self, key):
        with pytest.raises(FutureRevision) as caught:
            self.run(self.store.get(key, revision=self.revision + 1))
        assert caught.value.revision == self.revision

    @precondition(lambda self: self.compacted > self.first)
    @rule(key=keys)
    def the_compacted_past_is_refused(self, key):
        with pytest.raises(Compacted) as caught:
            self.run(self.store.get(key, revision=self.compacted - 1))
        assert (caught.value.compact_revision, caught.value.revision) == (self.compacted, self.revision)

    # The rest

    @rule(back=st.integers(0, 30))
    def compact(self, back):
        revision = self.some_revision(back)
        if revision > max(self.compacted, self.first):
            self.caught_up()  # compaction may overtake a watch that is still behind, which then ends with Compacted
            self.run(self.store.compact(revision))
            self.compacted = revision

    @rule(back=st.integers(0, 30))
    def watch_from(self, back):
        self.check_story()
        self.watch.close()
        # The first revision of this example may already be behind another one's compaction, as a watch begins after it.
        self.follow(max(self.some_revision(back), self.compacted + 1, self.first + 1))

    @rule()
    def restart(self):
        self.check_story()
        self.run(self.store.stop())
        self.store = self.bench.make(self.name)
        self.run(self.store.start())
        assert self.run(self.store.revision()) == self.revision
        self.follow(self.revision + 1)

    @invariant()
    def the_revision_is_the_last_commits(self):
        assert self.run(self.store.revision()) == self.revision

    def check_story(self):
        self.caught_up()
        assert self.seen == [change for change in self.story if change[3] >= self.watched_from]

    def teardown(self):
        try:
            self.check_story()
        finally:
            self.run(self.store.stop())


def test_a_store_behaves_like_a_dict_with_a_memory(bench):
    numbers = itertools.count()
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            lambda: StoreAgainstDict(bench, numbers, runner.get_loop()),
            settings=settings(
                max_examples=25,
                stateful_step_count=40,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
