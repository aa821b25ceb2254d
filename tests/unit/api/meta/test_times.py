"""Times of objects: RFC 3339 there and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from steersman.api.meta.times import format_micro_time, format_time, from_unix, parse_time, to_unix

_MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def test_a_time_has_no_fraction_and_a_micro_time_always_six_digits() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    for moment in (_MOMENT, _MOMENT.astimezone(east)):
        assert format_time(moment) == "2026-01-02T03:04:05Z"
        assert format_micro_time(moment) == "2026-01-02T03:04:05.678901Z"
    assert format_micro_time(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.678901Z", _MOMENT),
        ("2026-01-02T03:04:05.678901234Z", _MOMENT),
        ("2026-01-02T05:04:05+02:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_any_zone(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment
    assert parse_time(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", ["", "2026-01-02", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z",
                                  "2026-01-02T03:04:05z", "20260102T030405Z", "2026-01-02T03:04:05Z\n"])  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)
    with pytest.raises(ValueError):
        to_unix(text)


def test_unix_seconds_there_and_back() -> None:
    for text in ("2026-01-02T03:04:05Z", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        seconds, nanos = to_unix(text)
        assert nanos == 0
        assert from_unix(seconds) == text
    assert to_unix("1969-12-31T23:59:59.5Z") == (-1, 500_000_000)
    assert to_unix("2026-01-02T05:04:05.000000123+02:00") == (1767323045, 123)
    assert from_unix(0, 1000, micro=True) == "1970-01-01T00:00:00.000001Z"
    with pytest.raises(ValueError, match="out of range"):
        from_unix(1 << 60)
