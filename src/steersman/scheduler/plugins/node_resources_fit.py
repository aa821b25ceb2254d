"""NodeResourcesFit: a node must have what the pod asks for; of those that have, the emptier one is better.

Scoring strategy LeastAllocated over cpu and memory, as the default configuration says.
Upstream: pkg/scheduler/framework/plugins/noderesources (fit, least_allocated). Upstream differences: the strategies
MostAllocated and RequestedToCapacityRatio, and extended resources that DRA serves, are not there yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from steersman.api.meta.quantity import parse
from steersman.scheduler.events import NODE_ADDED, NODE_UPDATED, POD_DELETED, POD_UPDATED, SELF_UPDATED, Event
from steersman.scheduler.framework import SCORE_MAX, Cycle, Plugin, Refusal, of_feasible
from steersman.scheduler.pod_info import CPU, EPHEMERAL, MEMORY, PODS, amount_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts, Mask, Snapshot

_NATIVE = (CPU, MEMORY, EPHEMERAL)


class NodeResourcesFit(Plugin):
    """`weights`: of the resources that are compared."""

    name = "NodeResourcesFit"
    helped_by = frozenset({NODE_ADDED, NODE_UPDATED, POD_UPDATED, POD_DELETED, SELF_UPDATED})

    def __init__(self, *, weights: Mapping[str, int] | None = None) -> None:
        self._weights = dict(weights or {CPU: 1, MEMORY: 1})

    def may_help(self, event: Event, pod: PodInfo) -> bool:
        """Of a node: whether it could take the pod if nothing else were on it."""
        if event.kind not in (NODE_ADDED, NODE_UPDATED) or event.new is None:
            return True
        there = (event.new.get("status") or {}).get("allocatable") or {}
        wanted = {**pod.requests, PODS: 1}
        return all(amount_of(name, parse(there.get(name) or "0")) >= amount for name, amount in wanted.items())

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        snapshot = cycle.snapshot
        full = snapshot.charged(
            (self.name, PODS), lambda columns: snapshot.pods_count[columns] + 1 > snapshot.pods_allowed[columns]
        )
        yield Refusal(full, "Too many pods", preemptable=True)
        for resource, amount in _in_order(cycle.pod.requests):
            row = snapshot.row(resource)
            reason = f"Insufficient {resource}"
            if row is None:
                yield Refusal(~snapshot.none(), reason)
                continue
            lacking = _lacking(snapshot, row, amount)
            if not np.count_nonzero(lacking):
                continue
            never = amount > snapshot.allocatable[row]  # however empty the node were
            yield Refusal(lacking & never, reason)
            yield Refusal(lacking & ~never, reason, preemptable=True)

    def score(self, cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        snapshot, pod = cycle.snapshot, cycle.pod
        compared = []
        for resource, weight in self._weights.items():
            row = snapshot.row(resource)
            wanted = pod.scored.get(resource, pod.requests.get(resource, 0))
            if row is not None and (resource in _NATIVE or wanted):
                compared.append(_Compared(row, wanted, weight, as_scored=resource in (CPU, MEMORY)))
        key = (self.name, tuple(compared))
        scored = snapshot.charged(key, lambda columns: _least_allocated(snapshot, compared, columns))
        return of_feasible(scored, feasible)


class _Compared(NamedTuple):
    """A resource that is compared: where it stands, what is wanted of it, what it weighs."""

    row: int
    wanted: int
    weight: int
    as_scored: bool
    """Containers that name no amount count."""


def _least_allocated(snapshot: Snapshot, compared: Sequence[_Compared], columns: NDArray[np.intp]) -> Amounts:
    total = np.zeros(len(columns), np.int64)
    weights = np.zeros(len(columns), np.int64)
    for each in compared:
        capacity = snapshot.allocatable[each.row, columns]
        used = (snapshot.scored if each.as_scored else snapshot.requested)[each.row, columns]
        free = capacity - used - each.wanted
        counted = capacity > 0
        scored = np.where(counted & (free >= 0), free * SCORE_MAX // np.maximum(capacity, 1), 0)
        total += scored * each.weight
        weights += counted * each.weight
    return total // np.maximum(weights, 1)


def _lacking(snapshot: Snapshot, row: int, amount: int) -> Mask:
    """Nodes that have less of a resource left."""

    def lacks(columns: NDArray[np.intp]) -> Mask:
        lacking: Mask = amount > snapshot.allocatable[row, columns] - snapshot.requested[row, columns]
        return lacking

    return snapshot.charged((NodeResourcesFit.name, row, amount), lacks)


def _in_order(requests: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    """What is asked for, nodes' own resources first."""
    for name in _NATIVE:
        if requests.get(name, 0) > 0:
            yield name, requests[name]
    for name, amount in requests.items():
        if name not in _NATIVE and amount > 0:
            yield name, amount
