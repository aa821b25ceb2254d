"""InterPodAffinity: pods that want to be near others, or far from them, in the domains of a label of nodes.

Refuses nodes for the pod's own required terms, and for required anti-affinity of pods that are there; scores preferred
terms of both sides, and required affinity of pods that are there.
Reads: namespaces (labels), through `namespace_labels`.
Upstream: pkg/scheduler/framework/plugins/interpodaffinity. Upstream differences: none known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from steersman.api.meta.label_selector import compile_selector
from steersman.scheduler.events import (
    NODE_ADDED,
    NODE_UPDATED,
    POD_ADDED,
    POD_DELETED,
    POD_UPDATED,
    SELF_UPDATED,
    Event,
)
from steersman.scheduler.framework import SCORE_MAX, SKIP, Cycle, Plugin, Refusal, Skip, of_feasible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts, Mask, Snapshot

FAR, NEAR, THEIRS = (
    "node(s) didn't match pod anti-affinity rules",
    "node(s) didn't match pod affinity rules",
    "node(s) didn't satisfy existing pods anti-affinity rules",
)
_REQUIRED, _PREFERRED = (
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
)


@dataclass(frozen=True, slots=True)
class Term:
    """One affinity term. Equal terms of different pods are one."""

    key: str
    selector: Selector
    namespaces: frozenset[str]
    namespace_selector: Selector
    weight: int = 0

    def matches(self, pod: PodInfo, namespace_labels: Callable[[str], Object]) -> bool:
        if not self.selector.matches(pod.labels):
            return False
        namespace = pod.key[0]
        if namespace in self.namespaces:
            return True
        return not self.namespace_selector.nothing and self.namespace_selector.matches(namespace_labels(namespace))


@dataclass(frozen=True, slots=True)
class Terms:
    """What one pod wants."""

    near: tuple[Term, ...] = ()
    far: tuple[Term, ...] = ()
    rather_near: tuple[Term, ...] = ()
    rather_far: tuple[Term, ...] = ()


_NO_TERMS = Terms()


class InterPodAffinity(Plugin):
    """`namespace_labels(name)`: of a namespace; empty for one that is not there. `hard_weight`: what required affinity
    of pods that are there counts in scores, 0 for nothing. `deaf`: what they would rather have does not count for a
    pod that says nothing of that kind itself.
    """

    name = "InterPodAffinity"
    helped_by = frozenset({NODE_ADDED, NODE_UPDATED, POD_ADDED, POD_UPDATED, POD_DELETED, SELF_UPDATED})

    def __init__(self, *, namespace_labels: Callable[[str], Object], hard_weight: int = 1, deaf: bool = False) -> None:
        self._namespace_labels = namespace_labels
        self._hard_weight = hard_weight
        self._deaf = deaf

    def may_help(self, event: Event, _pod: PodInfo) -> bool:
        """Another pod's labels may; that it is being deleted does not yet."""
        if event.kind != POD_UPDATED or event.old is None or event.new is None:
            return True
        return bool(event.old["metadata"].get("labels") != event.new["metadata"].get("labels"))

    def pre_filter(self, cycle: Cycle) -> Skip | None:
        terms = terms_of(cycle.pod)
        return None if terms.near or terms.far or self._tally(cycle.snapshot, "far") else SKIP

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        snapshot, pod = cycle.snapshot, cycle.pod
        terms, left = terms_of(pod), ~snapshot.none()
        for refused, reason, preemptable in (
            (self._not_near(snapshot, pod, terms.near), NEAR, False),
            (self._not_far(snapshot, terms.far), FAR, True),
            (self._not_theirs(snapshot, pod), THEIRS, True),
        ):
            yield Refusal(refused & left, reason, preemptable)
            left &= ~refused  # a node tells of the first only

    def pre_score(self, cycle: Cycle, _feasible: NDArray[np.intp]) -> Skip | None:
        wishes = [_over_domains(cycle.snapshot, *wish) for wish in self._wishes(cycle.snapshot, cycle.pod)]
        if not wishes:
            return SKIP
        cycle.memo[self.name] = sum(wishes)
        return None

    def score(self, cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        found = cycle.memo[self.name]
        assert isinstance(found, np.ndarray), "pre_score comes first"
        raw = of_feasible(found, feasible)
        least, most = int(raw.min()), int(raw.max())
        if most == least:
            return np.zeros(len(feasible), np.int64)
        scaled: Amounts = (SCORE_MAX * ((raw - least) / (most - least))).astype(np.int64)
        return scaled

    # -- required

    def _not_near(self, snapshot: Snapshot, pod: PodInfo, terms: tuple[Term, ...]) -> Mask:
        if not terms:
            return snapshot.none()
        labels = self._namespace_labels

        def matches_all(other: PodInfo) -> bool:
            return all(term.matches(other, labels) for term in terms)

        here, there = self._count(snapshot, ("near", terms), matches_all)
        unlabelled, without, anybody = snapshot.none(), snapshot.none(), snapshot.none()
        for term in terms:
            labelled = snapshot.domains(term.key).labelled
            unlabelled |= ~labelled
            without |= _in_domain(snapshot, term.key, here, there) == 0
            anybody |= int(there[labelled].sum()) + (here - there) * labelled > 0
        if matches_all(pod):
            without &= anybody  # the first of its kind needs nobody to be near to
        return without | unlabelled

    def _not_far(self, snapshot: Snapshot, terms: tuple[Term, ...]) -> Mask:
        refused = snapshot.none()
        for term in terms:
            refused |= _in_domain(snapshot, term.key, *self._matching(snapshot, term)) > 0
        return refused

    def _not_theirs(self, snapshot: Snapshot, pod: PodInfo) -> Mask:
        refused, none = snapshot.none(), np.zeros(len(snapshot), np.int64)
        here = dict(self._tally(snapshot, "far"))
        there = here if snapshot.elsewhere is snapshot else dict(self._tally(snapshot.elsewhere, "far"))
        for term in here.keys() | there.keys():
            if term.matches(pod, self._namespace_labels):
                refused |= _in_domain(snapshot, term.key, here.get(term, none), there.get(term, none)) > 0
        return refused

    # -- preferred

    def _wishes(self, snapshot: Snapshot, pod: PodInfo) -> Iterator[tuple[str, Amounts]]:
        """Label, and what each node's pods are worth, of every term that matters."""
        terms = terms_of(pod)
        if self._deaf and not terms.rather_near and not terms.rather_far:
            return
        for own, sign in ((terms.rather_near, 1), (terms.rather_far, -1)):
            for term in own:
                counts, _ = self._matching(snapshot, term)
                if counts.any():
                    yield term.key, counts * (sign * term.weight)
        for kind, sign in (("near", self._hard_weight), ("rather_near", 1), ("rather_far", -1)):
            for term, counts in self._tally(snapshot, kind) if sign else ():
                if term.matches(pod, self._namespace_labels):
                    yield term.key, counts * (sign * (term.weight or 1))

    # -- pods that are there

    def _matching(self, snapshot: Snapshot, term: Term) -> tuple[Amounts, Amounts]:
        """Of each node, the pods that a term speaks of: on the node itself, and as others find them there."""
        labels = self._namespace_labels
        return self._count(snapshot, term, lambda other: term.matches(other, labels))

    def _count(self, snapshot: Snapshot, key: object, counts_pod: Callable[[PodInfo], bool]) -> tuple[Amounts, Amounts]:
        here = snapshot.count((self.name, key), counts_pod)
        return here, here if snapshot.elsewhere is snapshot else snapshot.elsewhere.count((self.name, key), counts_pod)

    def _tally(self, snapshot: Snapshot, kind: str) -> list[tuple[Term, Amounts]]:
        """The terms of one kind that pods have, and of each node how many pods have it."""
        found = snapshot.tally(f"{self.name} {kind}", lambda pod: getattr(terms_of(pod), kind))
        return [(term, counts) for term, counts in found.items() if isinstance(term, Term)]


def terms_of(pod: PodInfo) -> Terms:
    """Read once."""
    known = pod.memo.get(InterPodAffinity.name)
    if not isinstance(known, Terms):
        affinity = pod.spec.get("affinity") or {}
        known = pod.memo[InterPodAffinity.name] = _read(pod, affinity) if affinity else _NO_TERMS
    return known


def _read(pod: PodInfo, affinity: Object) -> Terms:
    near, far = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}

    def preferred(listed: Object) -> tuple[Term, ...]:
        return tuple(_term(pod, each["podAffinityTerm"], each["weight"]) for each in listed.get(_PREFERRED) or ())

    def required(listed: Object) -> tuple[Term, ...]:
        return tuple(_term(pod, each) for each in listed.get(_REQUIRED) or ())

    return Terms(required(near), required(far), preferred(near), preferred(far))


def _term(pod: PodInfo, given: Object, weight: int = 0) -> Term:
    listed, selector = given.get("namespaces") or (), given.get("namespaceSelector")
    # Neither named nor selected: the pod's own.
    names = frozenset(listed) if listed or selector is not None else frozenset((pod.key[0],))
    return Term(
        key=given["topologyKey"],
        selector=compile_selector(given.get("labelSelector")),
        namespaces=names,
        namespace_selector=compile_selector(selector),
        weight=weight,
    )


def _in_domain(snapshot: Snapshot, key: str, here: Amounts, there: Amounts) -> Amounts:
    """Of each node what its domain holds: `here` on the node itself, `there` on all the others."""
    found = _over_domains(snapshot, key, there)
    return found if here is there else found + (here - there) * snapshot.domains(key).labelled


def _over_domains(snapshot: Snapshot, key: str, amounts: Amounts) -> Amounts:
    """Of each node the sum over its domain; 0 where it has no such label."""
    return snapshot.domains(key).over(amounts)
