"""preemption: which pods have to leave which node so that a more important one can take it. Pure.

    nodes that were refused for what pods take > without all less important pods > one after the other let back in, the
    most important first, while the pod still fits > the nodes compared by those that stay out

All nodes are tried at once, each as if it alone were cleared. Pods whose leaving a PodDisruptionBudget forbids are let
back in first; they are victims only where it cannot be helped.
Upstream: pkg/scheduler/framework/preemption, framework/plugins/defaultpreemption. Upstream differences: nodes that are
equally good are drawn from, where upstream takes the first in the order of a map.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from steersman.api.meta.label_selector import compile_selector
from steersman.api.meta.times import to_unix
from steersman.scheduler.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from random import Random

    from numpy.typing import NDArray

    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object
    from steersman.scheduler.cycle import Decision
    from steersman.scheduler.filtering import Filtering
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Mask

NEVER = "not eligible due to preemptionPolicy=Never."
LEAVING = "not eligible due to a terminating pod on the nominated node."
NO_VICTIMS, NOT_HELPFUL = "No preemption victims found for incoming pod", "Preemption is not helpful for scheduling"
DISRUPTION_TARGET, BY_SCHEDULER = "DisruptionTarget", "PreemptionByScheduler"
_PRIORITY_SPAN = 2**31
"""Added to priorities, so that of two pods of a negative one the sum is more than of one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that would take the pod without `victims`, the most important first; `violations`: how many of them a
    PodDisruptionBudget would keep.
    """

    node: str
    victims: tuple[PodInfo, ...]
    violations: int


@dataclass(frozen=True, slots=True)
class Shortlist:
    """How many candidates are enough: a part of the nodes that are in question, but not fewer than `at_least`."""

    percentage: int = 10
    at_least: int = 100

    def length(self, nodes: int) -> int:
        return min(max(nodes * self.percentage // 100, self.at_least), nodes)


@dataclass(slots=True)
class _Attempt:
    """One node of a trial. `queue`: whoever may be let back in, in this order; the first `guarded` violate a budget."""

    column: int
    queue: Sequence[PodInfo]
    guarded: int
    victims: list[PodInfo] = field(default_factory=list)
    violations: int = 0


def ineligible(decision: Decision) -> str:
    """Why a pod may not make others leave; nothing if it may."""
    assert decision.cycle is not None, "a pod was decided about"
    pod, snapshot = decision.cycle.pod, decision.cycle.snapshot
    if pod.spec.get("preemptionPolicy") == "Never":
        return NEVER
    column = snapshot.index.get((pod.pod.get("status") or {}).get("nominatedNodeName", ""))
    if column is None or _refused(decision, preemptable=False)[column]:
        return ""
    there = snapshot.pods[column].values()
    return LEAVING if any(other.priority < pod.priority and _leaves(other.pod) for other in there) else ""


def find(
    decision: Decision, budgets: Iterable[Object], rng: Random, shortlist: Shortlist | None = None
) -> tuple[list[Candidate], Counter[str]]:
    """Candidates, and by reason how many nodes are none. `budgets`: all PodDisruptionBudgets. Raises PluginError."""
    filtering = decision.filtering
    if filtering is None:
        return [], Counter({NOT_HELPFUL: decision.snapshot_nodes})
    helpful = np.flatnonzero(_refused(decision, preemptable=True) & ~_refused(decision, preemptable=False))
    reasons = Counter({NOT_HELPFUL: decision.snapshot_nodes - len(helpful)})
    candidates = list[Candidate]()
    if not len(helpful):
        return candidates, reasons
    enough = (shortlist or Shortlist()).length(len(helpful))
    columns = np.roll(helpful, -rng.randrange(len(helpful)))
    compiled = [Budget.of(each) for each in budgets]
    for start in range(0, len(columns), enough):
        found, said = _try(filtering, columns[start : start + enough], compiled)
        candidates += found
        reasons += said
        if len(candidates) >= enough and any(not each.violations for each in candidates):
            break
    return candidates, reasons


def choose(candidates: Sequence[Candidate], rng: Random) -> Candidate:
    """The one that hurts least: fewest violations of budgets, then the least important first victim, the lowest sum of
    priorities, the fewest victims, then whose most important victims have not run for long.
    """
    ranks = [_rank(each) for each in candidates]
    best = min(ranks)
    equals = [each for each, rank in zip(candidates, ranks, strict=True) if rank == best]
    return equals[rng.randrange(len(equals))]


@dataclass(frozen=True, slots=True)
class Budget:
    """A PodDisruptionBudget. `allowed`: how many of its pods may leave; `leaving`: the names of those that count
    already.
    """

    namespace: str
    selector: Selector
    allowed: int
    leaving: frozenset[str]

    @classmethod
    def of(cls, budget: Object) -> Budget:
        status = budget.get("status") or {}
        return cls(
            budget["metadata"]["namespace"],
            compile_selector(budget["spec"].get("selector")),
            status.get("disruptionsAllowed") or 0,
            frozenset(status.get("disruptedPods") or ()),
        )

    def counts(self, pod: PodInfo) -> bool:
        """Whether its leaving would use this budget up."""
        namespace, name = pod.key
        if namespace != self.namespace or self.selector.everything or self.selector.nothing:
            return False
        return bool(pod.labels) and name not in self.leaving and self.selector.matches(pod.labels)


def guarded(pods: Iterable[PodInfo], budgets: Sequence[Budget]) -> tuple[list[PodInfo], list[PodInfo]]:
    """Of pods that would all leave, in this order, those that would violate a budget, and the others."""
    allowed = [budget.allowed for budget in budgets]

    def violates(pod: PodInfo) -> bool:
        for at, budget in enumerate(budgets):
            if budget.counts(pod):
                allowed[at] -= 1
                if allowed[at] < 0:
                    return True
        return False

    violating: list[PodInfo] = []
    others: list[PodInfo] = []
    for pod in pods:
        (violating if violates(pod) else others).append(pod)
    return violating, others


def _try(
    filtering: Filtering, columns: NDArray[np.intp], budgets: Sequence[Budget]
) -> tuple[list[Candidate], Counter[str]]:
    pod, snapshot = filtering.cycle.pod, filtering.cycle.snapshot
    trial, fits, reasons = Trial(snapshot), snapshot.none(), Counter[str]()
    lower: dict[int, list[PodInfo]] = {}
    for column in map(int, columns):
        weaker = sorted((each for each in snapshot.pods[column].values() if each.priority < pod.priority), key=_order)
        if not weaker:
            reasons[NO_VICTIMS] += 1
            continue
        lower[column] = weaker
        fits[column] = True
        for each in weaker:
            trial.remove_pod(each, snapshot.names[column])
    for verdict in filtering.refuse(trial, fits):
        reasons[verdict.refusal.reason] += int(np.count_nonzero(verdict.refusal.nodes))
    attempts = list[_Attempt]()
    for column in map(int, np.flatnonzero(fits)):
        violating, others = guarded(lower[column], budgets)
        attempts.append(_Attempt(column, [*violating, *others], len(violating)))
    _let_back(filtering, trial, attempts)
    candidates = [
        Candidate(snapshot.names[each.column], tuple(sorted(each.victims, key=_order)), each.violations)
        for each in attempts
        if each.victims
    ]
    return candidates, reasons


def _let_back(filtering: Filtering, trial: Trial, attempts: Sequence[_Attempt]) -> None:
    """On all nodes the first, then on all nodes the second, and so on."""
    for turn in range(max((len(each.queue) for each in attempts), default=0)):
        going = [each for each in attempts if turn < len(each.queue)]
        fits: Mask = trial.none()
        for each in going:
            trial.add_pod(each.queue[turn], trial.names[each.column])
            fits[each.column] = True
        filtering.refuse(trial, fits)
        for each in going:
            if not fits[each.column]:
                trial.remove_pod(each.queue[turn], trial.names[each.column])
                each.victims.append(each.queue[turn])
                each.violations += turn < each.guarded


def _refused(decision: Decision, *, preemptable: bool) -> Mask:
    assert decision.cycle is not None, "a pod was decided about"
    mask: Mask = decision.cycle.snapshot.none()
    for verdict in decision.verdicts:
        if verdict.refusal.preemptable == preemptable:
            mask |= verdict.refusal.nodes
    return mask


def _order(pod: PodInfo) -> tuple[int, float]:
    """The most important first: of equal priority, who has run for longest."""
    return (-pod.priority, _started(pod))


def _started(pod: PodInfo) -> float:
    """In seconds; one that has not started starts now, after all others."""
    time = (pod.pod.get("status") or {}).get("startTime")
    return to_unix(time)[0] if time else math.inf


def _rank(candidate: Candidate) -> tuple[float, ...]:
    victims = candidate.victims
    highest = victims[0].priority
    return (
        candidate.violations,
        highest,
        sum(each.priority + _PRIORITY_SPAN for each in victims),
        len(victims),
        -min(_started(each) for each in victims if each.priority == highest),
    )


def _leaves(pod: Object) -> bool:
    """Whether it is being deleted to make room."""
    if not pod["metadata"].get("deletionTimestamp"):
        return False
    conditions: Iterator[Object] = iter((pod.get("status") or {}).get("conditions") or ())
    found: Object = next((each for each in conditions if each["type"] == DISRUPTION_TARGET), {})
    return bool(found.get("status") == "True" and found.get("reason") == BY_SCHEDULER)
