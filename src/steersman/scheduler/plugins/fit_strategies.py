"""fit_strategies: how NodeResourcesFit compares nodes by what would be in use of their resources.

LeastAllocated: the emptier, the better; MostAllocated: the fuller, the better; RequestedToCapacityRatio: as a line
through given points says. Each resource is scored alone, and they count by their weights.
Upstream: pkg/scheduler/framework/plugins/noderesources (least_allocated, most_allocated, requested_to_capacity_ratio).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from steersman.scheduler.configuration.plugin_arguments import LEAST_ALLOCATED, MOST_ALLOCATED
from steersman.scheduler.framework import SCORE_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.scheduler.snapshot import Amounts

_POINT_MAX = 10
"""The best score that a point of a line can have."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """`table`: for RequestedToCapacityRatio, the score of each percentage in use, 0 to 100."""

    kind: str = LEAST_ALLOCATED
    table: tuple[int, ...] = ()

    def total(self, resources: Iterable[tuple[Amounts, Amounts, int]], width: int) -> Amounts:
        """Of each node. `resources`: of each what would be used, what there is (0: the node does not have it), and its
        weight.
        """
        total, weights = np.zeros(width, np.int64), np.zeros(width, np.int64)
        for used, capacity, weight in resources:
            counted, whole = capacity > 0, np.maximum(capacity, 1)
            if self.kind == LEAST_ALLOCATED:
                free = capacity - used
                scored = np.where(counted & (free >= 0), free * SCORE_MAX // whole, 0)
            elif self.kind == MOST_ALLOCATED:
                scored = np.where(counted, np.minimum(used, capacity) * SCORE_MAX // whole, 0)
            else:
                percent = np.where(used > capacity, 100, used * 100 // whole)
                scored = np.where(counted, np.array(self.table, np.int64)[np.clip(percent, 0, 100)], 0)
                counted = scored > 0  # what scores nothing has no weight either
            total += scored * weight
            weights += counted * weight
        if self.table:
            return np.floor(total / np.maximum(weights, 1) + 0.5).astype(np.int64)
        averaged: Amounts = total // np.maximum(weights, 1)
        return averaged


def along(points: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """The table of a line through points (percentage in use, score up to 10), level before the first and behind the
    last.
    """
    scaled = [(percent, score * (SCORE_MAX // _POINT_MAX)) for percent, score in points]
    return tuple(_at(scaled, percent) for percent in range(101))


def _at(points: Sequence[tuple[int, int]], percent: int) -> int:
    if percent <= points[0][0]:
        return points[0][1]
    for (before, low), (behind, high) in pairwise(points):
        if percent <= behind:
            return low + int((high - low) * (percent - before) / (behind - before))  # towards zero, as Go divides
    return points[-1][1]
