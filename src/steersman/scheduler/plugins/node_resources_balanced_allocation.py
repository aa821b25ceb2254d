"""NodeResourcesBalancedAllocation: prefers nodes whose cpu and memory the pod brings into balance.

50 + (50 + balance with the pod - balance without it) / 2, where balance = 100 * (1 - standard deviation of the used
fractions): 75 for a pod that makes no difference.
Upstream: pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steersman.scheduler.framework import SCORE_MAX, SKIP, Cycle, Plugin, Skip
from steersman.scheduler.pod_info import CPU, MEMORY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from steersman.scheduler.snapshot import Amounts

_NATIVE = (CPU, MEMORY, "ephemeral-storage")


class NodeResourcesBalancedAllocation(Plugin):
    """`resources`: those that are to be in balance."""

    name = "NodeResourcesBalancedAllocation"

    def __init__(self, *, resources: Sequence[str] = (CPU, MEMORY)) -> None:
        self._resources = tuple(resources)

    def pre_score(self, cycle: Cycle, _feasible: NDArray[np.intp]) -> Skip | None:
        return None if any(cycle.pod.requests.get(name) for name in self._resources) else SKIP

    def score(self, cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        snapshot, requests = cycle.snapshot, cycle.pod.requests
        rows = [
            (row, requests.get(name, 0))
            for name in self._resources
            if (row := snapshot.row(name)) is not None and (name in _NATIVE or requests.get(name))
        ]
        capacity = np.stack([snapshot.allocatable[row, feasible] for row, _ in rows])
        before = np.stack([snapshot.requested[row, feasible] for row, _ in rows])
        after = before + np.array([[wanted] for _, wanted in rows], np.int64)
        half = SCORE_MAX // 2
        gain = _balance(after, capacity) - _balance(before, capacity)
        # Towards zero, as Go divides; what is halved is never negative.
        return half + (half + gain) // 2


def _balance(used: Amounts, capacity: Amounts) -> Amounts:
    """Of each node; resources that it does not have do not count."""
    has = capacity > 0
    fractions = np.where(has, np.minimum(used / np.maximum(capacity, 1), 1.0), 0.0)
    count = np.maximum(has.sum(axis=0), 1)
    mean = fractions.sum(axis=0) / count
    spread = np.sqrt((np.where(has, fractions - mean, 0.0) ** 2).sum(axis=0) / count)
    if len(used) == 2:
        # Upstream's simpler form of the same for two; the square root would round differently.
        spread = np.where(has.all(axis=0), np.abs(fractions[0] - fractions[1]) / 2, 0.0)
    balance: Amounts = ((1 - spread) * SCORE_MAX).astype(np.int64)
    return balance
