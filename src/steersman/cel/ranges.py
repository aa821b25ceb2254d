"""Least and greatest: of sizes and of costs, in 64 bits that saturate instead of wrapping."""

from __future__ import annotations

import math
from typing import NamedTuple

UNBOUNDED = 2**64 - 1
_OVER = 2.0**64


class Range(NamedTuple):
    """From `low` to `high`, both included."""

    low: int
    high: int

    def plus(self, other: Range) -> Range:
        """Sums of both ends."""
        return Range(min(self.low + other.low, UNBOUNDED), min(self.high + other.high, UNBOUNDED))

    def times(self, other: Range) -> Range:
        """Products of both ends."""
        return Range(min(self.low * other.low, UNBOUNDED), min(self.high * other.high, UNBOUNDED))

    def scaled(self, factor: float) -> Range:
        """Times a factor, rounded up; as floating point does it, which is what the numbers are compared with."""
        return Range(scale(self.low, factor), scale(self.high, factor))

    def union(self, other: Range) -> Range:
        """The range that holds both."""
        return Range(min(self.low, other.low), max(self.high, other.high))


def scale(value: int, factor: float) -> int:
    """Value * factor, rounded up."""
    product = float(value) * factor
    return UNBOUNDED if product >= _OVER else math.ceil(product)


def exactly(value: int) -> Range:
    """A range of one."""
    return Range(min(value, UNBOUNDED), min(value, UNBOUNDED))


ZERO, ONE = Range(0, 0), Range(1, 1)
UNKNOWN = Range(0, UNBOUNDED)
NOTHING = Range(UNBOUNDED, 0)
"""The union's neutral element."""
