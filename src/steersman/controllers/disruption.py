"""disruption: keep the status of PodDisruptionBudgets, which says how many pods may be evicted right now.

Reads: poddisruptionbudgets, pods, replicationcontrollers, replicasets, deployments, statefulsets. Writes:
poddisruptionbudgets (status), pods (status), events; gets the scale of owners of any other kind.
Keys: budgets; pods whose names begin with POD, for conditions that are out of date.
Invariants: while anything about a budget is not known, it allows nothing; a pod that an eviction was allowed for counts
as lost until it is gone, or for DELETION_S.
Upstream differences: a pod that several budgets select concerns all of them, also when its labels change; changes of a
pod that no budget goes by concern none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.api.apps.rolling import scaled_amount
from steersman.api.apps.stateful_set import STATEFUL_SETS
from steersman.api.core.pod import PODS
from steersman.api.core.replication_controller import REPLICATION_CONTROLLERS
from steersman.api.core.workload import compiled
from steersman.api.errors import ApiError, Conflict
from steersman.api.meta.conditions import find_condition
from steersman.api.meta.label_selector import go_text
from steersman.api.meta.times import format_time, parse_time
from steersman.api.policy.pod_disruption_budget import POD_DISRUPTION_BUDGETS
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.disruption_target import DISRUPTION_TARGET, plan_condition
from steersman.controllers.owner_scale import OwnerScales, ScaleError
from steersman.controllers.ownership import controller_of
from steersman.controllers.pods import is_ready, is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object

DELETION_S = 120.0
"""As long after it was allowed an eviction is believed in."""
STALE_S = 120.0
"""As long a pod that is not deleted is said to be about to be."""
POD = "pods/"
_ALLOWED = "DisruptionAllowed"
_BY_KUBELET = "TerminationByKubelet"


@dataclass(frozen=True, slots=True)
class Expected:
    """How many pods there should be, and how many of them healthy."""

    pods: int
    healthy: int
    unmanaged: bool = False
    """Whether there are pods that nobody controls, which count for nothing."""


class Disruptions(Controller):
    """See the module."""

    name = "disruption"
    component = "controllermanager"
    reads = (POD_DISRUPTION_BUDGETS, PODS, REPLICATION_CONTROLLERS, REPLICA_SETS, DEPLOYMENTS, STATEFUL_SETS)
    writes = (Writes(POD_DISRUPTION_BUDGETS, ("update",), "status"), Writes(PODS, ("update",), "status"))
    verbs_on_scales = ("get",)

    def setup(self) -> None:
        self._scales = OwnerScales(client=self.client, view=self.view, discovery=self.discovery)
        self.on(POD_DISRUPTION_BUDGETS)
        self.on(PODS, self._concerned)

    async def reconcile(self, key: Key) -> Requeue | None:
        if key.name.startswith(POD):
            return await self._refresh_pod(Key(key.namespace, key.name.removeprefix(POD)))
        budget = self.view.get(POD_DISRUPTION_BUDGETS, key)
        if budget is None:
            return None
        try:
            return await self._refresh(budget)
        except Conflict:
            raise
        except (ApiError, ScaleError) as error:
            self.logger.warning("%s: %s", key, error)
            await self._write(budget, plan_failure(budget, str(error), timestamp=format_time(self.clock.now())))
            return None

    async def _refresh(self, budget: Object) -> Requeue | None:
        pods = self._pods_of(budget)
        if not pods:
            self.recorder.event(budget, "Normal", "NoPods", "No matching pods found")
        expected = await self._expected(budget, pods)
        if expected.unmanaged:
            self.recorder.event(budget, "Warning", "UnmanagedPods", _unmanaged(budget))
        now = self.clock.now()
        disrupted, overdue, recheck_s = plan_disrupted(budget, pods, now)
        namespace = budget["metadata"]["namespace"]
        for pod in overdue:
            # Upstream names the namespace twice, and not the budget.
            message = f"Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't"
            self.recorder.event(pod, "Warning", "NotDeleted", message)
        healthy = count_healthy(pods, disrupted, now)
        await self._write(budget, plan_status(budget, expected, healthy, disrupted, timestamp=format_time(now)))
        return Requeue(after_s=recheck_s) if recheck_s is not None else None

    async def _expected(self, budget: Object, pods: Sequence[Object]) -> Expected:
        """Raises ApiError, ScaleError: it cannot be said."""
        try:
            return plan_expected(budget["spec"], len(pods), await self._total(budget["spec"], pods))
        except (ApiError, ScaleError) as error:
            message = f"Failed to calculate the number of expected pods: {error}"
            self.recorder.event(budget, "Warning", "CalculateExpectedPodCountFailed", message)
            raise

    async def _total(self, spec: Object, pods: Sequence[Object]) -> tuple[int, bool]:
        """As many pods as the owners of these want, and whether some have no owner; nobody is asked without need."""
        if spec.get("maxUnavailable") is None and not isinstance(spec.get("minAvailable"), str):
            return 0, False
        scales: dict[str, int] = {}
        unmanaged = False
        for pod in pods:
            reference = controller_of(pod)
            if reference is None:
                unmanaged = True
            elif reference["uid"] not in scales:
                found = await self._scales.find(reference, pod["metadata"]["namespace"])
                if found is None:
                    raise ScaleError(f'found no controllers for pod "{pod["metadata"]["name"]}"')
                scales[found.uid] = found.replicas
        return sum(scales.values()), unmanaged

    async def _write(self, budget: Object, status: Object | None) -> None:
        if status is not None:
            await self.client.update_status(POD_DISRUPTION_BUDGETS, budget | {"status": status})

    async def _refresh_pod(self, key: Key) -> Requeue | None:
        pod = self.view.get(PODS, key)
        now = self.clock.now()
        stale_in_s = disruption_stale_in_s(pod, now)
        if pod is None or stale_in_s is None:
            return None
        if stale_in_s > 0:
            return Requeue(after_s=stale_in_s)
        condition = plan_condition(pod, timestamp=format_time(now), status="False")
        assert condition is not None
        conditions = [condition if each["type"] == DISRUPTION_TARGET else each for each in pod["status"]["conditions"]]
        await self.client.update_status(PODS, pod | {"status": pod["status"] | {"conditions": conditions}})
        return None

    # -- which keys a change concerns

    def _concerned(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        keys: dict[Key, None] = {}
        for pod in (old, new) if _relevant(old) != _relevant(new) else ():
            if pod is not None:
                keys |= dict.fromkeys(self._budgets_of(pod))
        if new is not None:
            if len(keys) > 1 and (old is None or _labels(old) != _labels(new)):
                self._tell_several(new, next(iter(keys)))
            if disruption_stale_in_s(new, self.clock.now()) is not None:
                keys[Key(new["metadata"]["namespace"], f"{POD}{new['metadata']['name']}")] = None
        return keys

    def _budgets_of(self, pod: Object) -> Iterable[Key]:
        labels = _labels(pod)
        for budget in self.view.list(POD_DISRUPTION_BUDGETS, pod["metadata"]["namespace"]):
            selector = compiled(budget["spec"].get("selector"))
            if selector is not None and selector.matches(labels):
                yield key_of(budget)

    def _pods_of(self, budget: Object) -> list[Object]:
        selector = compiled(budget["spec"].get("selector"))
        if selector is None:
            return []
        pods = self.view.list(PODS, budget["metadata"]["namespace"])
        return [pod for pod in pods if selector.matches(_labels(pod))]

    def _tell_several(self, pod: Object, chosen: Key) -> None:
        place = f'"{pod["metadata"]["namespace"]}"/"{pod["metadata"]["name"]}"'
        message = f'Pod {place} matches multiple PodDisruptionBudgets.  Chose "{chosen.name}" arbitrarily.'
        self.recorder.event(pod, "Warning", "MultiplePodDisruptionBudgets", message)


def _labels(obj: Object) -> dict[str, str]:
    labels: dict[str, str] = obj["metadata"].get("labels") or {}
    return labels


def _relevant(pod: Object | None) -> tuple[object, ...] | None:
    """All of a pod that budgets go by."""
    if pod is None:
        return None
    metadata = pod["metadata"]
    going = bool(metadata.get("deletionTimestamp"))
    return metadata["uid"], metadata.get("labels"), metadata.get("ownerReferences"), going, is_ready(pod)


def _unmanaged(budget: Object) -> str:
    selector = budget["spec"].get("selector")
    shown = go_text(selector) if selector is not None else "nil"
    return (
        f"Pods selected by this PodDisruptionBudget (selector: {shown}) were found to be unmanaged. As a result, the "
        "status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for "
        'these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
    )


def plan_expected(spec: Object, pods: int, total: tuple[int, bool]) -> Expected:
    """`pods`: how many there are; `total`: how many their owners want, and whether some have none."""
    wanted, unmanaged = total
    if (amount := spec.get("maxUnavailable")) is not None:
        return Expected(wanted, max(0, wanted - scaled_amount(amount, wanted, up=True)), unmanaged)
    amount = spec.get("minAvailable")
    if isinstance(amount, str):
        return Expected(wanted, scaled_amount(amount, wanted, up=True), unmanaged)
    return Expected(pods, amount) if amount is not None else Expected(0, 0)


def plan_disrupted(
    budget: Object, pods: Iterable[Object], now: datetime
) -> tuple[dict[str, str], list[Object], float | None]:
    """Of status.disruptedPods what is still to be believed; the pods that should be gone by now; in how many seconds to
    look again.
    """
    allowed = (budget.get("status") or {}).get("disruptedPods") or {}
    kept: dict[str, str] = {}
    overdue: list[Object] = []
    rests: list[float] = []
    for pod in pods if allowed else ():
        name = pod["metadata"]["name"]
        if name not in allowed or pod["metadata"].get("deletionTimestamp"):
            continue
        rest_s = (parse_time(allowed[name]) + timedelta(seconds=DELETION_S) - now).total_seconds()
        if rest_s <= 0:
            overdue.append(pod)
        else:
            kept[name] = allowed[name]
            rests.append(rest_s)
    return kept, overdue, min(rests, default=None)


def count_healthy(pods: Iterable[Object], disrupted: Mapping[str, str], now: datetime) -> int:
    """Those that are ready, and neither being deleted nor about to be. `disrupted`: see `plan_disrupted`."""
    bound = now - timedelta(seconds=DELETION_S)
    return sum(
        is_ready(pod)
        for pod in pods
        if not pod["metadata"].get("deletionTimestamp")
        and not ((since := disrupted.get(pod["metadata"]["name"])) and parse_time(since) > bound)
    )


def plan_status(
    budget: Object, expected: Expected, healthy: int, disrupted: Mapping[str, str], *, timestamp: str
) -> Object | None:
    """The status to write; None if it says all that already."""
    # A budget that selects nothing allows nothing: its first pods may be there before they are counted.
    allowed = max(0, healthy - expected.healthy) if expected.pods > 0 else 0
    generation = budget["metadata"].get("generation", 0)
    status: Object = {
        "observedGeneration": generation,
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": expected.healthy,
        "expectedPods": expected.pods,
    }
    if disrupted:
        status["disruptedPods"] = dict(disrupted)
    told = ("True", "SufficientPods") if allowed > 0 else ("False", "InsufficientPods")
    return _differing(budget, status, _condition(budget, *told, "", generation, timestamp))


def plan_failure(budget: Object, message: str, *, timestamp: str) -> Object | None:
    """The status of a budget about which something could not be learned; None if it says so already."""
    old = budget.get("status") or {}
    condition = _condition(budget, "False", "SyncFailed", message, old.get("observedGeneration", 0), timestamp)
    return _differing(budget, old | {"disruptionsAllowed": 0}, condition)


def _condition(budget: Object, status: str, reason: str, message: str, generation: int, timestamp: str) -> Object:
    old = find_condition(budget, _ALLOWED) or {}
    condition: Object = {"type": _ALLOWED, "status": status, "reason": reason, "message": message}
    condition["lastTransitionTime"] = old["lastTransitionTime"] if old.get("status") == status else timestamp
    if generation:
        condition["observedGeneration"] = generation
    return condition


def _differing(budget: Object, status: Object, condition: Object) -> Object | None:
    old = budget.get("status") or {}
    known = list(old.get("conditions") or ())
    others = [each for each in known if each["type"] != _ALLOWED]
    at = next((index for index, each in enumerate(known) if each["type"] == _ALLOWED), len(known))
    status = status | {"conditions": [*others[:at], condition, *others[at:]]}
    return None if status == {name: value for name, value in old.items() if value not in (None, {})} else status


def disruption_stale_in_s(pod: Object | None, now: datetime) -> float | None:
    """In how many seconds a pod's being about to be deleted is no longer to be believed; None: it is not said, or true.

    A kubelet that ends a pod may take as long as it likes.
    """
    if pod is None or pod["metadata"].get("deletionTimestamp") or is_terminal(pod):
        return None
    condition = find_condition(pod, DISRUPTION_TARGET)
    if condition is None or condition["status"] != "True" or condition.get("reason") == _BY_KUBELET:
        return None
    since = condition.get("lastTransitionTime")
    if not since:
        return 0.0
    return max(0.0, STALE_S - (now - parse_time(since)).total_seconds())
