"""The test that kills writers counts rightly."""

from __future__ import annotations

from steersman.testing.store_crash import CrashReport, crash_round


def test_a_round_counts_what_was_acknowledged_and_finds_it(tmp_path):
    report = crash_round(tmp_path / "state.db", after_s=0.05, writers=2)
    assert report.acknowledged > 0
    assert (report.lost, report.torn) == ([], [])


def test_reports_add_up():
    total = CrashReport(acknowledged=1, lost=["a"])
    total.add(CrashReport(acknowledged=2, torn=["b"], unacknowledged=3))
    assert total == CrashReport(acknowledged=3, lost=["a"], torn=["b"], unacknowledged=3)
