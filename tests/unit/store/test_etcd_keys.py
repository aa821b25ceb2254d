"""Where keys and revisions lie in etcd."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from steersman.store.etcd_keys import KeySpace
from steersman.store.interface import Record


@dataclass
class KeyValue:
    key: bytes
    value: bytes = b"v"
    create_revision: int = 2
    mod_revision: int = 3
    version: int = 2


@pytest.mark.parametrize(
    ("store_prefix", "prefix", "start", "wanted"),
    [
        ("", "", "", (b"\x01", b"\0")),
        ("", "/pods/", "", (b"/pods/", b"/pods0")),
        ("/x", "", "", (b"/x", b"/y")),
        ("/x", "/pods/", "/pods/b", (b"/x/pods/b", b"/x/pods0")),
        ("/x", "/pods/", "/a", (b"/x/pods/", b"/x/pods0")),
    ],
)
def test_ranges(store_prefix, prefix, start, wanted):
    assert KeySpace(prefix=store_prefix).range_of(prefix, start) == wanted


def test_keys_of_others_and_our_own_notes_are_not_the_stores():
    keys = KeySpace(prefix="/x")
    assert keys.from_remote_key(b"/x/a") == "/a"
    assert keys.from_remote_key(b"/y/a") is None
    assert KeySpace(prefix="").from_remote_key(keys.shift_key) is None
    assert KeySpace(prefix="").from_remote_key(keys.probe_key) is None


def test_a_shift_moves_every_revision():
    keys = KeySpace(prefix="/x")
    keys.shift = 100
    assert (keys.from_remote(5), keys.to_remote(105), keys.to_remote(50)) == (105, 5, 1)
    assert keys.record_of(KeyValue(b"/x/a")) == Record("/a", b"v", 102, 103, 2)
