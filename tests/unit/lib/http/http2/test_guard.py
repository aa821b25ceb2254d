"""What a peer may do for nothing is limited at once and over time."""

from __future__ import annotations

from steersman.lib.http.http2.guard import Allowance, RecentIds


def test_an_allowance_is_used_up() -> None:
    allowance = Allowance(at_once=3, per_tick=1)
    assert [allowance.spend(0) for _ in range(4)] == [True, True, True, False]


def test_it_refills_with_time_up_to_its_limit() -> None:
    allowance = Allowance(at_once=3, per_tick=2)
    assert allowance.spend(0, 3)
    assert not allowance.spend(0)
    assert [allowance.spend(1) for _ in range(3)] == [True, True, False]
    assert [allowance.spend(100) for _ in range(4)] == [True, True, True, False]


def test_only_the_last_ids_are_remembered() -> None:
    ids = RecentIds(2)
    for number in (1, 3, 3, 5):
        ids.add(number)
    assert [number in ids for number in (1, 3, 5)] == [False, True, True]
