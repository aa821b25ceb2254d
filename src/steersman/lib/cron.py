"""Cron schedules, as Kubernetes reads them (github.com/robfig/cron v3, the standard parser).

Five fields: minute, hour, day of month, month, day of week; `*` and `?` are everything, lists, ranges and steps as
usual, names of months and days in any case. Sunday is 0 only. When both days are restricted, one of them has to match.
Descriptors: `@yearly` `@annually` `@monthly` `@weekly` `@daily` `@midnight` `@hourly` `@every <duration>`. A `TZ=` or
`CRON_TZ=` prefix names a time zone.

`parse(text)` gives a schedule, or raises ValueError in upstream's words. A local time that a change of clocks skips
does not happen; one that happens twice happens twice if the hour is open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SEARCH_YEARS_MAX = 5
"""How far ahead `next` looks: a schedule that never happens (30 February) ends there."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_INT64_MAX = 2**63 - 1


class Schedule(Protocol):
    """When something is to happen."""

    def next(self, after: datetime) -> datetime | None:
        """The first moment later than `after` (aware), in the same zone; None if there is none within five years.

        The schedule is read in its own time zone, or, if it names none, in that of `after`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """`@every 90m`: a constant delay of whole seconds, at least one."""

    delay_s: int

    def next(self, after: datetime) -> datetime | None:
        moment = after.astimezone(UTC) + timedelta(seconds=self.delay_s, microseconds=-after.microsecond)
        return moment.astimezone(after.tzinfo)


@dataclass(frozen=True, slots=True)
class Fields:
    """The five fields, each as the set of its values; `star_days`: a day field was `*`, so that both have to match."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    star_days: bool
    zone: tzinfo | None = None

    def next(self, after: datetime) -> datetime | None:
        zone = self.zone or after.tzinfo or UTC
        found = _Search(self, zone).from_second(int(after.timestamp()) + 1)
        return None if found is None else datetime.fromtimestamp(found, UTC).astimezone(after.tzinfo)

    def day_matches(self, local: datetime) -> bool:
        day, weekday = local.day in self.days, (local.weekday() + 1) % 7 in self.weekdays
        return (day and weekday) if self.star_days else (day or weekday)


class _Search:
    """Looks for the next moment field by field, from the coarsest; whatever wraps around starts again."""

    def __init__(self, fields: Fields, zone: tzinfo) -> None:
        self._fields = fields
        self._zone = zone

    def _local(self, second: int) -> datetime:
        return datetime.fromtimestamp(second, UTC).astimezone(self._zone)

    def _second(self, local: datetime) -> int:
        """The moment of a local time. One that does not exist is read with the offset of before the change."""
        guess = int(local.replace(tzinfo=UTC).timestamp())
        offset = self._offset(guess)
        return guess - self._offset(guess - offset) if offset else guess

    def _offset(self, second: int) -> int:
        offset = self._local(second).utcoffset() or timedelta()
        return int(offset.total_seconds())

    def from_second(self, second: int) -> int | None:
        last_year = self._local(second).year + SEARCH_YEARS_MAX
        at: int | None = second
        while at is not None and self._local(at).year <= last_year:
            steps = (self._to_month, self._to_day, self._to_hour, self._to_minute)
            for step in steps:
                at, wrapped = step(at)
                if wrapped:
                    break
            else:
                # Schedules fire at second 0: the minute's beginning, or the next minute's.
                if at % _MINUTE == 0:
                    return at
                at += _MINUTE - at % _MINUTE
        return None

    def _to_month(self, at: int) -> tuple[int, bool]:
        local = self._local(at)
        if local.month in self._fields.months:
            return at, False
        year, month = (local.year, local.month + 1) if local.month < 12 else (local.year + 1, 1)
        at = self._second(datetime(year, month, 1, tzinfo=UTC))
        return at, True

    def _to_day(self, at: int) -> tuple[int, bool]:
        local = self._local(at)
        if self._fields.day_matches(local):
            return at, False
        midnight = datetime(local.year, local.month, local.day, tzinfo=UTC) + timedelta(days=1)
        at = self._second(midnight)
        hour = self._local(at).hour
        if hour:
            # Midnight does not exist on that day.
            at += (24 - hour) * _HOUR if hour > 12 else -hour * _HOUR
        return at, True

    def _to_hour(self, at: int) -> tuple[int, bool]:
        local = self._local(at)
        if local.hour in self._fields.hours:
            return at, False
        beginning = at - local.minute * _MINUTE - local.second
        return beginning + _HOUR, True

    def _to_minute(self, at: int) -> tuple[int, bool]:
        local = self._local(at)
        if local.minute in self._fields.minutes:
            return at, False
        return at - at % _MINUTE + _MINUTE, True


# -- reading


@dataclass(frozen=True, slots=True)
class _Bounds:
    low: int
    high: int
    names: Mapping[str, int]

    @property
    def all(self) -> frozenset[int]:
        return frozenset(range(self.low, self.high + 1))


def _named(names: str, first: int) -> dict[str, int]:
    return {name: first + index for index, name in enumerate(names.split())}


_MINUTES = _Bounds(0, 59, {})
_HOURS = _Bounds(0, 23, {})
_DAYS = _Bounds(1, 31, {})
_MONTHS = _Bounds(1, 12, _named("jan feb mar apr may jun jul aug sep oct nov dec", 1))
_WEEKDAYS = _Bounds(0, 6, _named("sun mon tue wed thu fri sat", 0))
_FIELDS = (_MINUTES, _HOURS, _DAYS, _MONTHS, _WEEKDAYS)
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EVERY = "@every "


def parse(text: str, *, load_zone: Callable[[str], tzinfo] | None = None) -> Schedule:
    """Raises ValueError. `load_zone(name)` finds a time zone or raises ValueError; left out: the system's database."""
    if not text:
        raise ValueError("empty spec string")
    zone = None
    if text.startswith(("TZ=", "CRON_TZ=")):
        prefix, space, rest = text.partition(" ")
        name = prefix.partition("=")[2]
        if not space:
            # Upstream's parser trips over its own feet here, and this is what it says.
            raise ValueError("invalid schedule format: runtime error: slice bounds out of range [:-1]")
        try:
            zone = (load_zone or find_zone)(name)
        except ValueError as error:
            raise ValueError(f"provided bad location {name}: {error}") from None
        text = rest.strip()
    if text.startswith("@"):
        return _descriptor(text, zone)
    return _fields(text, zone)


def find_zone(name: str) -> tzinfo:
    """A time zone of the IANA database; "" and UTC are UTC. Raises ValueError as Go's time.LoadLocation does."""
    if name in ("", "UTC"):
        return UTC
    if ".." in name or name.startswith(("/", "\\")):
        raise ValueError("time: invalid location name")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name}") from None


def _descriptor(text: str, zone: tzinfo | None) -> Schedule:
    if text in _DESCRIPTORS:
        return _fields(_DESCRIPTORS[text], zone)
    if text.startswith(_EVERY):
        try:
            duration_ns = parse_duration(text.removeprefix(_EVERY))
        except ValueError as error:
            raise ValueError(f"failed to parse duration {text}: {error}") from None
        return Every(max(1, duration_ns // 1_000_000_000))
    raise ValueError(f"unrecognized descriptor: {text}")


def _fields(text: str, zone: tzinfo | None) -> Schedule:
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError(f"expected exactly 5 fields, found {len(parts)}: [{' '.join(parts)}]")
    read = [_field(part, bounds) for part, bounds in zip(parts, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = (values for values, _ in read)
    star_days = read[2][1] or read[4][1]
    return Fields(minutes, hours, days, months, weekdays, star_days, zone)


def _field(text: str, bounds: _Bounds) -> tuple[frozenset[int], bool]:
    """The values, and whether a star was among them."""
    values: set[int] = set()
    star = False
    for part in text.split(","):
        if part:
            found, starred = _range(part, bounds)
            values |= found
            star = star or starred
    return frozenset(values), star


def _range(text: str, bounds: _Bounds) -> tuple[set[int], bool]:
    span, *steps = text.split("/")
    low, *highs = span.split("-")
    star = low in ("*", "?")
    if star:
        start, end = bounds.low, bounds.high
    else:
        start = end = _number(low, bounds.names)
        if len(highs) == 1:
            end = _number(highs[0], bounds.names)
        elif highs:
            raise ValueError(f"too many hyphens: {text}")
    step = 1
    if len(steps) > 1:
        raise ValueError(f"too many slashes: {text}")
    if steps:
        step = _number(steps[0], {})
        if not highs:
            end = bounds.high
        star = star and step <= 1
    if start < bounds.low:
        raise ValueError(f"beginning of range ({start}) below minimum ({bounds.low}): {text}")
    if end > bounds.high:
        raise ValueError(f"end of range ({end}) above maximum ({bounds.high}): {text}")
    if start > end:
        raise ValueError(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise ValueError(f"step of range should be a positive number: {text}")
    return set(range(start, end + 1, step)), star


def _number(text: str, names: Mapping[str, int]) -> int:
    named = names.get(text.lower())
    if named is not None:
        return named
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ValueError(f"failed to parse int from {text}: strconv.Atoi: parsing {_quoted(text)}: invalid syntax")
    number = int(text)
    if not -_INT64_MAX - 1 <= number <= _INT64_MAX:
        raise ValueError(f"failed to parse int from {text}: strconv.Atoi: parsing {_quoted(text)}: value out of range")
    if number < 0:
        raise ValueError(f"negative number ({number}) not allowed: {text}")
    return number


_UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,
    "\u03bcs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_DURATION_PART = re.compile(r"([0-9]*)(\.[0-9]*)?([^0-9.]*)")


def parse_duration(text: str) -> int:
    """Go's time.ParseDuration, in nanoseconds. Raises ValueError in its words."""
    wrong = ValueError(f"time: invalid duration {_quoted(text)}")
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    if not rest:
        raise wrong
    total = 0
    while rest:
        part = _DURATION_PART.match(rest)
        if part is None or (not part[1] and len(part[2] or "") < 2):
            raise wrong
        unit = part[3]
        if not unit:
            raise ValueError(f"time: missing unit in duration {_quoted(text)}")
        if unit not in _UNITS_NS:
            raise ValueError(f"time: unknown unit {_quoted(unit)} in duration {_quoted(text)}")
        scale = _UNITS_NS[unit]
        total += int(part[1] or "0") * scale
        fraction = (part[2] or ".")[1:]
        if fraction:
            total += int(fraction) * scale // 10 ** len(fraction)
        if total > _INT64_MAX:
            raise wrong
        rest = rest[part.end() :]
    return -total if text[0] == "-" else total


def _quoted(text: str) -> str:
    """Go's %q for what occurs here."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
