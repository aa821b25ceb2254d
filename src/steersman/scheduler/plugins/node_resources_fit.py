"""NodeResourcesFit: a node must have what the pod asks for; of those that have, the emptier one is better.

Scoring strategy LeastAllocated over cpu and memory, as the default configuration says.
Upstream: pkg/scheduler/framework/plugins/noderesources (fit, least_allocated). Upstream differences: the strategies
MostAllocated and RequestedToCapacityRatio, and extended resources that DRA serves, are not there yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steersman.scheduler.framework import SCORE_MAX, Cycle, Plugin, Refusal
from steersman.scheduler.pod_info import CPU, EPHEMERAL, MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from steersman.scheduler.snapshot import Amounts

_NATIVE = (CPU, MEMORY, EPHEMERAL)


class NodeResourcesFit(Plugin):
    """`weights`: of the resources that are compared."""

    name = "NodeResourcesFit"

    def __init__(self, *, weights: Mapping[str, int] | None = None) -> None:
        self._weights = dict(weights or {CPU: 1, MEMORY: 1})

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        snapshot = cycle.snapshot
        yield Refusal(snapshot.pods_count + 1 > snapshot.pods_allowed, "Too many pods", preemptable=True)
        for resource, amount in _in_order(cycle.pod.requests):
            row = snapshot.row(resource)
            reason = f"Insufficient {resource}"
            if row is None:
                yield Refusal(~snapshot.none(), reason)
                continue
            lacking = amount > snapshot.allocatable[row] - snapshot.requested[row]
            never = amount > snapshot.allocatable[row]  # however empty the node were
            yield Refusal(lacking & never, reason)
            yield Refusal(lacking & ~never, reason, preemptable=True)

    def score(self, cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        snapshot, pod = cycle.snapshot, cycle.pod
        total = np.zeros(len(feasible), np.int64)
        weights = np.zeros(len(feasible), np.int64)
        for resource, weight in self._weights.items():
            row = snapshot.row(resource)
            wanted = pod.scored.get(resource, pod.requests.get(resource, 0))
            if row is None or (resource not in _NATIVE and not wanted):
                continue
            capacity = snapshot.allocatable[row, feasible]
            used = snapshot.scored[row, feasible] if resource in (CPU, MEMORY) else snapshot.requested[row, feasible]
            free = capacity - used - wanted
            counted = capacity > 0
            scored = np.where(counted & (free >= 0), free * SCORE_MAX // np.maximum(capacity, 1), 0)
            total += scored * weight
            weights += counted * weight
        return total // np.maximum(weights, 1)


def _in_order(requests: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    """What is asked for, nodes' own resources first."""
    for name in _NATIVE:
        if requests.get(name, 0) > 0:
            yield name, requests[name]
    for name, amount in requests.items():
        if name not in _NATIVE and amount > 0:
            yield name, amount
