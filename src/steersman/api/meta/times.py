"""Times as objects carry them: RFC 3339 in UTC, without a fraction (Time) or with exactly six digits (MicroTime)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,](\d+))?(?:Z|[-+]\d\d:\d\d)\Z",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def parse_time(text: str) -> datetime:
    """A time in UTC, to the microsecond. Raises ValueError for anything but RFC 3339 as Go reads it."""
    if _RFC3339.match(text) is None:
        raise ValueError(f"not a time in RFC 3339: {text!r}")
    return datetime.fromisoformat(text.replace(",", ".")).astimezone(UTC)


def format_time(moment: datetime) -> str:
    """`2024-05-06T07:08:09Z`; the fraction is cut off. `moment` is aware."""
    return moment.astimezone(UTC).isoformat()[:19] + "Z"


def format_micro_time(moment: datetime) -> str:
    """`2024-05-06T07:08:09.000000Z`. `moment` is aware."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def to_unix(text: str) -> tuple[int, int]:
    """Seconds and nanoseconds since 1970 of an RFC 3339 time, nanoseconds never negative. Raises ValueError."""
    match = _RFC3339.match(text)
    if match is None:
        raise ValueError(f"not a time in RFC 3339: {text!r}")
    since = datetime.fromisoformat(text[:19] + text[20 + len(match[1]) :] if match[1] else text) - _EPOCH
    return since // _SECOND, int(match[1][:9].ljust(9, "0")) if match[1] else 0


def from_unix(seconds: int, nanos: int = 0, *, micro: bool = False) -> str:
    """The Time, or MicroTime, of a moment. Raises ValueError outside the years 1 to 9999."""
    try:
        moment = _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)
    except OverflowError:
        raise ValueError(f"time out of range: {seconds} s") from None
    return moment.isoformat(timespec="microseconds")[:26] + "Z" if micro else moment.isoformat()[:19] + "Z"
