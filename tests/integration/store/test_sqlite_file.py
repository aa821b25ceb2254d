"""What a store file can suffer: every failure is a StoreBroken that names the file, and nothing is overwritten."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import subprocess
import sys

import apsw
import pytest

from steersman.lib.clock import SystemClock
from steersman.store.drivers.sqlite import SqliteStore
from steersman.store.interface import Put, StoreBroken


def make(path, **limits):
    return SqliteStore(path=path, clock=SystemClock(), **limits)


async def fill(path, count=50):
    store = make(path)
    await store.start()
    for i in range(count):
        await store.commit((), (Put(f"/{i:03}", bytes(3000) + b"%d" % i),))
    await store.stop()


async def assert_refused(path, *words):
    before = {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith(".lock")}
    with pytest.raises(StoreBroken) as caught:
        await make(path).start()
    assert str(path) in str(caught.value)
    for word in words:
        assert word in str(caught.value)
    assert {name: path.with_name(name).read_bytes() for name in before} == before


async def test_a_new_store_makes_its_directory(tmp_path):
    path = tmp_path / "a" / "b" / "state.db"
    await fill(path, 1)
    assert path.exists()


async def test_a_newer_schema_is_refused(tmp_path):
    path = tmp_path / "state.db"
    await fill(path)
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        connection.pragma("user_version", 99)
    await assert_refused(path, "newer version", "schema 99")


async def test_a_newer_schema_that_only_the_wal_tells_is_refused(tmp_path):
    path = tmp_path / "state.db"
    await fill(path)
    connection = apsw.Connection(str(path))
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.pragma("wal_autocheckpoint", 0)
    connection.pragma("user_version", 99)
    connection.close()
    with pytest.raises(StoreBroken, match="schema 99"):
        await make(path).start()
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        assert connection.pragma("user_version") == 99
        assert connection.execute("SELECT count(*) FROM log").get == 50


async def test_an_older_schema_is_brought_up_to_date(tmp_path):
    path = tmp_path / "state.db"
    apsw.Connection(str(path)).close()
    await fill(path, 3)
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        assert connection.pragma("user_version") == 1


async def test_another_programs_database_is_refused(tmp_path):
    path = tmp_path / "state.db"
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    await assert_refused(path, "another program")
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        connection.pragma("application_id", 7)
    await assert_refused(path, "another program")


@pytest.mark.parametrize("content", [b"precious notes\n" * 100, b"SQLite format 3\0", b"x"])
async def test_what_is_no_database_is_refused(tmp_path, content):
    path = tmp_path / "state.db"
    path.write_bytes(content)
    await assert_refused(path, "damaged")


async def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "state.db"
    await fill(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    await assert_refused(path, "damaged", "snapshot")


async def test_a_file_with_overwritten_pages_is_refused(tmp_path):
    path = tmp_path / "state.db"
    await fill(path)
    data = bytearray(path.read_bytes())
    data[20 * 4096 : 24 * 4096] = os.urandom(4 * 4096)
    path.write_bytes(data)
    await assert_refused(path, "damaged")


async def test_a_value_that_changed_on_disk_is_noticed(tmp_path):
    path = tmp_path / "state.db"
    store = make(path)
    await store.start()
    await store.commit((), (Put("/a", b"A" * 2000), Put("/b", b"B" * 2000)))
    await store.stop()
    data = path.read_bytes()
    path.write_bytes(data.replace(b"A" * 2000, b"A" * 1999 + b"X"))
    store = make(path)
    await store.start()
    with pytest.raises(StoreBroken, match="/a at revision 2"):
        await store.get("/a")
    assert (await store.get("/b")).value == b"B" * 2000
    await store.stop()


async def test_a_store_in_use_is_refused_with_its_owners_id(tmp_path):
    path = tmp_path / "state.db"
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from steersman.lib.clock import SystemClock\n"
        "from steersman.store.drivers.sqlite import SqliteStore\n"
        "async def main():\n"
        "    store = SqliteStore(path=Path(sys.argv[1]), clock=SystemClock())\n"
        "    await store.start()\n"
        "    print('ready', flush=True)\n"
        "    await asyncio.to_thread(sys.stdin.read)\n"
        "    await store.stop()\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout.readline() == b"ready\n"
        with pytest.raises(StoreBroken, match=f"in use by process {owner.pid}"):
            await make(path).start()
        owner.stdin.close()
        assert owner.wait(10) == 0
    store = make(path)
    await store.start()
    with pytest.raises(StoreBroken, match=f"in use by process {os.getpid()}"):
        await make(path).start()
    await store.stop()


async def test_a_database_that_a_tool_holds_open_is_refused(tmp_path):
    path = tmp_path / "state.db"
    await fill(path)
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBroken, match="another program"):
            await make(path).start()
    await fill(path, 1)


@contextlib.contextmanager
def small_disk(folder, size):
    """A file system of its own, where the machine lets us make one."""
    folder.mkdir()
    options = f"size={size}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a tmpfs needs privileges that are missing here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


async def overfill(store):
    """Write until it fails; what was acknowledged."""
    written = []
    for i in range(10_000):
        try:
            await store.commit((), (Put(f"/{i:05}", os.urandom(5000)), Put(f"/{i:05}/twin", b"")))
        except StoreBroken as error:
            return written, error
        written.append(f"/{i:05}")
    raise AssertionError("the disk never became full")


async def check_full_store(store, written):
    keys = [record.key for record in (await store.list("")).records if not record.key.endswith("/twin")]
    assert keys == written
    assert await store.revision() == 1 + len(written)
    assert (await store.get(written[0])).mod_revision == 2


async def test_a_full_disk_fails_the_commit_and_keeps_what_was_there(tmp_path):
    with small_disk(tmp_path / "disk", "2m") as folder:
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(300_000))
        store = make(folder / "state.db")
        await store.start()
        written, error = await overfill(store)
        assert "is full" in str(error)
        assert str(folder / "state.db") in str(error)
        await check_full_store(store, written)
        with pytest.raises(StoreBroken):
            await store.commit((), (Put("/more", bytes(200_000)),))
        ballast.unlink()
        revision = await store.commit((), (Put("/more", b"fits now"),))
        assert (await store.get("/more")).mod_revision == revision
        await store.stop()
        store = make(folder / "state.db")
        await store.start()
        assert (await store.get("/more")).value == b"fits now"
        assert len((await store.list("")).records) == 2 * len(written) + 1
        await store.stop()


async def test_a_file_size_limit_fails_the_commit_and_keeps_what_was_there(tmp_path):
    store = make(tmp_path / "state.db")
    await store.start()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        written, error = await overfill(store)
        assert str(tmp_path / "state.db") in str(error)
        await check_full_store(store, written)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await store.commit((), (Put("/more", b"fits now"),))
    await store.stop()


async def test_a_full_disk_refuses_all_of_a_group(tmp_path):
    with small_disk(tmp_path / "disk", "1m") as folder:
        store = make(folder / "state.db")
        await store.start()
        puts = (store.commit((), (Put(f"/{i}", os.urandom(100_000)),)) for i in range(20))
        outcomes = await asyncio.gather(*puts, return_exceptions=True)
        assert all(isinstance(outcome, StoreBroken) for outcome in outcomes)
        assert await store.revision() == 1
        assert (await store.list("")).records == []
        await store.stop()


async def test_a_read_only_directory_is_refused(tmp_path):
    if os.geteuid() != 0:
        folder = tmp_path / "disk"
        await fill(folder / "state.db", 3)
        folder.chmod(0o555)
        with pytest.raises(StoreBroken, match="writable"):
            await make(folder / "new.db").start()
        folder.chmod(0o755)
        return
    with small_disk(tmp_path / "disk", "2m") as folder:
        await fill(folder / "state.db", 3)
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        with pytest.raises(StoreBroken, match="writable") as caught:
            await make(folder / "state.db").start()
        assert str(folder) in str(caught.value)
        with pytest.raises(StoreBroken, match="writable"):
            await make(folder / "new" / "state.db").start()


async def test_a_missing_value_of_a_directory_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreBroken, match="data directory"):
        await make(tmp_path / "file" / "state.db").start()


async def test_the_wal_and_the_file_stay_bounded_under_constant_rewriting(tmp_path):
    path = tmp_path / "state.db"
    store = make(path, wal_pages_max=256)
    await store.start()
    for _ in range(8):
        for _ in range(25):
            revisions = await asyncio.gather(*(store.commit((), (Put(f"/{i}", os.urandom(4000)),)) for i in range(20)))
        await store.compact(max(revisions))
    wal = path.with_name(path.name + "-wal").stat().st_size
    assert wal < 3_000_000
    assert path.stat().st_size < 8_000_000
    assert len((await store.list("")).records) == 20
    await store.stop()
    assert not path.with_name(path.name + "-wal").exists()


async def test_free_pages_are_given_back(tmp_path):
    path = tmp_path / "state.db"
    store = make(path, vacuum_pages_max=16)
    await store.start()
    for i in range(300):
        revision = await store.commit((), (Put("/a", os.urandom(8000) + b"%d" % i),))
    await store.compact(revision)
    full = 300 * 8000
    async with asyncio.timeout(10):
        while path.stat().st_size > full // 4:
            await asyncio.sleep(0.05)
    assert (await store.get("/a")).mod_revision == revision
    await store.stop()
