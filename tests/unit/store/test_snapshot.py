"""A snapshot is complete and undamaged, or refused."""

from __future__ import annotations

import pytest

from steersman.store.interface import Put, StoreBroken
from steersman.store.snapshot import SnapshotWriter, open_snapshot

ITEMS = [("/a", b"1", 0), ("/b", b"", 7), ("/é", bytes(range(256)), 0)]


def write(path):
    writer = SnapshotWriter(path, revision=42)
    writer.add(ITEMS[:1])
    writer.add(ITEMS[1:])
    writer.finish()
    writer.abort()


def test_what_is_written_is_read(tmp_path):
    write(tmp_path / "s")
    snapshot = open_snapshot(tmp_path / "s")
    assert (snapshot.revision, snapshot.count) == (42, 3)
    assert list(snapshot.puts()) == [Put(*item) for item in ITEMS]
    assert [file.name for file in tmp_path.iterdir()] == ["s"]


def test_an_unfinished_snapshot_leaves_nothing(tmp_path):
    writer = SnapshotWriter(tmp_path / "s", revision=1)
    writer.add(ITEMS)
    writer.abort()
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_left_alone(tmp_path):
    write(tmp_path / "s")
    with pytest.raises(StoreBroken, match="exists"):
        SnapshotWriter(tmp_path / "s", revision=1)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(StoreBroken, match="missing"):
        SnapshotWriter(tmp_path / "missing" / "s", revision=1)


def test_every_cut_and_every_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "s"
    write(path)
    data = path.read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(StoreBroken):
            open_snapshot(path)
    for i in range(len(data)):
        path.write_bytes(data[:i] + bytes((data[i] ^ 4,)) + data[i + 1 :])
        with pytest.raises(StoreBroken):
            open_snapshot(path)
    path.write_bytes(data + data[data.index(b"}\n") + 2 :])
    with pytest.raises(StoreBroken):
        open_snapshot(path)
