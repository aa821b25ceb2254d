"""How long what fails again and again waits."""

from __future__ import annotations

import pytest

from steersman.kubelet.backoff import Backoff, go_duration


def test_the_first_retry_is_at_once_and_then_waits_double_up_to_five_minutes():
    backoff, waits, now = Backoff(), [], 0.0
    for _ in range(8):
        until = backoff.waits_until(now)
        waits.append(0 if until is None else until - now)
        now = until or now
        backoff.next(now, now)
    assert waits == [0, 10, 20, 40, 80, 160, 300, 300]


def test_what_went_well_for_ten_minutes_begins_anew():
    backoff = Backoff()
    backoff.next(0, 0)
    backoff.next(10, 10)
    assert backoff.waits_until(611) is None
    backoff.next(611, 611)
    assert backoff.waits_until(612) == 622


@pytest.mark.parametrize(("seconds", "text"), [(10, "10s"), (80, "1m20s"), (300, "5m0s"), (3600, "1h0m0s")])
def test_durations_are_written_as_go_does(seconds, text):
    assert go_duration(seconds) == text
