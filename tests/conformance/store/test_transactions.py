"""Transactions: all or nothing, compares on modification revisions, one revision for each."""

from __future__ import annotations

import asyncio

import pytest

from steersman.lib.aio import Tasks
from steersman.store.interface import Compare, Conflict, Delete, Put, Record


async def test_an_empty_store_has_a_revision_of_at_least_one(store):
    assert await store.revision() >= 1
    assert (await store.list("")).records == []


async def test_a_created_key_has_version_one_and_the_commits_revision(store):
    revision = await store.commit((Compare("/a", 0),), (Put("/a", b"1"),))
    assert await store.get("/a") == Record("/a", b"1", revision, revision, 1)
    assert await store.revision() == revision


async def test_an_update_keeps_the_creation_revision_and_counts_versions(store):
    created = await store.commit((), (Put("/a", b"1"),))
    updated = await store.commit((Compare("/a", created),), (Put("/a", b"2"),))
    assert updated == created + 1
    assert await store.get("/a") == Record("/a", b"2", created, updated, 2)


async def test_a_recreated_key_begins_anew(store):
    await store.commit((), (Put("/a", b"1"),))
    await store.commit((), (Delete("/a"),))
    revision = await store.commit((Compare("/a", 0),), (Put("/a", b"2"),))
    assert await store.get("/a") == Record("/a", b"2", revision, revision, 1)


async def test_a_failed_compare_writes_nothing_and_shows_the_current_record(store):
    revision = await store.commit((), (Put("/a", b"1"), Put("/b", b"1")))
    with pytest.raises(Conflict) as caught:
        await store.commit((Compare("/a", revision), Compare("/b", revision - 1)), (Put("/a", b"2"), Put("/c", b"2")))
    assert caught.value.key == "/b"
    assert caught.value.current == Record("/b", b"1", revision, revision, 1)
    assert await store.revision() == revision
    assert (await store.get("/a")).value == b"1"
    assert await store.get("/c") is None


async def test_creating_what_exists_shows_it(store):
    revision = await store.commit((), (Put("/a", b"1"),))
    with pytest.raises(Conflict) as caught:
        await store.commit((Compare("/a", 0),), (Put("/a", b"2"),))
    assert caught.value.current == Record("/a", b"1", revision, revision, 1)


async def test_a_compare_with_an_absent_key_shows_none(store):
    revision = await store.commit((), (Put("/a", b"1"),))
    await store.commit((), (Delete("/a"),))
    with pytest.raises(Conflict) as caught:
        await store.commit((Compare("/a", revision),), (Put("/a", b"2"),))
    assert caught.value.key == "/a"
    assert caught.value.current is None


async def test_all_operations_of_a_transaction_have_one_revision(store):
    await store.commit((), (Put("/a", b"1"), Put("/gone", b"1")))
    before = await store.revision()
    revision = await store.commit((), (Put("/a", b"2"), Put("/b", b"2"), Delete("/gone"), Put("/c", b"2")))
    assert revision == before + 1
    assert [(r.key, r.mod_revision) for r in (await store.list("")).records] == [
        ("/a", revision),
        ("/b", revision),
        ("/c", revision),
    ]


async def test_deleting_what_is_absent_changes_nothing(store):
    revision = await store.commit((), (Put("/a", b"1"),))
    assert await store.commit((), (Delete("/b"),)) == revision
    assert await store.revision() == revision


async def test_a_transaction_of_compares_alone_checks_them(store):
    revision = await store.commit((), (Put("/a", b"1"),))
    assert await store.commit((Compare("/a", revision),), ()) == revision
    with pytest.raises(Conflict):
        await store.commit((Compare("/a", 0),), ())


async def test_a_key_twice_in_a_transaction_is_a_mistake(store):
    with pytest.raises(ValueError):
        await store.commit((), (Put("/a", b"1"), Delete("/a")))


async def test_values_are_any_bytes_and_may_be_empty_or_large(store):
    values = {"/empty": b"", "/zero": b"\0\xff\xfe", "/large": bytes(range(256)) * 4000}
    for key, value in values.items():
        await store.commit((), (Put(key, value),))
    for key, value in values.items():
        assert (await store.get(key)).value == value


async def test_of_many_writers_that_race_for_one_revision_exactly_one_wins(store):
    base = await store.commit((), (Put("/a", b"0"),))
    outcomes = await asyncio.gather(
        *(store.commit((Compare("/a", base),), (Put("/a", b"%d" % i),)) for i in range(20)), return_exceptions=True
    )
    won = [i for i, outcome in enumerate(outcomes) if isinstance(outcome, int)]
    assert len(won) == 1
    winner = await store.get("/a")
    assert winner.value == b"%d" % won[0]
    lost = [outcome for outcome in outcomes if not isinstance(outcome, int)]
    assert all(isinstance(outcome, Conflict) and outcome.current == winner for outcome in lost)


async def test_concurrent_counters_lose_no_increment(store):
    await store.commit((), (Put("/n", b"0"),))

    async def count():
        for _ in range(10):
            while True:
                record = await store.get("/n")
                try:
                    new = b"%d" % (int(record.value) + 1)
                    await store.commit((Compare("/n", record.mod_revision),), (Put("/n", new),))
                    break
                except Conflict:
                    continue

    await asyncio.gather(*(count() for _ in range(4)))
    assert (await store.get("/n")).value == b"40"


async def test_concurrent_commits_have_distinct_consecutive_revisions(store):
    before = await store.revision()
    revisions = await asyncio.gather(*(store.commit((), (Put(f"/{i}", b""),)) for i in range(50)))
    assert sorted(revisions) == list(range(before + 1, before + 51))
    assert await store.revision() == before + 50


async def test_a_writer_that_gives_up_leaves_the_store_usable(store):
    tasks = Tasks()
    tasks.start(store.commit((), (Put("/a", b"1"),)), name="writer")
    await asyncio.sleep(0)
    await tasks.close()
    revision = await store.commit((), (Put("/b", b"1"),))
    assert (await store.get("/b")).mod_revision == revision
