"""Clocks tell UTC; a manual one stands still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from steersman.lib.clock import ManualClock, SystemClock


def test_the_system_clock_tells_utc():
    assert SystemClock().now().tzinfo is UTC


def test_a_manual_clock_moves_only_when_told():
    clock = ManualClock(start=datetime(2026, 3, 1, tzinfo=UTC))
    assert clock.now() == clock.now() == datetime(2026, 3, 1, tzinfo=UTC)
    assert clock.advance(90) == datetime(2026, 3, 1, 0, 1, 30, tzinfo=UTC)
    clock.set(datetime(2026, 3, 1, 2, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now() == datetime(2026, 3, 1, tzinfo=UTC)
