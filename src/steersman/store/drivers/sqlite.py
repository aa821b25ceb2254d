"""sqlite: a durable store in one file of this machine; the default.

The log of rows (see `steersman.store.mvcc`) is one table in the order of ids, so that a write is an append and
nothing else; the index is built from it at start. One connection, used by one thread. WAL with a sync per commit:
what was acknowledged survives the loss of power. Checkpoints and vacuuming wait for a quiet moment, or for a limit
that bounds what they can take.

Invariants: one process per file; no row of a transaction without the others; nothing is overwritten in a file that
cannot be understood.
"""

from __future__ import annotations

import contextlib
import functools
import os
import zlib
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

import apsw

from steersman.store.datafile import check_header, create_private, damaged, foreign, newer, take_lock
from steersman.store.embedded import EmbeddedStore, Scrubbed
from steersman.store.interface import StoreBroken, StoreError
from steersman.store.mvcc import Index, Row, revision_of, row_id, rows_of
from steersman.store.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from steersman.lib.clock import Clock
    from steersman.store.interface import Put

_T = TypeVar("_T")

_APPLICATION_ID = 0x53745273

_UPGRADES = (
    """
    CREATE TABLE log (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL, create_revision INTEGER NOT NULL, version INTEGER NOT NULL,
        previous INTEGER NOT NULL, expires_ms INTEGER NOT NULL, checksum INTEGER NOT NULL, value BLOB NOT NULL
    ) STRICT;
    CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO meta VALUES ('compacted', 0), ('scrubbed', 0), ('revision', 1);
    """,
)
"""The n-th of them makes schema n+1 of schema n; a new file is of schema 0."""

_SETUP = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 16777216;
    PRAGMA cache_size = -4096;
"""

_COLUMNS = "id, key, create_revision, version, previous, expires_ms"
_INSERTS = {
    size: f"INSERT INTO log VALUES {', '.join(('(?, ?, ?, ?, ?, ?, ?, ?)',) * size)}"  # noqa: S608 - constants only
    for size in (64, 16, 4, 1)
}
"""For so many rows at a time, the most first."""
_SELECT = f"SELECT {_COLUMNS}, value, checksum FROM log WHERE id = ?"  # noqa: S608 - constants only
_SELECT_SINCE = f"SELECT {_COLUMNS}, value, checksum FROM log WHERE id >= ? ORDER BY id"  # noqa: S608
_SELECT_HEADS = f"SELECT {_COLUMNS} FROM log ORDER BY id"  # noqa: S608
_SELECT_LINK = "SELECT previous, version FROM log WHERE id = ?"
_SELECT_SCRUB = "SELECT id, key, version, previous FROM log WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"

_IDLE_S = 0.01


def _checksum(key: str, value: bytes) -> int:
    return zlib.crc32(value, zlib.crc32(key.encode()))


class SqliteStore(EmbeddedStore):
    """A store in the SQLite file at `path`; the directory is made if it is missing."""

    def __init__(
        self,
        *,
        path: Path,
        clock: Clock,
        group_transactions_max: int = 1024,
        wal_idle_pages: int = 256,
        wal_pages_max: int = 1024,
        vacuum_pages_max: int = 128,
    ) -> None:
        """A checkpoint is made in a quiet moment from `wal_idle_pages` on and in any case at `wal_pages_max`; free
        space goes back to the file system at most `vacuum_pages_max` at a time.
        """
        journal = SqliteJournal(
            _Database(
                path=path, wal_idle_pages=wal_idle_pages, wal_pages_max=wal_pages_max, vacuum_pages_max=vacuum_pages_max
            )
        )
        super().__init__(journal=journal, clock=clock, group_transactions_max=group_transactions_max)


class SqliteJournal:
    """Hands everything to the thread that owns the database."""

    def __init__(self, database: _Database) -> None:
        self._database = database
        self._thread: Worker | None = None

    @property
    def _worker(self) -> Worker:
        assert self._thread is not None, "the journal is not open"
        return self._thread

    async def open(self) -> Index:
        self._thread = Worker(name="sqlite", idle=self._database.tidy, idle_s=_IDLE_S)
        try:
            return await self._run(self._database.open)
        except BaseException:
            await self._thread.close()
            raise

    async def close(self) -> None:
        await self._run(self._database.close)
        await self._worker.close()

    def append(
        self,
        rows: Sequence[Row],
        previous: Sequence[int],
        done: Callable[[dict[int, Row], StoreError | None], None],
    ) -> None:
        def finish(found: dict[int, Row] | None, error: Exception | None) -> None:
            done(found or {}, None if error is None else self._database.explain(error))

        self._worker.submit(functools.partial(self._database.append, rows, previous), finish)

    async def read(self, ids: Sequence[int]) -> list[Row | None]:
        return await self._run(lambda: [self._database.row(row) for row in ids])

    async def trace(self, ids: Sequence[int], before: int) -> list[int]:
        return await self._run(lambda: [self._database.trace(row, before) for row in ids])

    async def since(self, first: int, rows_max: int, *, previous: bool) -> list[tuple[Row, Row | None]]:
        return await self._run(lambda: self._database.since(first, rows_max, previous=previous))

    async def compact(self, revision: int) -> None:
        await self._run(lambda: self._database.compact(revision))

    async def scrub(self, rows_max: int) -> Scrubbed:
        return await self._run(lambda: self._database.scrub(rows_max))

    async def replace(self, puts: Iterable[Put], revision: int, now: int) -> Index:
        return await self._run(lambda: self._database.replace(rows_of(puts, revision=revision, now_ms=now), revision))

    async def _run(self, work: Callable[[], _T]) -> _T:
        try:
            return await self._worker.run(work)
        except apsw.Error as error:
            raise self._database.explain(error) from error


class _Database:
    """The file and its one connection. All methods block, and but for `explain` belong to the worker's thread."""

    def __init__(self, *, path: Path, wal_idle_pages: int, wal_pages_max: int, vacuum_pages_max: int) -> None:
        self._path = path
        self._wal_idle_pages = wal_idle_pages
        self._wal_pages_max = wal_pages_max
        self._vacuum_pages_max = vacuum_pages_max
        self._connection: apsw.Connection | None = None
        self._lock: int | None = None
        self._wal_pages = 0
        self._free_pages = 0
        self._shrunk = False
        self._lost: StoreBroken | None = None

    # Opening and closing

    def open(self) -> Index:
        path = self._path
        self._lock = take_lock(path)
        try:
            check_header(path, application_id=_APPLICATION_ID, version=len(_UPGRADES))
            create_private(path)  # it holds every Secret
            connection = self._connection = apsw.Connection(str(path))
            # Until the file is known to be ours, closing it must not write to it.
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            # Exclusive from the first access on: then no memory is shared with others through a further file.
            connection.pragma("locking_mode", "EXCLUSIVE")
            if self._check_version() == 0:
                connection.pragma("auto_vacuum", "INCREMENTAL")  # this writes, so not on a disk that may be full
            connection.execute(_SETUP).fetchall()
            self._upgrade()
            index = self._load()
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
            connection.set_wal_hook(self._note_wal)
            self._free_pages = connection.pragma("freelist_count")
        except BaseException:
            self.close()
            raise
        return index

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _check_version(self) -> int:
        version: int = self._db.pragma("user_version")
        application = self._db.pragma("application_id")
        if version > len(_UPGRADES):
            raise newer(self._path, found=version, known=len(_UPGRADES))
        if application != _APPLICATION_ID and (application or self._db.execute("SELECT 1 FROM sqlite_schema").get):
            raise foreign(self._path)
        return version

    def _upgrade(self) -> None:
        db = self._db
        version = db.pragma("user_version")
        if version == len(_UPGRADES):
            return
        with self._transaction():
            for upgrade in _UPGRADES[version:]:
                db.execute(upgrade)
            db.pragma("application_id", _APPLICATION_ID)
            db.pragma("user_version", len(_UPGRADES))
        # Other versions look at the file's own header before they open it.
        db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def _load(self) -> Index:
        index = Index()
        heads: Iterable[tuple[Any, ...]] = self._db.execute(_SELECT_HEADS)
        rows = (Row._make((*head, b"")) for head in heads)
        index.load(rows, revision=self._meta("revision"), compacted=self._meta("compacted"))
        return index

    # Rows

    def append(self, rows: Sequence[Row], previous: Sequence[int]) -> dict[int, Row]:
        if self._lost is not None:
            raise self._lost
        with self._transaction():
            self._insert(rows)
            return {row: found for row in previous if (found := self.row(row)) is not None}

    def _insert(self, rows: Iterable[Row]) -> None:
        """Many rows by one statement: after each, this thread may wait for the event loop's before it goes on."""
        rest = iter(rows)
        for some in iter(lambda: list(islice(rest, max(_INSERTS))), []):
            values = [(*row[:6], _checksum(row.key, row.value), row.value) for row in some]
            for size, statement in _INSERTS.items():
                while len(values) >= size:
                    self._db.execute(statement, tuple(chain.from_iterable(values[:size])))
                    del values[:size]

    def row(self, row: int) -> Row | None:
        found = self._db.execute(_SELECT, (row,)).fetchone()
        return None if found is None else self._checked(found)

    def _checked(self, found: tuple[Any, ...]) -> Row:
        row = Row(*found[:7])
        if _checksum(row.key, row.value) != found[7]:
            raise damaged(self._path, f"{row.key} at revision {revision_of(row.id)} is not what was written")
        return row

    def trace(self, row: int, before: int) -> int:
        while row >= before:
            link = self._db.execute(_SELECT_LINK, (row,)).fetchone()
            if link is None:
                return 0
            row = link[0]
        link = self._db.execute(_SELECT_LINK, (row,)).fetchone()
        return row if link is not None and link[1] else 0

    def since(self, first: int, rows_max: int, *, previous: bool) -> list[tuple[Row, Row | None]]:
        found: list[tuple[Row, Row | None]] = []
        cursor = self._db.execute(_SELECT_SINCE, (first,))
        for values in cursor:
            row = self._checked(values)
            if len(found) >= rows_max and revision_of(row.id) != revision_of(found[-1][0].id):
                cursor.close()
                break
            found.append((row, self.row(row.previous) if previous and row.previous else None))
        return found

    # Compaction and housekeeping

    def compact(self, revision: int) -> None:
        with self._transaction():
            self._set_meta("compacted", revision)

    def scrub(self, rows_max: int) -> Scrubbed:
        """Each row that history before the compaction ends with makes the one before it superfluous; a deletion also
        itself.
        """
        scrubbed, end = self._meta("scrubbed"), row_id(self._meta("compacted"))
        if scrubbed >= end:
            return Scrubbed((), more=False)
        batch: Sequence[tuple[Any, ...]] = self._db.execute(_SELECT_SCRUB, (scrubbed, end, rows_max)).fetchall()
        graves = [(key, row) for row, key, version, _ in batch if not version]
        gone = [(previous,) for _, _, _, previous in batch if previous] + [(row,) for _, row in graves]
        with self._transaction():
            self._db.executemany("DELETE FROM log WHERE id = ?", gone)
            self._set_meta("scrubbed", batch[-1][0] + 1 if len(batch) == rows_max else end)
        self._free_pages = self._db.pragma("freelist_count")
        return Scrubbed(graves, more=len(batch) == rows_max)

    def tidy(self, waited: bool) -> bool:
        """Make a checkpoint or give back free pages, if it is time; whether it should be asked again after a quiet
        moment.
        """
        if self._connection is None:
            return False
        try:
            if self._wal_pages >= (self._wal_idle_pages if waited else self._wal_pages_max):
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
                self._wal_pages = 0
            elif waited and self._is_airy():
                self._connection.execute(f"PRAGMA incremental_vacuum({self._vacuum_pages_max})").fetchall()
                self._free_pages = self._connection.pragma("freelist_count")
                self._shrunk = True
            elif waited and self._shrunk:
                # Only a checkpoint makes the file itself shorter.
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
                self._wal_pages, self._shrunk = 0, False
        except apsw.Error:
            # A full disk, most likely: the next commit says so to somebody who can act on it.
            return False
        return self._wal_pages >= self._wal_idle_pages or self._shrunk or self._is_airy()

    def _is_airy(self) -> bool:
        # A quarter may stay free, or the file would shrink and grow all the time.
        free = self._free_pages
        return free > 4 * self._vacuum_pages_max and free > self._db.pragma("page_count") // 4

    def _note_wal(self, _connection: object, _database: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    # Restoring

    def replace(self, rows: Iterable[Row], revision: int) -> Index:
        with self._transaction():
            self._db.execute("DELETE FROM log")
            self._insert(rows)
            last = self._db.execute("SELECT max(id) FROM log").get
            compacted = revision_of(last) if last else revision
            self._set_meta("compacted", compacted)
            self._set_meta("revision", compacted)
            self._set_meta("scrubbed", row_id(compacted))
        return self._load()

    # Tools

    @property
    def _db(self) -> apsw.Connection:
        assert self._connection is not None, "the database is not open"
        return self._connection

    def _meta(self, name: str) -> int:
        value: int = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).get
        return value

    def _set_meta(self, name: str, value: int) -> None:
        self._db.execute("UPDATE meta SET value = ? WHERE name = ?", (value, name))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        except BaseException as error:
            if isinstance(error, apsw.Error) and getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_FSYNC:
                # What the disk holds now is unknown, and a second sync would lie about it.
                self._lost = StoreBroken(f"{self._path} could not be synced: {error}; check the disk, then restart")
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def explain(self, error: Exception) -> StoreBroken:
        """The error as a caller of the store can understand it."""
        path = self._path
        if isinstance(error, StoreBroken):
            return error
        if isinstance(error, apsw.FullError):
            return StoreBroken(f"the disk of {path} is full; free some space (what was written before is safe)")
        if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
            return damaged(path, str(error))
        if isinstance(error, (apsw.BusyError, apsw.LockedError)):
            return StoreBroken(f"{path} is open in another program; close that one first")
        if isinstance(error, (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError)):
            return StoreBroken(f"cannot write to {path}: {error}; check its owner and permissions")
        return StoreBroken(f"cannot read or write {path}: {error}; check the disk")
