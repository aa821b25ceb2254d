"""Timestamps and durations: reading, writing, and their calendar fields.

A timestamp is RFC 3339 with up to nine decimals; a duration is Go's notation (`1h30m5.5s`). Calendar fields are those
of UTC, or of a named zone or an offset such as `-08:00`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from steersman.cel.errors import EvaluationError
from steersman.cel.operators import checked_duration, checked_timestamp
from steersman.cel.values import INT_MAX, INT_MIN, SECOND_NS, Duration, Timestamp

_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)
_SPAN = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNITS_NS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000,
    "s": SECOND_NS, "m": 60 * SECOND_NS, "h": 3600 * SECOND_NS,
}  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_timestamp(text: str) -> Timestamp:
    """Raises EvaluationError for what is no RFC 3339 time, or out of range."""
    match = _STAMP.fullmatch(text)
    if match is None:
        raise _not_convertible("google.protobuf.Timestamp")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction = ((match[7] or "") + "0" * 9)[:9]
    try:
        days = datetime(year, month, day, tzinfo=UTC).toordinal() - _EPOCH.toordinal()
    except ValueError:
        raise _not_convertible("google.protobuf.Timestamp") from None
    offset_s = 0
    if match[8]:
        if int(match[9]) > 24 or int(match[10]) > 60:
            raise _not_convertible("google.protobuf.Timestamp")
        offset_s = (int(match[9]) * 3600 + int(match[10]) * 60) * (-1 if match[8] == "-" else 1)
    if hour > 23 or minute > 59 or second > 59:
        raise _not_convertible("google.protobuf.Timestamp")
    total_s = days * 86400 + hour * 3600 + minute * 60 + second - offset_s
    return checked_timestamp(total_s * SECOND_NS + int(fraction), offset_s)


def _not_convertible(name: str) -> EvaluationError:
    return EvaluationError(f"type conversion error from 'string' to '{name}'")


def parse_moment(text: str) -> Timestamp:
    """A field of format date-time or date, the latter at midnight UTC; raises EvaluationError."""
    if len(text) == len("2006-01-02"):
        text += "T00:00:00Z"
    return parse_timestamp(text.upper())


def show_timestamp(value: Timestamp) -> str:
    """In the zone it was written in, without trailing zeros of the second."""
    moment = _at(value, timezone(timedelta(seconds=value.offset_s)))
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    nanos = value.ns % SECOND_NS
    minutes = abs(value.offset_s) // 60
    zone = f"{'-' if value.offset_s < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}" if minutes else "Z"
    return f"{text}.{nanos:09d}".rstrip("0") + zone if nanos else text + zone


def parse_duration(text: str) -> Duration:
    """Raises EvaluationError for what is not in Go's notation, or beyond 64 bits of nanoseconds."""
    sign, body = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if body == "0":
        return Duration(0)
    total = at = 0
    while at < len(body):
        match = _SPAN.match(body, at)
        if match is None:
            break
        whole, _, decimals = match[1].partition(".")
        unit = _UNITS_NS[match[2]]
        total += int(whole or "0") * unit + (int(decimals) * unit // 10 ** len(decimals) if decimals else 0)
        at = match.end()
    if at == 0 or at != len(body) or not INT_MIN <= sign * total <= INT_MAX:
        raise _not_convertible("google.protobuf.Duration")
    return checked_duration(sign * total)


def show_duration(value: Duration) -> str:
    """In seconds, as `5400s` or `0.5s`."""
    whole, nanos = divmod(abs(value.ns), SECOND_NS)
    seconds = float(whole) + nanos / SECOND_NS  # as a double, which is what cel-go writes
    text = f"{Decimal(repr(seconds)):f}"
    return f"{'-' if value.ns < 0 else ''}{text.removesuffix('.0')}s"


def calendar(value: Timestamp, zone: str | None = None) -> datetime:
    """The moment on the calendar of a zone, cut to microseconds; raises EvaluationError for an unknown zone."""
    if zone is None:
        return _at(value, UTC)
    if ":" not in zone:
        return _at(value, _named(zone))
    hours, _, minutes = zone.partition(":")
    try:
        hour, minute = int(hours), int(minutes)
    except ValueError:
        wrong = hours if not re.fullmatch(r"[+-]?\d+", hours) else minutes
        raise EvaluationError(f'strconv.Atoi: parsing "{wrong}": invalid syntax') from None
    if not 0 <= minute <= 59:
        raise EvaluationError(f"timezone offset minutes out of range [0, 59]: {zone}")
    offset = hour * 60 - minute if zone[0] == "-" else hour * 60 + minute
    try:
        return _at(value, timezone(timedelta(minutes=offset)))
    except ValueError:
        raise EvaluationError(f"timezone offset out of range: {zone}") from None


def _named(zone: str) -> ZoneInfo | timezone:
    if zone in {"", "UTC"}:
        return UTC
    try:
        return ZoneInfo(zone)
    except (OSError, ValueError, LookupError):
        raise EvaluationError(f"unknown time zone {zone}") from None


def _at(value: Timestamp, zone: ZoneInfo | timezone) -> datetime:
    moment = _EPOCH + timedelta(microseconds=value.ns // 1000)
    try:
        return moment.astimezone(zone)
    except OverflowError:
        raise EvaluationError("timestamp overflow") from None
