"""Ages as tables show them: `5d`, `3h4m`, `<unknown>`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.meta.times import parse_time

if TYPE_CHECKING:
    from datetime import datetime

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400
_UNKNOWN = "<unknown>"


def translate_timestamp_since(timestamp: str | None, now: datetime) -> str:
    """How long ago a Time was; `<unknown>` if there is none or it cannot be read."""
    return _human(timestamp, now, 1)


def translate_timestamp_until(timestamp: str | None, now: datetime) -> str:
    """How far off a Time is."""
    return _human(timestamp, now, -1)


def _human(timestamp: str | None, now: datetime, sign: int) -> str:
    if not timestamp:
        return _UNKNOWN
    try:
        moment = parse_time(timestamp)
    except ValueError:
        return _UNKNOWN
    return human_duration((now - moment).total_seconds() * sign)


def human_duration(seconds: float) -> str:
    """Two or three significant digits, the finer unit only while it matters: `119s`, `5m10s`, `10m`, `7h59m`, `2d3h`,
    `3y20d`.
    """
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    if whole < 2 * _MINUTE:
        return f"{whole}s"
    minutes = whole // _MINUTE
    if minutes < 10:
        return _two(minutes, "m", whole % _MINUTE, "s")
    if minutes < 3 * 60:
        return f"{minutes}m"
    hours = whole // _HOUR
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 24 * 8:
        return _two(hours // 24, "d", hours % 24, "h")
    if hours < 24 * 365 * 2:
        return f"{hours // 24}d"
    years = hours // 24 // 365
    if hours < 24 * 365 * 8:
        return _two(years, "y", hours // 24 % 365, "d")
    return f"{years}y"


def short_human_duration(seconds: float) -> str:
    """One unit only: `119s` is `1m`."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    for unit, length in (("y", _YEAR), ("d", _DAY), ("h", _HOUR), ("m", _MINUTE)):
        if whole >= length:
            return f"{whole // length}{unit}"
    return f"{whole}s"


def _two(major: int, unit: str, minor: int, minor_unit: str) -> str:
    return f"{major}{unit}{minor}{minor_unit}" if minor else f"{major}{unit}"
