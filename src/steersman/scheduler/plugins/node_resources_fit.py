"""NodeResourcesFit: a node must have what the pod asks for; those that have are compared by a strategy.

By default the emptier node is better, by cpu and memory (LeastAllocated); see `fit_strategies`.
Upstream: pkg/scheduler/framework/plugins/noderesources (fit). Upstream differences: extended resources that devices
provide count in no score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from steersman.api.core.podspec.validation.resources import is_extended
from steersman.api.meta.quantity import parse
from steersman.scheduler.events import NODE_ADDED, NODE_UPDATED, POD_DELETED, POD_UPDATED, SELF_UPDATED, Event
from steersman.scheduler.framework import Cycle, Plugin, Refusal, of_feasible
from steersman.scheduler.plugins.fit_strategies import Strategy
from steersman.scheduler.pod_info import CPU, EPHEMERAL, MEMORY, PODS, amount_of, read_pod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts, Mask, Snapshot

_NATIVE = (CPU, MEMORY, EPHEMERAL)


class NodeResourcesFit(Plugin):
    """`weights`: of the resources that are compared, by `strategy`. `ignored`, `ignored_groups`: extended resources,
    and all those of a domain, that others look after. `has_devices`: whether devices may provide a resource where a
    node does not; then DynamicResources decides.
    """

    name = "NodeResourcesFit"
    helped_by = frozenset({NODE_ADDED, NODE_UPDATED, POD_UPDATED, POD_DELETED, SELF_UPDATED})

    def __init__(
        self,
        *,
        weights: Mapping[str, int] | None = None,
        strategy: Strategy | None = None,
        ignored: Iterable[str] = (),
        ignored_groups: Iterable[str] = (),
        has_devices: Callable[[str], bool] = lambda _resource: False,
    ) -> None:
        self._weights = dict(weights or {CPU: 1, MEMORY: 1})
        self._strategy = strategy or Strategy()
        self._ignored = frozenset(ignored)
        self._ignored_groups = frozenset(ignored_groups)
        self._has_devices = has_devices

    def may_help(self, event: Event, pod: PodInfo) -> bool:
        """Of a node: whether it could take the pod if nothing else were on it; of another pod: whether it gives back
        anything that this one wants.
        """
        if event.kind == POD_UPDATED and event.old is not None and event.new is not None:
            return _gives_back(event.old, event.new, pod)
        if event.kind not in (NODE_ADDED, NODE_UPDATED) or event.new is None:
            return True
        there = (event.new.get("status") or {}).get("allocatable") or {}
        wanted = {name: amount for name, amount in pod.requests.items() if not self._is_ignored(name)} | {PODS: 1}
        return all(
            (offered := amount_of(name, parse(there.get(name) or "0"))) >= amount
            or (not offered and self._has_devices(name))
            for name, amount in wanted.items()
        )

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        snapshot = cycle.snapshot
        full = snapshot.charged(
            (self.name, PODS), lambda columns: snapshot.pods_count[columns] + 1 > snapshot.pods_allowed[columns]
        )
        yield Refusal(full, "Too many pods", preemptable=True)
        for resource, amount in _in_order(cycle.pod.requests):
            if (self._ignored or self._ignored_groups) and self._is_ignored(resource):
                continue
            row = snapshot.row(resource)
            reason = f"Insufficient {resource}"
            by_devices = resource not in _NATIVE and self._has_devices(resource)
            if row is None:
                if by_devices:
                    continue
                yield Refusal(~snapshot.none(), reason)
                continue
            lacking = _lacking(snapshot, row, amount)
            if by_devices:
                lacking = lacking & (snapshot.allocatable[row] > 0)
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
        strategy = self._strategy
        key = (self.name, strategy, tuple(compared))
        scored = snapshot.charged(key, lambda columns: _scores(snapshot, strategy, compared, columns))
        return of_feasible(scored, feasible)

    def _is_ignored(self, resource: str) -> bool:
        named = resource in self._ignored or resource.partition("/")[0] in self._ignored_groups
        return named and is_extended(resource)


class _Compared(NamedTuple):
    """A resource that is compared: where it stands, what is wanted of it, what it weighs."""

    row: int
    wanted: int
    weight: int
    as_scored: bool
    """Containers that name no amount count."""


def _scores(
    snapshot: Snapshot, strategy: Strategy, compared: Sequence[_Compared], columns: NDArray[np.intp]
) -> Amounts:
    resources = (
        (
            (snapshot.scored if each.as_scored else snapshot.requested)[each.row, columns] + each.wanted,
            snapshot.allocatable[each.row, columns],
            each.weight,
        )
        for each in compared
    )
    return strategy.total(resources, len(columns))


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


def _gives_back(old: Object, new: Object, pod: PodInfo) -> bool:
    """Whether a pod that changed takes less of what another wants."""
    statuses = ("containerStatuses", "initContainerStatuses", "conditions")
    if old["spec"] == new["spec"] and all(
        (old.get("status") or {}).get(name) == (new.get("status") or {}).get(name) for name in statuses
    ):
        return False
    before, after = read_pod(old).requests, read_pod(new).requests
    return any(before.get(name, 0) > after.get(name, 0) for name, amount in pod.requests.items() if amount)
