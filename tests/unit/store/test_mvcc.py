"""Keys, revisions and history, without any I/O."""

from __future__ import annotations

import pytest

from steersman.store.interface import Compacted, Compare, Delete, FutureRevision, Put
from steersman.store.mvcc import (
    Group,
    Index,
    Refused,
    Row,
    check_transaction,
    record_of,
    revision_of,
    row_id,
    rows_of,
)


def commit(index, *operations, compares=()):
    group = Group(index, now_ms=1000)
    outcome = group.add(compares, operations)
    index.apply(group.rows)
    return outcome


def test_ids_rise_with_revision_and_place():
    assert row_id(2, 0) > row_id(1, 65535) > row_id(1, 0)
    assert revision_of(row_id(7, 3)) == 7


def test_a_group_sees_its_own_transactions_and_the_index_does_not():
    index = Index()
    group = Group(index, now_ms=0)
    assert group.add((Compare("/a", 0),), (Put("/a", b"1"),)) == 2
    assert group.add((Compare("/a", 2),), (Put("/a", b"2"),)) == 3
    assert group.add((), (Delete("/a"),)) == 4
    assert group.add((Compare("/a", 0),), (Put("/a", b"4"),)) == 5
    assert [(row.create_revision, row.version) for row in group.rows] == [(2, 1), (2, 2), (2, 0), (5, 1)]
    assert (index.slot("/a"), index.revision) == (None, 1)
    index.apply(group.rows)
    assert (index.slot("/a").version, index.revision) == (1, 5)


def test_a_refusal_says_whether_a_row_on_its_way_decided():
    index = Index()
    commit(index, Put("/a", b"1"))
    group = Group(index, now_ms=0)
    assert group.add((Compare("/a", 9),), ()) == Refused("/a", None, row_id(2))
    assert group.add((Compare("/none", 9),), ()) == Refused("/none", None, 0)
    group.add((), (Put("/a", b"2"),))
    refused = group.add((Compare("/a", 2),), (Put("/b", b""),))
    assert refused.pending is group.rows[0]
    assert len(group.rows) == 1


def test_a_row_names_the_one_before_it_across_deletions():
    index = Index()
    commit(index, Put("/a", b"1"))
    commit(index, Delete("/a"))
    group = Group(index, now_ms=0)
    group.add((), (Put("/a", b"3"),))
    assert group.rows[0].previous == row_id(3)


def test_a_deletion_is_known_until_it_is_forgotten():
    index = Index()
    commit(index, Put("/a", b"1"))
    commit(index, Delete("/a"))
    assert index.grave("/a") == row_id(3)
    assert index.page_at("/", "", 2) == [row_id(3)]
    index.forget("/a", row_id(2))
    assert index.grave("/a") == row_id(3)
    index.forget("/a", row_id(3))
    assert index.grave("/a") == 0
    assert index.page_at("/", "", 2) == []


def test_a_time_to_live_counts_from_the_commit():
    index = Index()
    commit(index, Put("/a", b"", ttl_s=2), Put("/b", b""))
    assert [(key, slot.expires_ms) for key, slot in index.expiring()] == [("/a", 3000)]


def test_loading_the_rows_gives_the_same_index():
    index, rows = Index(), []
    for operations in (
        (Put("/a", b""), Put("/b", b"")),
        (Delete("/a"), Put("/c", b"")),
        (Put("/a", b""),),
        (Delete("/b"),),
    ):
        group = Group(index, now_ms=0)
        group.add((), operations)
        index.apply(group.rows)
        rows += group.rows
    loaded = Index()
    loaded.load(rows, revision=0, compacted=3)
    assert loaded.page("", "", 0) == index.page("", "", 0)
    assert (loaded.revision, loaded.compacted, loaded.grave("/b")) == (5, 3, index.grave("/b"))
    assert loaded.slot("/a") == index.slot("/a")


def test_readable_is_what_lies_between_compaction_and_now():
    index = Index()
    commit(index, Put("/a", b""))
    commit(index, Put("/a", b""))
    index.compacted = 2
    index.check_readable(2)
    index.check_readable(3)
    with pytest.raises(Compacted):
        index.check_readable(1)
    with pytest.raises(FutureRevision):
        index.check_readable(4)


def test_a_transaction_names_each_key_once_and_is_bounded():
    check_transaction([Put("/a", b""), Put("/b", b"")])
    with pytest.raises(ValueError, match="once"):
        check_transaction([Put("/a", b""), Delete("/a")])
    with pytest.raises(ValueError, match="65537"):
        check_transaction([Delete(str(i)) for i in range(65537)])


def test_more_rows_than_one_revision_holds_take_several():
    rows = list(rows_of((Put(str(i), b"") for i in range(65538)), revision=10, now_ms=0))
    assert {revision_of(row.id) for row in rows[:65536]} == {10}
    assert [revision_of(row.id) for row in rows[65536:]] == [11, 11]
    assert rows[-1].create_revision == 11


def test_a_deletion_makes_no_record():
    assert record_of(Row(row_id(3), "/a", 2, 0, row_id(2), 0, b"")) is None
