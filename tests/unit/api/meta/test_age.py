"""Ages as tables show them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.api.meta.age import (
    human_duration,
    short_human_duration,
    translate_timestamp_since,
    translate_timestamp_until,
)

_M, _H, _D, _Y = 60, 3600, 86400, 365 * 86400


@pytest.mark.parametrize(
    ("seconds", "text", "short"),
    [
        (-2, "<invalid>", "<invalid>"), (-1.9, "0s", "0s"), (0, "0s", "0s"), (0.9, "0s", "0s"), (119, "119s", "1m"),
        (120, "2m", "2m"), (125, "2m5s", "2m"), (10 * _M - 1, "9m59s", "9m"), (10 * _M, "10m", "10m"),
        (3 * _H - 1, "179m", "2h"), (3 * _H, "3h", "3h"), (3 * _H + 4 * _M, "3h4m", "3h"), (8 * _H - 1, "7h59m", "7h"),
        (8 * _H, "8h", "8h"), (2 * _D - 1, "47h", "1d"), (2 * _D, "2d", "2d"), (2 * _D + 3 * _H, "2d3h", "2d"),
        (8 * _D - 1, "7d23h", "7d"), (8 * _D, "8d", "8d"), (2 * _Y - 1, "729d", "1y"), (2 * _Y, "2y", "2y"),
        (3 * _Y + 20 * _D, "3y20d", "3y"), (8 * _Y - 1, "7y364d", "7y"), (8 * _Y, "8y", "8y"), (9 * _Y + 5 * _D, "9y", "9y"),
    ],
)  # fmt: skip
def test_durations_get_coarser_as_they_grow(seconds: float, text: str, short: str) -> None:
    assert human_duration(seconds) == text
    assert short_human_duration(seconds) == short


def test_a_timestamp_is_told_by_its_distance() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert translate_timestamp_since("2026-01-01T20:56:00Z", now) == "3h4m"
    assert translate_timestamp_until("2026-01-02T00:00:30Z", now) == "30s"
    for unknown in (None, "", "yesterday"):
        assert translate_timestamp_since(unknown, now) == "<unknown>"
