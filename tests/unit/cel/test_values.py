"""Values that JSON does not have."""

from __future__ import annotations

from steersman.cel.values import Duration, Uint


def test_an_unsigned_number_is_a_kind_of_its_own(value) -> None:
    assert isinstance(value("3u"), Uint)


def test_durations_are_nanoseconds(value) -> None:
    assert value('duration("1.5s")') == Duration(1_500_000_000)
