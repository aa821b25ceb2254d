"""What the etcd driver decides by itself; the rest is tests/conformance/store and tests/integration/store."""

from __future__ import annotations

import pytest

from steersman.store.drivers.etcd import EtcdStore, _answers_progress, _chunks
from steersman.store.snapshot import SnapshotWriter, open_snapshot


@pytest.mark.parametrize(
    ("version", "trusted"),
    [
        ("3.3.27", False),
        ("3.4.23", False),
        ("3.4.25", True),
        ("3.5.7", False),
        ("3.5.8", True),
        ("3.6.0-rc.1", True),
        ("4.0.0", True),
        ("strange", False),
    ],
)
def test_progress_is_asked_only_of_servers_that_answer_it_rightly(version, trusted):
    assert _answers_progress(version) is trusted


def test_a_restore_is_cut_into_transactions_that_etcd_accepts(tmp_path):
    writer = SnapshotWriter(tmp_path / "s", revision=1)
    writer.add((f"/{i:03}", bytes(400_000 if i < 5 else 10), 0) for i in range(250))
    writer.finish()
    chunks = list(_chunks(open_snapshot(tmp_path / "s")))
    assert [put.key for chunk in chunks for put in chunk] == [f"/{i:03}" for i in range(250)]
    assert all(len(chunk) <= 100 and sum(len(put.value) for put in chunk) <= 1_000_000 for chunk in chunks)


def test_a_store_needs_an_endpoint():
    with pytest.raises(ValueError, match="endpoint"):
        EtcdStore(endpoints=())
