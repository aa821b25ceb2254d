"""Calendar fields, and durations as whole units."""

from __future__ import annotations

FIELDS = """
timestamp('2020-01-01T00:00:00+02:00').getHours()              => 22
timestamp('2020-01-01T00:00:00Z').getMonth()                   => 0
timestamp('2020-01-01T00:00:00Z').getDate()                    => 1
timestamp('2020-01-01T00:00:00Z').getDayOfMonth()              => 0
timestamp('2020-01-01T00:00:00Z').getDayOfWeek()               => 3
timestamp('2020-01-01T00:00:00Z').getDayOfYear()               => 0
timestamp('2020-01-01T00:00:00.5Z').getMilliseconds()          => 500
timestamp('2020-01-01T00:00:00Z').getHours('America/New_York') => 19
timestamp('2020-01-01T00:00:00Z').getHours('+05:30')           => 5
timestamp('2020-01-01T00:00:00Z').getHours('05:30')            => 5
timestamp('2020-01-01T00:00:00Z').getHours('Nope/Zone')        => ! unknown time zone Nope/Zone
timestamp('2020-01-01T00:00:00Z').getHours('-02:00')           => 22
duration('1h30m').getMinutes()                                 => 90
duration('90s').getHours()                                     => 0
duration('1500ms').getMilliseconds()                           => 1500
duration('1500ms').getSeconds()                                => 1
"""


def test_fields(said, expression: str, answer: str) -> None:
    assert said(expression) == answer
