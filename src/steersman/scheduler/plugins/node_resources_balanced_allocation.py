"""NodeResourcesBalancedAllocation: prefers nodes whose cpu and memory the pod brings into balance.

50 + (50 + balance with the pod - balance without it) / 2, where balance = 100 * (1 - standard deviation of the used
fractions): 75 for a pod that makes no difference.
Upstream: pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steersman.scheduler.framework import SCORE_MAX, SKIP, Cycle, Plugin, Skip, of_feasible
from steersman.scheduler.pod_info import CPU, MEMORY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from steersman.scheduler.snapshot import Amounts, Snapshot

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
        rows = tuple(
            (row, requests.get(name, 0))
            for name in self._resources
            if (row := snapshot.row(name)) is not None and (name in _NATIVE or requests.get(name))
        )
        return of_feasible(
            snapshot.charged((self.name, rows), lambda columns: _scores(snapshot, rows, columns)), feasible
        )


def _scores(snapshot: Snapshot, rows: Sequence[tuple[int, int]], columns: NDArray[np.intp]) -> Amounts:
    """`rows`: of the resources, each with what is wanted of it."""
    of_rows = [row for row, _ in rows]
    capacity = snapshot.allocatable[:, columns][of_rows]
    wanted = np.array([[[0] for _ in rows], [[amount] for _, amount in rows]], np.int64)
    before, after = _balance(snapshot.requested[:, columns][of_rows] + wanted, capacity)
    half = SCORE_MAX // 2
    # Towards zero, as Go divides; what is halved is never negative.
    scores: Amounts = half + (half + after - before) // 2
    return scores


def _balance(used: Amounts, capacity: Amounts) -> Amounts:
    """Of each node, for amounts [state, resource, node]; resources that a node does not have do not count."""
    has = capacity > 0
    fractions = np.zeros(used.shape)
    np.divide(used, capacity, out=fractions, where=has)
    np.minimum(fractions, 1.0, out=fractions)
    if len(capacity) == 2:
        # Upstream's simpler form of the same for two; the square root would round differently.
        spread = np.abs(fractions[:, 0] - fractions[:, 1]) / 2 * (has[0] & has[1])
    else:
        count = np.maximum(has.sum(axis=0), 1)
        mean = fractions.sum(axis=1, keepdims=True) / count
        spread = np.sqrt((np.where(has, fractions - mean, 0.0) ** 2).sum(axis=1) / count)
    balance: Amounts = ((1 - spread) * SCORE_MAX).astype(np.int64)
    return balance
