"""Durations and moments."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('string(duration("90s"))', "90s"),
        ('timestamp("2026-01-01T00:00:00Z").getFullYear()', 2026),
        ('timestamp("2026-01-01T00:00:00Z") + duration("1h") == timestamp("2026-01-01T01:00:00Z")', True),
        ('duration("1h30m") == duration("90m")', True),
    ],
)
def test_what_an_expression_says(value, text: str, said: object) -> None:
    assert value(text) == said
