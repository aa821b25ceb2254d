"""PodTopologySpread: pods that a selector picks are spread evenly over the values of a label of nodes.

Hard constraints (DoNotSchedule) refuse nodes, soft ones (ScheduleAnyway) score them. A pod without constraints has the
default ones, with what the services and owners that select it select together: the system's, which are soft and take
what labels there are, or those of a list.
Reads: services, replicationcontrollers, replicasets, statefulsets, through `selecting`.
Upstream: pkg/scheduler/framework/plugins/podtopologyspread. Upstream differences: none known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from steersman.api.core.node_affinity import compile_required
from steersman.api.core.tolerations import tolerates
from steersman.api.meta.label_selector import compile_selector
from steersman.api.meta.labels import Selector, selector_of, selector_of_labels
from steersman.scheduler.events import (
    NODE_ADDED,
    NODE_DELETED,
    NODE_UPDATED,
    POD_ADDED,
    POD_DELETED,
    POD_UPDATED,
    SELF_UPDATED,
    Event,
)
from steersman.scheduler.framework import SCORE_MAX, SKIP, Cycle, Plugin, Refusal, Skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts, Mask, Snapshot

    Selecting = Callable[[PodInfo], Selector]

HOSTNAME, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
UNEVEN = "node(s) didn't match pod topology spread constraints"
NO_LABEL = f"{UNEVEN} (missing required label)"
_HARD, _SOFT = "DoNotSchedule", "ScheduleAnyway"
_SYSTEM: tuple[Object, ...] = (
    {"topologyKey": HOSTNAME, "maxSkew": 3, "whenUnsatisfiable": _SOFT},
    {"topologyKey": ZONE, "maxSkew": 5, "whenUnsatisfiable": _SOFT},
)
_KEEPS_OFF = ("NoSchedule", "NoExecute")


@dataclass(frozen=True, slots=True)
class Constraint:
    """One topologySpreadConstraint, its defaults filled in."""

    key: str
    max_skew: int
    selector: Selector
    min_domains: int = 1
    honours_affinity: bool = True
    honours_taints: bool = False


@dataclass(frozen=True, slots=True)
class _Wishes:
    constraints: tuple[Constraint, ...]
    by_system: bool


class PodTopologySpread(Plugin):
    """`selecting(pod)`: what the services and the controller of a pod select, together; everything if nothing does.
    `defaults`: constraints of pods that have none; None: the system's.
    """

    name = "PodTopologySpread"
    helped_by = frozenset({NODE_ADDED, NODE_UPDATED, NODE_DELETED, POD_ADDED, POD_UPDATED, POD_DELETED, SELF_UPDATED})

    def __init__(self, *, selecting: Selecting, defaults: Sequence[Object] | None = None) -> None:
        self._selecting = selecting
        self._by_system = defaults is None
        self._defaults = _SYSTEM if defaults is None else tuple(defaults)
        self._acted_on = frozenset(each["whenUnsatisfiable"] for each in self._defaults)

    def may_help(self, event: Event, pod: PodInfo) -> bool:
        """Of another pod: whether a constraint counts it; of a node: whether it has all labels, now or before."""
        constraints = self._constraints(pod, _HARD)
        states = [state for state in (event.old, event.new) if state is not None]
        if event.kind in (POD_ADDED, POD_UPDATED, POD_DELETED):
            labels = [state["metadata"].get("labels") or {} for state in states]
            own = states[0]["metadata"]["namespace"] == pod.key[0]
            return own and any(each.selector.matches(found) for each in constraints for found in labels)
        if event.kind == SELF_UPDATED:
            return True
        return any(all(each.key in (state["metadata"].get("labels") or {}) for each in constraints) for state in states)

    def pre_filter(self, cycle: Cycle) -> Skip | None:
        return None if self._constraints(cycle.pod, _HARD) else SKIP

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        snapshot, pod = cycle.snapshot, cycle.pod
        constraints = self._constraints(pod, _HARD)
        labelled = _labelled(snapshot, constraints)
        left = ~snapshot.none()
        for constraint in constraints:
            domains = snapshot.domains(constraint.key)
            missing = left & (domains.ids < 0)
            counted = labelled & _included(cycle, constraint)
            sums, there = domains.sums(_counts(snapshot.elsewhere, pod, constraint), counted)
            enough = there.any() and np.count_nonzero(there) >= constraint.min_domains
            own = int(constraint.selector.matches(pod.labels))
            uneven = left & ~missing
            ids = domains.ids[uneven]
            if snapshot.elsewhere is snapshot:
                found = sums[ids]
                least = np.full_like(found, sums[there].min() if enough else 0)
            else:
                more = _counts(snapshot, pod, constraint) - _counts(snapshot.elsewhere, pod, constraint)
                found = sums[ids] + (more * counted)[uneven]
                least = _least(sums, there, ids, found) if enough else np.zeros_like(found)
            uneven[uneven] = found + own - least > constraint.max_skew
            yield Refusal(missing, NO_LABEL)
            yield Refusal(uneven, UNEVEN, preemptable=True)
            left &= ~(missing | uneven)  # a node tells of the first constraint only

    def pre_score(self, cycle: Cycle, _feasible: NDArray[np.intp]) -> Skip | None:
        constraints = self._constraints(cycle.pod, _SOFT)
        by_system = self._by_system and not cycle.pod.spec.get("topologySpreadConstraints")
        cycle.memo[self.name] = _Wishes(constraints, by_system)
        return None if constraints else SKIP

    def score(self, cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        wishes, snapshot = cycle.memo[self.name], cycle.snapshot
        assert isinstance(wishes, _Wishes), "pre_score comes first"
        # Whoever chose constraints wants nodes with all of their labels; the system's take what there is.
        labelled = ~snapshot.none() if wishes.by_system else _labelled(snapshot, wishes.constraints)
        judged = labelled[feasible]
        raw = np.zeros(len(feasible))
        for constraint in wishes.constraints:
            raw += _uncrowded(cycle, constraint, feasible, labelled)
        rounded = np.floor(raw + 0.5).astype(np.int64)
        if not judged.any():
            return np.zeros(len(feasible), np.int64)
        most, least = int(rounded[judged].max()), int(rounded[judged].min())
        if not most:
            return np.where(judged, SCORE_MAX, 0)
        return np.where(judged, SCORE_MAX * (most + least - rounded) // most, 0)

    def _constraints(self, pod: PodInfo, action: str) -> tuple[Constraint, ...]:
        """The pod's own, or the default ones if it has none at all."""
        if pod.spec.get("topologySpreadConstraints"):
            return _own(pod, action)
        if action not in self._acted_on:
            return ()
        selector = self._selecting(pod)
        if selector.everything:
            return ()
        read = (_read(each, pod) for each in self._defaults if each["whenUnsatisfiable"] == action)
        return tuple(replace(each, selector=selector) for each in read)


def default_selector(pod: PodInfo, services: Iterable[Object], owner: Selector | None) -> Selector:
    """What `services` (of the pod's namespace) and the selector of its controller, if it has one, select together."""
    labels: dict[str, str] = {}
    for service in services:
        selector = service["spec"].get("selector")
        if selector and selector.items() <= pod.labels.items():
            labels |= selector
    requirements = (*selector_of_labels(labels).requirements, *(owner.requirements if owner is not None else ()))
    return selector_of(requirements)


def _own(pod: PodInfo, action: str) -> tuple[Constraint, ...]:
    key = f"{PodTopologySpread.name} {action}"
    known = pod.memo.get(key)
    if not isinstance(known, tuple):
        given = pod.spec.get("topologySpreadConstraints") or ()
        known = pod.memo[key] = tuple(_read(each, pod) for each in given if each["whenUnsatisfiable"] == action)
    return known


def _read(given: Object, pod: PodInfo) -> Constraint:
    selector = compile_selector(given.get("labelSelector"))
    same = {key: pod.labels[key] for key in given.get("matchLabelKeys") or () if key in pod.labels}
    if same and not selector.nothing:
        selector = selector_of((*selector_of_labels(same).requirements, *selector.requirements))
    return Constraint(
        key=given["topologyKey"],
        max_skew=given["maxSkew"],
        selector=selector,
        min_domains=given.get("minDomains") or 1,
        honours_affinity=given.get("nodeAffinityPolicy", "Honor") == "Honor",
        honours_taints=given.get("nodeTaintsPolicy", "Ignore") == "Honor",
    )


def _labelled(snapshot: Snapshot, constraints: Iterable[Constraint]) -> Mask:
    """Nodes that have the labels of all constraints."""
    mask = ~snapshot.none()
    for constraint in constraints:
        mask &= snapshot.domains(constraint.key).ids >= 0
    return mask


def _least(sums: Amounts, there: Mask, ids: Amounts, found: Amounts) -> Amounts:
    """The lowest sum of the domains that are `there`, as each of some nodes sees it: in its own domain, whose number is
    in `ids`, it has `found` so many.
    """
    nowhere = np.iinfo(np.int64).max
    filled = np.where(there, sums, nowhere)
    lowest = int(np.argmin(filled))
    others = np.where(ids == lowest, np.delete(filled, lowest).min(initial=nowhere), filled[lowest])
    least: Amounts = np.where(there[ids], np.minimum(found, others), others)
    return least


def _counts(snapshot: Snapshot, pod: PodInfo, constraint: Constraint) -> Amounts:
    """Of each node, the pods that a constraint counts. A selector of everything counts nothing, as upstream."""
    namespace, selector = pod.key[0], constraint.selector
    if selector.everything or selector.nothing:
        return np.zeros(len(snapshot), np.int64)

    def counts(other: PodInfo) -> bool:
        return (
            other.key[0] == namespace
            and not other.pod["metadata"].get("deletionTimestamp")
            and selector.matches(other.labels)
        )

    return snapshot.count((PodTopologySpread.name, namespace, str(selector)), counts)


def _included(cycle: Cycle, constraint: Constraint) -> Mask:
    """Nodes whose pods count."""
    snapshot, spec = cycle.snapshot, cycle.pod.spec
    mask = ~snapshot.none()
    if constraint.honours_affinity:
        node_affinity = (spec.get("affinity") or {}).get("nodeAffinity")
        key = (PodTopologySpread.name, repr(spec.get("nodeSelector")), repr(node_affinity))
        mask &= snapshot.mask(key, compile_required(spec))
    if constraint.honours_taints:
        tolerations = spec.get("tolerations") or ()

        def tolerated(node: Object) -> bool:
            taints = [taint for taint in node["spec"].get("taints") or () if taint["effect"] in _KEEPS_OFF]
            return all(tolerates(tolerations, taint) for taint in taints)

        mask &= snapshot.mask((PodTopologySpread.name, "taints", repr(tolerations)), tolerated)
    return mask


def _uncrowded(cycle: Cycle, constraint: Constraint, feasible: NDArray[np.intp], labelled: Mask) -> NDArray[np.float64]:
    """How crowded the domain of each feasible node is: the count, weighed by the number of domains."""
    snapshot = cycle.snapshot
    domains, counts = snapshot.domains(constraint.key), _counts(snapshot, cycle.pod, constraint)
    ids = domains.ids[feasible]
    has = ids >= 0
    if constraint.key == HOSTNAME:
        number, found = int(np.count_nonzero(labelled[feasible])), counts[feasible]
    else:
        number = len(np.unique(ids[labelled[feasible]]))
        counted = labelled & _included(cycle, constraint) & (domains.ids >= 0)
        sums, _ = domains.sums(counts, counted)
        found = np.where(has, sums[np.maximum(ids, 0)], 0) if domains.number else np.zeros(len(feasible), np.int64)
    crowd = found * math.log(number + 2) + (constraint.max_skew - 1)
    return np.where(has, crowd, 0.0)
