"""How the sqlite driver uses its file; the rest is tests/conformance/store and tests/integration/store."""

from __future__ import annotations

import asyncio
import contextlib

import apsw

from steersman.lib.clock import ManualClock
from steersman.store.drivers.sqlite import SqliteStore
from steersman.store.interface import Put


async def test_every_commit_is_synced_to_a_wal_by_the_only_connection(tmp_path):
    store = SqliteStore(path=tmp_path / "state.db", clock=ManualClock())
    await store.start()
    await store.commit((), (Put("/a", b"1"),))
    database = store._journal._database
    assert database._db.pragma("journal_mode") == "wal"
    assert database._db.pragma("synchronous") == 2
    assert database._db.pragma("locking_mode") == "exclusive"
    assert database._db.pragma("auto_vacuum") == 2
    assert not (tmp_path / "state.db-shm").exists()
    await store.stop()


async def test_a_write_is_one_row_and_a_group_is_one_transaction(tmp_path):
    store = SqliteStore(path=tmp_path / "state.db", clock=ManualClock())
    await store.start()
    await asyncio.gather(*(store.commit((), (Put("/a", b"%d" % i),)) for i in range(10)))
    await store.stop()
    with contextlib.closing(apsw.Connection(str(tmp_path / "state.db"))) as connection:
        rows = connection.execute("SELECT key, version, value FROM log ORDER BY id").fetchall()
    assert rows == [("/a", i + 1, b"%d" % i) for i in range(10)]


async def test_the_wal_is_written_back_at_its_limit_without_a_quiet_moment(tmp_path):
    store = SqliteStore(path=tmp_path / "state.db", clock=ManualClock(), wal_idle_pages=8, wal_pages_max=32)
    await store.start()
    for i in range(100):
        await store.commit((), (Put(f"/{i}", bytes(4000)),))
    assert (tmp_path / "state.db-wal").stat().st_size < 64 * 4200
    assert (tmp_path / "state.db").stat().st_size > 60 * 4096
    await store.stop()


async def test_values_do_not_stay_in_memory(tmp_path):
    store = SqliteStore(path=tmp_path / "state.db", clock=ManualClock())
    await store.start()
    await store.commit((), (Put("/a", b"1"),))
    assert not any(isinstance(part, bytes) for part in store._index.slot("/a"))
    await store.stop()
