"""One owner per data file, and no file is touched that is not understood."""

from __future__ import annotations

import os
import struct

import pytest

from steersman.store.datafile import check_header, take_lock
from steersman.store.interface import StoreBroken


def header(*, application=7, version=1):
    data = bytearray(b"SQLite format 3\0".ljust(100, b"\0"))
    struct.pack_into(">I", data, 60, version)
    struct.pack_into(">I", data, 68, application)
    return bytes(data)


def test_a_lock_is_held_by_one_and_names_its_owner(tmp_path):
    path = tmp_path / "new" / "state.db"
    descriptor = take_lock(path)
    with pytest.raises(StoreBroken, match=f"process {os.getpid()}"):
        take_lock(path)
    os.close(descriptor)
    os.close(take_lock(path))


def test_a_lock_tells_the_present_owner_and_not_a_past_one(tmp_path):
    path = tmp_path / "state.db"
    (tmp_path / "state.db.lock").write_text("999999999\n")
    descriptor = take_lock(path)
    assert (tmp_path / "state.db.lock").read_text() == f"{os.getpid()}\n"
    os.close(descriptor)


@pytest.mark.parametrize("content", [None, b"", header(), header(application=0, version=0)])
def test_new_and_known_files_pass(tmp_path, content):
    path = tmp_path / "state.db"
    if content is not None:
        path.write_bytes(content)
    check_header(path, application_id=7, version=1)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"hello", "damaged"),
        (header()[:50], "damaged"),
        (header(application=8), "another program"),
        (header(version=2), "newer version"),
    ],
)
def test_others_are_refused_by_name(tmp_path, content, word):
    path = tmp_path / "state.db"
    path.write_bytes(content)
    with pytest.raises(StoreBroken, match=word) as caught:
        check_header(path, application_id=7, version=1)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content
