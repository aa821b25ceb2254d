from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from steersman.lib.cron import find_zone, parse, parse_duration

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str, zone=UTC) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("schedule", "after", "found"),
    [
        ("* * * * *", "2026-01-01T00:00:30", "2026-01-01T00:01:00"),
        ("*/15 * * * *", "2026-01-01T00:15:00", "2026-01-01T00:30:00"),
        ("5/20 * * * *", "2026-01-01T00:06:00", "2026-01-01T00:25:00"),
        ("0 9-17/4 * * ?", "2026-01-01T10:00:00", "2026-01-01T13:00:00"),
        ("30 3 31 * *", "2026-02-01T00:00:00", "2026-03-31T03:30:00"),
        ("0 0 29 feb *", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 * * MON-wed", "2026-01-01T00:00:00", "2026-01-05T00:00:00"),
        ("0 0 13 * 5", "2026-01-01T00:00:00", "2026-01-02T00:00:00"),  # both days: one of them is enough
        ("0 0 13 * */2", "2026-01-01T00:00:00", "2026-01-03T00:00:00"),  # a star with a step restricts
        ("@hourly", "2026-01-01T00:00:00", "2026-01-01T01:00:00"),
        ("@weekly", "2026-01-01T00:00:00", "2026-01-04T00:00:00"),
        ("@yearly", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("@every 90m", "2026-01-01T00:00:00", "2026-01-01T01:30:00"),
        ("@every 10ms", "2026-01-01T00:00:00.5", "2026-01-01T00:00:01"),
    ],
)  # fmt: skip
def test_the_next_moment(schedule, after, found) -> None:
    assert parse(schedule).next(at(after)) == at(found)


def test_a_day_that_never_comes_is_not_searched_for_ever() -> None:
    assert parse("0 0 30 2 *").next(at("2026-01-01T00:00:00")) is None


def test_a_skipped_hour_does_not_happen() -> None:
    assert parse("30 2 * * *").next(at("2026-03-07T12:00:00", NEW_YORK)) == at("2026-03-09T02:30:00", NEW_YORK)


def test_a_doubled_hour_happens_twice_for_open_hours() -> None:
    first = parse("30 * * * *").next(at("2026-11-01T01:00:00", NEW_YORK))
    second = parse("30 * * * *").next(first)
    assert [moment.astimezone(UTC) for moment in (first, second)] == [
        at("2026-11-01T05:30:00"),
        at("2026-11-01T06:30:00"),
    ]


def test_a_zone_of_its_own_wins() -> None:
    assert parse("TZ=America/New_York 0 6 * * *").next(at("2026-01-01T00:00:00")) == at("2026-01-01T11:00:00")


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("", "empty spec string"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("0 * * * * *", "expected exactly 5 fields, found 6: [0 * * * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("* * * * 7", "end of range (7) above maximum (6): 7"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("* * L * *", 'failed to parse int from L: strconv.Atoi: parsing "L": invalid syntax'),
        ("* * * * 5#2", 'failed to parse int from 5#2: strconv.Atoi: parsing "5#2": invalid syntax'),
        ("@reboot", "unrecognized descriptor: @reboot"),
        ("@every soon", 'failed to parse duration @every soon: time: invalid duration "soon"'),
        ("TZ=Nowhere/Land * * * * *", "provided bad location Nowhere/Land: unknown time zone Nowhere/Land"),
        ("TZ=UTC", "invalid schedule format: runtime error: slice bounds out of range [:-1]"),
    ],
)  # fmt: skip
def test_what_cannot_be_read(schedule, message) -> None:
    with pytest.raises(ValueError) as caught:
        parse(schedule)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("1h30m", 5400), ("1.5s", 1.5), ("-2s", -2), ("0", 0), ("100ms", 0.1)]
)
def test_durations(text, seconds) -> None:
    assert parse_duration(text) == seconds * 1_000_000_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'time: invalid duration ""'),
        ("5", 'time: missing unit in duration "5"'),
        ("5d", 'time: unknown unit "d" in duration "5d"'),
        (".s", 'time: invalid duration ".s"'),
    ],
)
def test_no_durations(text, message) -> None:
    with pytest.raises(ValueError) as caught:
        parse_duration(text)
    assert str(caught.value) == message


def test_zones_outside_of_the_database_are_not_looked_for() -> None:
    with pytest.raises(ValueError, match="time: invalid location name"):
        find_zone("../etc/passwd")
