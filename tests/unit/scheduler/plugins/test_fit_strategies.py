from __future__ import annotations

import numpy as np
import pytest

from steersman.scheduler.configuration.plugin_arguments import LEAST_ALLOCATED, MOST_ALLOCATED, TO_CAPACITY
from steersman.scheduler.plugins.fit_strategies import Strategy, along


def total(strategy, *resources):
    given = [(np.array(used), np.array(capacity), weight) for used, capacity, weight in resources]
    return strategy.total(given, len(resources[0][0])).tolist()


def test_least_allocated_likes_the_emptier():
    assert total(Strategy(LEAST_ALLOCATED), ([25, 50], [100, 100], 1)) == [75, 50]


def test_most_allocated_likes_the_fuller_and_counts_too_much_as_full():
    assert total(Strategy(MOST_ALLOCATED), ([25, 50, 130], [100, 100, 100], 1)) == [25, 50, 100]


def test_resources_count_by_weight_and_only_where_they_are():
    resources = ([50, 50], [100, 100], 3), ([90, 0], [100, 0], 1)
    assert total(Strategy(LEAST_ALLOCATED), *resources) == [(50 * 3 + 10) // 4, 50]


@pytest.mark.parametrize(("percent", "score"), [(0, 0), (25, 50), (50, 100), (75, 60), (100, 20), (60, 84), (61, 83)])
def test_a_line_goes_through_its_points_and_falls_as_go_divides(percent, score):
    assert along([(0, 0), (50, 10), (100, 2)])[percent] == score


def test_a_line_is_level_outside_of_its_points():
    table = along([(20, 3), (40, 7)])
    assert (table[0], table[20], table[40], table[100]) == (30, 30, 70, 70)


def test_what_scores_nothing_on_a_line_has_no_weight():
    strategy = Strategy(TO_CAPACITY, along([(0, 0), (100, 10)]))
    assert total(strategy, ([50, 50], [100, 100], 1), ([0, 33], [100, 100], 1)) == [50, 42]  # 41.5 is rounded up
