"""The model of keys and revisions, pure: what a transaction does to an index, and what a key held at some past
revision.

A store is a log of rows. Every row is one change of one key; its id is made of the revision and of the place within
the transaction, so that ids rise in the order of changes. A row names the id of the row that held the key before,
which makes each key's history a chain that is read backwards. The index holds, for each key, only its newest row's
numbers, never the value.

Invariants: the index shows what is durable and nothing else; a Group holds what is on its way, and is applied once it
is durable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from steersman.store.interface import Compacted, Delete, Event, FutureRevision, Put, Record
from steersman.store.sorted_keys import SortedKeys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from steersman.store.interface import Compare

FIRST_REVISION = 1
"""The revision of a store that was never written to."""

POSITION_BITS = 16
OPERATIONS_MAX = 1 << POSITION_BITS


class Row(NamedTuple):
    """One change. `version` 0 marks a deletion; `previous` 0 a key that did not exist; `expires_ms` (Unix time) 0 no
    end.
    """

    id: int
    key: str
    create_revision: int
    version: int
    previous: int
    expires_ms: int
    value: bytes


class Slot(NamedTuple):
    """What the index knows of a key's newest row."""

    id: int
    create_revision: int
    version: int
    expires_ms: int


def row_id(revision: int, position: int = 0) -> int:
    return revision << POSITION_BITS | position


def revision_of(row: int) -> int:
    return row >> POSITION_BITS


def record_of(row: Row) -> Record | None:
    """The record that a row made of its key; None for a deletion."""
    if not row.version:
        return None
    return Record(row.key, row.value, row.create_revision, row.id >> POSITION_BITS, row.version)


def event_of(row: Row, previous: Row | None) -> Event:
    """`previous` is the row that held the key before, if it is known and was no deletion."""
    return Event(row.key, record_of(row), record_of(previous) if previous else None, row.id >> POSITION_BITS)


def check_transaction(operations: Sequence[Put | Delete]) -> None:
    """Raises ValueError for a transaction that no driver can mean: a key twice, or too many operations."""
    if len(operations) > 1:
        if len(operations) > OPERATIONS_MAX:
            raise ValueError(f"{len(operations)} operations in one transaction; at most {OPERATIONS_MAX}")
        keys = [operation.key for operation in operations]
        if len(set(keys)) != len(keys):
            raise ValueError("a transaction may name each key once")


def rows_of(puts: Iterable[Put], *, revision: int, now_ms: int) -> Iterator[Row]:
    """First rows for distinct keys, written at `revision` and, where one cannot hold them all, at those after it."""
    for number, put in enumerate(puts):
        revisions, position = divmod(number, OPERATIONS_MAX)
        expires_ms = now_ms + put.ttl_s * 1000 if put.ttl_s > 0 else 0
        created = revision + revisions
        yield Row(row_id(created, position), put.key, created, 1, 0, expires_ms, put.value)


class Index:
    """Keys, revisions and where their values are; what is durable now, plus the deletions that history still knows."""

    __slots__ = ("_grave_keys", "_graves", "_keys", "_slots", "compacted", "revision")

    def __init__(self) -> None:
        self.revision = FIRST_REVISION
        self.compacted = 0
        """Nothing before this revision may be read any more."""
        self._slots: dict[str, Slot] = {}
        self._keys = SortedKeys()
        self._graves: dict[str, int] = {}
        self._grave_keys = SortedKeys()

    def __len__(self) -> int:
        return len(self._slots)

    def load(self, rows: Iterable[Row], *, revision: int, compacted: int) -> None:
        """Fill an empty index from all rows in order of their ids (their values may be left empty)."""
        slots, graves = self._slots, self._graves
        last = 0
        for row in rows:
            last = row.id
            if row.version:
                slots[row.key] = Slot(row.id, row.create_revision, row.version, row.expires_ms)
                graves.pop(row.key, None)
            else:
                slots.pop(row.key, None)
                graves[row.key] = row.id
        self._keys = SortedKeys(slots)
        self._grave_keys = SortedKeys(graves)
        self.revision = max(FIRST_REVISION, revision, revision_of(last))
        self.compacted = compacted

    def slot(self, key: str) -> Slot | None:
        return self._slots.get(key)

    def grave(self, key: str) -> int:
        """The id of the row that deleted the key, 0 if it lives or is forgotten."""
        return self._graves.get(key, 0)

    def expiring(self) -> Iterable[tuple[str, Slot]]:
        return ((key, slot) for key, slot in self._slots.items() if slot.expires_ms)

    def apply(self, rows: Iterable[Row]) -> None:
        """Take over rows that have become durable."""
        slots = self._slots
        for row in rows:
            key = row.key
            if row.version:
                if key not in slots:
                    self._keys.add(key)
                    if self._graves.pop(key, 0):
                        self._grave_keys.remove(key)
                slots[key] = Slot(row.id, row.create_revision, row.version, row.expires_ms)
            else:
                del slots[key]
                self._keys.remove(key)
                self._graves[key] = row.id
                self._grave_keys.add(key)
            self.revision = row.id >> POSITION_BITS

    def forget(self, key: str, grave: int) -> None:
        """Drop a deletion that compaction has removed from the log."""
        if self._graves.get(key) == grave:
            del self._graves[key]
            self._grave_keys.remove(key)

    def check_readable(self, revision: int) -> None:
        """Raises Compacted or FutureRevision unless the state at `revision` can be read."""
        if revision > self.revision:
            raise FutureRevision(revision, self.revision)
        if revision < self.compacted:
            raise Compacted(self.compacted, self.revision)

    def page(self, prefix: str, start: str, limit: int) -> tuple[list[int], int]:
        """The ids of the current rows in key order, at most `limit` (0 = all), and how many keys follow them."""
        slots = self._slots
        ids: list[int] = []
        for key in self._keys.walk(prefix, start):
            if limit and len(ids) == limit:
                return ids, self._keys.count(prefix, key)
            ids.append(slots[key].id)
        return ids, 0

    def page_at(self, prefix: str, start: str, revision: int) -> list[int]:
        """For every key that might have existed at `revision`, in key order: its newest row's id, to be followed
        backwards.
        """
        found: list[tuple[str, int]] = [(key, self._slots[key].id) for key in self._keys.walk(prefix, start)]
        first = row_id(revision + 1)
        buried = [
            (key, self._graves[key]) for key in self._grave_keys.walk(prefix, start) if self._graves[key] >= first
        ]
        if buried:
            found = sorted(found + buried)
        return [row for _, row in found]


class Refused(NamedTuple):
    """A compare that did not hold: the key, and the row it has now if that row is still on its way."""

    key: str
    pending: Row | None
    durable: int
    """The id of the key's durable row; 0 if it has none, or if a row on its way decided."""


class Group:
    """Transactions that become durable together, each seeing the ones before it."""

    __slots__ = ("_index", "_now_ms", "_overlay", "revision", "rows", "size")

    def __init__(self, index: Index, *, now_ms: int) -> None:
        self._index = index
        self._now_ms = now_ms
        self._overlay: dict[str, Row] = {}
        self.revision = index.revision
        self.rows: list[Row] = []
        self.size = 0
        """Bytes of all values."""

    def add(self, compares: Sequence[Compare], operations: Sequence[Put | Delete]) -> int | Refused:
        """Append a transaction; its revision, or why not. One that changes nothing has the revision of the one
        before.
        """
        overlay, slot_of = self._overlay, self._index.slot
        for compare in compares:
            key = compare.key
            if (row := overlay.get(key)) is not None:
                if (row.id >> POSITION_BITS if row.version else 0) != compare.mod_revision:
                    return Refused(key, row, 0)
            else:
                slot = slot_of(key)
                if (slot.id >> POSITION_BITS if slot else 0) != compare.mod_revision:
                    return Refused(key, None, slot.id if slot else 0)
        next_id = first = (self.revision + 1) << POSITION_BITS
        for operation in operations:
            row = self._row(next_id, operation)
            if row is not None:
                self.size += len(row.value)
                overlay[operation.key] = row
                self.rows.append(row)
                next_id += 1
        if next_id != first:
            self.revision += 1
        return self.revision

    def _row(self, new_id: int, operation: Put | Delete) -> Row | None:
        key = operation.key
        if (last := self._overlay.get(key)) is not None:
            previous, created, version = last.id, last.create_revision, last.version
        elif (slot := self._index.slot(key)) is not None:
            previous, created, version = slot.id, slot.create_revision, slot.version
        else:
            previous, created, version = self._index.grave(key), 0, 0
        if isinstance(operation, Put):
            expires_ms = self._now_ms + operation.ttl_s * 1000 if operation.ttl_s > 0 else 0
            if not version:
                created = new_id >> POSITION_BITS
            return Row(new_id, key, created, version + 1, previous, expires_ms, operation.value)
        return Row(new_id, key, created, 0, previous, 0, b"") if version else None
