"""plan: what to do next about the pods of a StatefulSet. Pure.

Invariants: ordered management makes one pod at a time, waits until it is available before it makes the next one, gives
pods up from the highest ordinal down when all others are available, and rolls out a template only when there is nothing
else to do; parallel management does all of that at once. Of a set that is being deleted only the status is kept.
Upstream: updateStatefulSet, processReplica, processCondemned. Difference: the strategy Recreate (feature
StatefulSetRecreateStrategy, alpha and off) is none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from steersman.controllers.pods import available_in_s, is_ready, is_terminal
from steersman.controllers.statefulset.claims import has_right_owners, is_stale
from steersman.controllers.statefulset.identity import (
    claim_names,
    has_identity,
    has_storage,
    new_pod,
    ordinal_of,
    ordinals,
)
from steersman.controllers.statefulset.rollout import PARALLEL, is_unavailable, plan_rollout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from steersman.api.meta.types import Object


class Act(Enum):
    """What can be done to a pod."""

    CREATE = "create"
    DELETE = "delete"
    FURNISH = "furnish"
    """Make the claims that it lacks."""
    MEND = "mend"
    """Give it the identity, volumes and claims' owners that it should have."""
    HAND_OVER = "hand over"
    """Give its claims the owners that they should have."""


@dataclass(frozen=True, slots=True)
class Version:
    """A template, by the name of its revision."""

    revision: str
    template: Object


@dataclass(slots=True)
class Plan:
    """Rounds, one after the other until one fails: in each, of each pod what is done to it, in order."""

    rounds: list[list[tuple[Object, list[Act]]]] = field(default_factory=list)
    rollout: list[Object] = field(default_factory=list)
    """Pods that are deleted after all rounds, to be made of another template."""
    parallel: bool = False


def plan_set(
    stateful_set: Object,
    pods: Iterable[Object],
    *,
    current: Version,
    update: Version,
    claim: Callable[[str], Object | None],
    now: datetime,
) -> Plan:
    """`pods`: of the set; `claim`: the claim of a name, if there is one."""
    spec = stateful_set["spec"]
    plan = Plan(parallel=spec.get("podManagementPolicy") == PARALLEL)
    if stateful_set["metadata"].get("deletionTimestamp"):
        return plan
    wanted = ordinals(stateful_set)
    present = {ordinal_of(pod): pod for pod in pods}
    replicas = [
        present.get(ordinal) or _new(stateful_set, ordinal, current=current, update=update) for ordinal in wanted
    ]
    condemned = [
        present[ordinal] for ordinal in sorted(present, reverse=True) if ordinal not in wanted and ordinal >= 0
    ]
    steps = _Steps(stateful_set, claim, ordered=not plan.parallel, now=now)
    if not steps.care(plan, replicas):
        return plan
    steps.hand_over(plan, condemned)
    if steps.condemn(plan, condemned, replicas):
        plan.rollout = plan_rollout(stateful_set, replicas, update.revision, now)
    return plan


def _new(stateful_set: Object, ordinal: int, *, current: Version, update: Version) -> Object:
    """A pod that is missing: of the old template below the partition."""
    strategy = stateful_set["spec"].get("updateStrategy") or {}
    rolling = strategy.get("rollingUpdate")
    if rolling is not None:
        kept = rolling.get("partition", 0)
    elif strategy.get("type") == "RollingUpdate":
        kept = (stateful_set.get("status") or {}).get("currentReplicas", 0)
    else:
        kept = 0
    version = current if ordinal < ordinals(stateful_set).start + kept else update
    return new_pod(stateful_set, version.template, ordinal, version.revision)


class _Steps:
    """Each adds a round to a plan; the answer says whether what comes after it may be done as well."""

    def __init__(
        self, stateful_set: Object, claim: Callable[[str], Object | None], *, ordered: bool, now: datetime
    ) -> None:
        self._set = stateful_set
        self._claim = claim
        self._ordered = ordered
        self._min_ready_s: int = stateful_set["spec"].get("minReadySeconds", 0)
        self._now = now

    def care(self, plan: Plan, replicas: Iterable[Object]) -> bool:
        """For the pods that there should be."""
        acts: list[tuple[Object, list[Act]]] = []
        plan.rounds.append(acts)
        for pod in replicas:
            done, goes_on = self._care_for(pod)
            if done:
                acts.append((pod, done))
            if self._ordered and not goes_on:
                return False
        return True

    def _care_for(self, pod: Object) -> tuple[list[Act], bool]:
        """What is done, and whether the pods behind it need not wait for it."""
        phase = (pod.get("status") or {}).get("phase")
        deleted = bool(pod["metadata"].get("deletionTimestamp"))
        if is_terminal(pod):
            # How it ended does not matter: it is made again when it is gone.
            return ([] if deleted else [Act.DELETE]), False
        if not phase:
            claims = self._claims(pod)
            return ([] if any(is_stale(self._set, pod, each) for each in claims) else [Act.CREATE]), False
        acts = []
        if phase == "Pending" and self._lacks_claims(pod):
            acts.append(Act.FURNISH)
        available = phase == "Running" and is_ready(pod) and self._is_available(pod)
        if self._ordered and (deleted or not available):
            return acts, False
        right_owners = all(has_right_owners(self._set, pod, each) for each in self._claims(pod))
        if not (right_owners and has_identity(self._set, pod) and has_storage(self._set, pod)):
            acts.append(Act.MEND)
        return acts, True

    def hand_over(self, plan: Plan, condemned: Iterable[Object]) -> None:
        """The claims of the pods that are given up."""
        plan.rounds.append(
            [
                (pod, [Act.HAND_OVER])
                for pod in condemned
                if not all(has_right_owners(self._set, pod, each) for each in self._claims(pod))
            ]
        )

    def condemn(self, plan: Plan, condemned: Iterable[Object], replicas: Iterable[Object]) -> bool:
        """Give pods up, the highest ordinal first."""
        acts: list[tuple[Object, list[Act]]] = []
        plan.rounds.append(acts)
        from_below = [*replicas, *reversed(list(condemned))]
        first_bad = next((pod for pod in from_below if is_unavailable(pod, self._min_ready_s, self._now)), None)
        for pod in condemned:
            deleted = bool(pod["metadata"].get("deletionTimestamp"))
            if self._ordered:
                healthy = (pod.get("status") or {}).get("phase") == "Running" and self._is_available(pod)
                if not deleted and (healthy or pod is first_bad):
                    acts.append((pod, [Act.DELETE]))
                return False
            if not deleted:
                acts.append((pod, [Act.DELETE]))
        return True

    def _lacks_claims(self, pod: Object) -> bool:
        """Some are missing, about to go, or belong to the wrong ones."""
        names = claim_names(self._set, ordinal_of(pod)).values()
        claims = self._claims(pod)
        return len(claims) < len(names) or any(
            bool(each["metadata"].get("deletionTimestamp")) or not has_right_owners(self._set, pod, each)
            for each in claims
        )

    def _claims(self, pod: Object) -> list[Object]:
        """Those that there are."""
        found = (self._claim(name) for name in claim_names(self._set, ordinal_of(pod)).values())
        return [each for each in found if each is not None]

    def _is_available(self, pod: Object) -> bool:
        return available_in_s(pod, self._min_ready_s, self._now) == 0
