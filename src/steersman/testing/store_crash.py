"""Kills a process in the middle of its writes and looks at what is left: the promise of a durable store, tested.

    report = crash_round(tmp_path / "state.db", after_s=0.2)
    assert not report.lost and not report.torn

The killed process is this module as a program. It has many writers; each counts upwards in transactions that put the
count under several keys, and says so on its output once the store has acknowledged it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from steersman.lib.clock import SystemClock
from steersman.store.drivers.sqlite import SqliteStore
from steersman.store.interface import Compacted, Put

_KEYS = ("first", "second", "third")
_COMPACT_EVERY = 300
_VALUE_SIZE = 700


@dataclass(slots=True)
class CrashReport:
    """What one round, or several, brought to light."""

    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    """Acknowledged transactions that are not there."""
    torn: list[str] = field(default_factory=list)
    """Transactions of which a part is there."""
    unacknowledged: int = 0
    """Transactions that are there, whole, though nobody was told."""

    def add(self, other: CrashReport) -> None:
        self.acknowledged += other.acknowledged
        self.lost += other.lost
        self.torn += other.torn
        self.unacknowledged += other.unacknowledged


def crash_round(path: Path, *, after_s: float, writers: int = 16) -> CrashReport:
    """Start writers on the store at `path`, kill them `after_s` seconds after the first write, and check it."""
    command = [sys.executable, "-m", "steersman.testing.store_crash", str(path), str(writers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - ourselves
        assert process.stdout is not None
        output = process.stdout.readline()
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        output += process.stdout.read()
    acknowledged: dict[int, tuple[int, int]] = {}
    lines = output.split(b"\n")[:-1]
    for line in lines:
        writer, count, revision = map(int, line.split())
        acknowledged[writer] = (count, revision)
    report = asyncio.run(_check(path, acknowledged, writers))
    report.acknowledged = len(lines)
    return report


async def _check(path: Path, acknowledged: dict[int, tuple[int, int]], writers: int) -> CrashReport:
    report = CrashReport()
    store = SqliteStore(path=path, clock=SystemClock())
    await store.start()
    try:
        reached = await store.revision()
        for writer in range(writers):
            records = [await store.get(f"/{writer}/{key}") for key in _KEYS]
            found = {(_count(record.value), record.mod_revision) if record else (0, 0) for record in records}
            told, told_at = acknowledged.get(writer, (0, 0))
            if len(found) != 1:
                report.torn.append(f"writer {writer}: {sorted(found)}")
                continue
            count, revision = found.pop()
            if count < told or (count == told and revision < told_at) or reached < told_at:
                report.lost.append(f"writer {writer}: {told} at {told_at}, found {count} at {revision}")
            report.unacknowledged += max(0, count - told) if told else 0
    finally:
        await store.stop()
    return report


def _count(value: bytes) -> int:
    return int(value.split(b" ", 1)[0])


async def _write(path: Path, writers: int) -> None:
    # Small limits, so that checkpoints, compaction and vacuuming are caught in the act as well.
    store = SqliteStore(path=path, clock=SystemClock(), wal_idle_pages=16, wal_pages_max=64, vacuum_pages_max=8)
    await store.start()

    async def count_up(writer: int) -> None:
        record = await store.get(f"/{writer}/{_KEYS[0]}")
        count = _count(record.value) if record else 0
        while True:
            count += 1
            value = b"%d " % count + bytes(_VALUE_SIZE)
            revision = await store.commit((), tuple(Put(f"/{writer}/{key}", value) for key in _KEYS))
            os.write(1, b"%d %d %d\n" % (writer, count, revision))
            if revision % _COMPACT_EVERY == 0:
                try:
                    await store.compact(revision)
                except Compacted:
                    continue

    await asyncio.gather(*(count_up(writer) for writer in range(writers)))


if __name__ == "__main__":
    asyncio.run(_write(Path(sys.argv[1]), int(sys.argv[2])))
