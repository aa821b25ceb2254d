"""memory: a store that forgets everything when it stops; for tests and throw-away clusters.

Invariants: the same as of every store but durability; a commit is visible at the next turn of the event loop.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from steersman.store.embedded import EmbeddedStore, Scrubbed
from steersman.store.mvcc import Index, revision_of, row_id, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from steersman.lib.clock import Clock
    from steersman.store.interface import Put, StoreError
    from steersman.store.mvcc import Row


class MemoryStore(EmbeddedStore):
    """A store in this process's memory."""

    def __init__(self, *, clock: Clock, journal: MemoryJournal | None = None) -> None:
        """`journal`: a copy of another store's, to begin with what that held."""
        self._rows = journal or MemoryJournal()
        super().__init__(journal=self._rows, clock=clock)

    @staticmethod
    def nothing() -> MemoryJournal:
        """What an empty store begins with."""
        return MemoryJournal()

    def copy(self) -> MemoryJournal:
        """All that is committed, with its history, as it is now: what another store can begin with."""
        return self._rows.copy()


class MemoryJournal:
    """Rows in a dict, and their ids in order."""

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {}
        self._ids: list[int] = []
        self._compacted = 0
        self._scrubbed = 0
        """Rows with smaller ids have been looked at by compaction."""
        self._newest = 0
        """The id of the last row, which compaction may have taken."""

    def copy(self) -> MemoryJournal:
        """The same rows; what is written to one is not in the other."""
        other = MemoryJournal()
        other._rows, other._ids = dict(self._rows), list(self._ids)
        other._compacted, other._scrubbed, other._newest = self._compacted, self._scrubbed, self._newest
        return other

    async def open(self) -> Index:
        index = Index()
        index.load(self._rows.values(), revision=revision_of(self._newest), compacted=self._compacted)
        return index

    async def close(self) -> None:
        pass

    def append(
        self,
        rows: Sequence[Row],
        previous: Sequence[int],
        done: Callable[[dict[int, Row], StoreError | None], None],
    ) -> None:
        for row in rows:
            self._rows[row.id] = row
            self._ids.append(row.id)
        if rows:
            self._newest = rows[-1].id
        done({row: self._rows[row] for row in previous if row in self._rows}, None)

    async def read(self, ids: Sequence[int]) -> list[Row | None]:
        return [self._rows.get(row) for row in ids]

    async def trace(self, ids: Sequence[int], before: int) -> list[int]:
        return [self._trace(row, before) for row in ids]

    def _trace(self, newest: int, before: int) -> int:
        row = self._rows.get(newest)
        while row is not None and row.id >= before:
            row = self._rows.get(row.previous)
        return row.id if row is not None and row.version else 0

    async def since(self, first: int, rows_max: int, *, previous: bool) -> list[tuple[Row, Row | None]]:
        found: list[tuple[Row, Row | None]] = []
        for i in range(bisect_left(self._ids, first), len(self._ids)):
            row = self._rows[self._ids[i]]
            if len(found) >= rows_max and revision_of(row.id) != revision_of(found[-1][0].id):
                break
            found.append((row, self._rows.get(row.previous) if previous else None))
        return found

    async def compact(self, revision: int) -> None:
        self._compacted = revision

    async def scrub(self, rows_max: int) -> Scrubbed:
        end = row_id(self._compacted)
        start = bisect_left(self._ids, self._scrubbed)
        batch = self._ids[start : min(bisect_left(self._ids, end), start + rows_max)]
        if not batch:
            self._ids = list(self._rows)
            return Scrubbed((), more=False)
        graves: list[tuple[str, int]] = []
        for row in [self._rows[i] for i in batch]:
            self._rows.pop(row.previous, None)
            if not row.version:
                del self._rows[row.id]
                graves.append((row.key, row.id))
        self._scrubbed = batch[-1] + 1
        return Scrubbed(graves, more=True)

    async def replace(self, puts: Iterable[Put], revision: int, now: int) -> Index:
        self._rows = {row.id: row for row in rows_of(puts, revision=revision, now_ms=now)}
        self._ids = list(self._rows)
        self._newest = self._ids[-1] if self._ids else row_id(revision)
        self._compacted = revision_of(self._ids[-1]) if self._ids else revision
        self._scrubbed = row_id(self._compacted)
        index = Index()
        index.load(self._rows.values(), revision=self._compacted, compacted=self._compacted)
        return index
