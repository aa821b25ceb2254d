"""Ranges saturate, and round as floating point does."""

from __future__ import annotations

from steersman.cel.ranges import NOTHING, ONE, UNBOUNDED, UNKNOWN, Range, exactly, scale


def test_sums_and_products_stay_within_64_bits() -> None:
    assert UNKNOWN.plus(ONE) == Range(1, UNBOUNDED)
    assert Range(2, 2**40).times(Range(3, 2**40)) == Range(6, UNBOUNDED)


def test_scaling_rounds_up() -> None:
    assert exactly(11).scaled(0.1) == exactly(2)
    assert scale(UNBOUNDED, 0.1) == 1844674407370955264
    assert scale(UNBOUNDED, 2) == UNBOUNDED


def test_a_union_holds_both() -> None:
    assert Range(2, 3).union(Range(5, 8)) == Range(2, 8)
    assert NOTHING.union(Range(5, 8)) == Range(5, 8)
