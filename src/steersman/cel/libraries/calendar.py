"""Calendar fields of timestamps, and durations as whole units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.cel import times
from steersman.cel.declarations import Library, Overload
from steersman.cel.values import SECOND_NS, Duration, Timestamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_STAMP, _SPAN = "google.protobuf.Timestamp", "google.protobuf.Duration"


def _field(identifier: str, field: Callable[[datetime], int]) -> tuple[Overload, ...]:
    """A field of a timestamp, in UTC or in a zone."""
    suffix = "_tz" if identifier == "timestamp_to_seconds" else "_with_tz"
    return (
        Overload(identifier, f"{_STAMP}.() -> int", lambda value: field(times.calendar(value))),
        Overload(
            identifier + suffix, f"{_STAMP}.(string) -> int", lambda value, zone: field(times.calendar(value, zone))
        ),
    )


def _whole(unit_ns: int) -> Any:
    """A duration in units, cut towards zero."""

    def count(value: Duration) -> int:
        return value.ns // unit_ns if value.ns >= 0 else -(-value.ns // unit_ns)

    return count


def _milliseconds(value: Timestamp, zone: str | None = None) -> int:
    times.calendar(value, zone)
    return value.ns % SECOND_NS // 1_000_000


CALENDAR = Library(
    "calendar",
    {
        "getFullYear": _field("timestamp_to_year", lambda at: at.year),
        "getMonth": _field("timestamp_to_month", lambda at: at.month - 1),
        "getDayOfYear": _field("timestamp_to_day_of_year", lambda at: at.timetuple().tm_yday - 1),
        "getDayOfMonth": _field("timestamp_to_day_of_month", lambda at: at.day - 1),
        "getDate": _field("timestamp_to_day_of_month_1_based", lambda at: at.day),
        "getDayOfWeek": _field("timestamp_to_day_of_week", lambda at: at.isoweekday() % 7),
        "getHours": (
            *_field("timestamp_to_hours", lambda at: at.hour),
            Overload("duration_to_hours", f"{_SPAN}.() -> int", _whole(3600 * SECOND_NS)),
        ),
        "getMinutes": (
            *_field("timestamp_to_minutes", lambda at: at.minute),
            Overload("duration_to_minutes", f"{_SPAN}.() -> int", _whole(60 * SECOND_NS)),
        ),
        "getSeconds": (
            *_field("timestamp_to_seconds", lambda at: at.second),
            Overload("duration_to_seconds", f"{_SPAN}.() -> int", _whole(SECOND_NS)),
        ),
        "getMilliseconds": (
            Overload("timestamp_to_milliseconds", f"{_STAMP}.() -> int", _milliseconds),
            Overload("timestamp_to_milliseconds_with_tz", f"{_STAMP}.(string) -> int", _milliseconds),
            Overload("duration_to_milliseconds", f"{_SPAN}.() -> int", _whole(1_000_000)),
        ),
    },
)
