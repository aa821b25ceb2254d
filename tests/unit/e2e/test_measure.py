"""What a run costs."""

from __future__ import annotations

from conformance.e2e.measure import percentile


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert percentile(values, 0.99) == 100.0
    assert percentile(values, 0.5) == 51.0
    assert percentile([7.0], 0.99) == 7.0
    assert percentile([], 0.99) == 0.0
