"""status: the counts and conditions of a Deployment, and whether its rollout makes progress. Pure.

Upstream: pkg/controller/deployment/progress.go, calculateStatus.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from steersman.api.meta.conditions import find_condition
from steersman.api.meta.times import format_time
from steersman.controllers.deployment.amounts import available_min
from steersman.controllers.deployment.replica_sets import Sets, counted, terminating, total, total_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

AVAILABLE, PROGRESSING, FAILURE = "Available", "Progressing", "ReplicaFailure"
TIMED_OUT, COMPLETE = "ProgressDeadlineExceeded", "NewReplicaSetAvailable"
PAUSED, RESUMED = "DeploymentPaused", "DeploymentResumed"
_NO_DEADLINE = (1 << 31) - 1


def has_deadline(deployment: Object) -> bool:
    deadline_s = deployment["spec"].get("progressDeadlineSeconds")
    return deadline_s is not None and deadline_s != _NO_DEADLINE


def with_condition(status: Object, kind: str, value: str, reason: str, message: str, *, now: datetime) -> Object:
    """`status`, with this condition last unless it says the same (status and reason) already."""
    time = format_time(now)
    condition = {"type": kind, "status": value, "lastUpdateTime": time, "lastTransitionTime": time}
    return _with(status, condition | {"reason": reason, "message": message})


def plan_pause(deployment: Object, *, now: datetime) -> Object | None:
    """The status in which a pause, or its end, is noted, so that it does not count as lack of progress; or None."""
    if not has_deadline(deployment):
        return None
    status = deployment.get("status") or {}
    known = find_condition(deployment, PROGRESSING)
    reason = known.get("reason") if known is not None else None
    paused = bool(deployment["spec"].get("paused"))
    if reason == TIMED_OUT or paused == (reason == PAUSED):
        return None
    why, message = (PAUSED, "Deployment is paused") if paused else (RESUMED, "Deployment is resumed")
    return with_condition(status, PROGRESSING, "Unknown", why, message, now=now)


def plan_status(deployment: Object, sets: Sets, *, now: datetime) -> Object:
    """Counts, and whether enough pods are available; other conditions as they are."""
    old = deployment.get("status") or {}
    available = total(sets.all, "availableReplicas")
    counts = {
        "observedGeneration": deployment["metadata"].get("generation", 0),
        "replicas": total(sets.all, "replicas"),
        "updatedReplicas": counted(sets.new, "replicas") if sets.new is not None else 0,
        "readyReplicas": total(sets.all, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(total_size(sets.all) - available, 0),
    }
    status: Object = {name: count for name, count in counts.items() if count}
    leaving = terminating(sets.all)
    if leaving is not None:
        status["terminatingReplicas"] = leaving
    status |= {name: old[name] for name in ("collisionCount", "conditions") if old.get(name) is not None}
    if available >= available_min(deployment):
        verdict = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        verdict = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    return with_condition(status, AVAILABLE, *verdict, now=now)


def plan_rollout_status(deployment: Object, sets: Sets, *, now: datetime) -> Object:
    """The same, with progress of the rollout, and failures of ReplicaSets."""
    status = plan_status(deployment, sets, now=now)
    if has_deadline(deployment):
        status = _with_progress(deployment, sets, status, now)
    else:
        status = _without(status, PROGRESSING)
    failure = _failure(([sets.new] if sets.new is not None else []) + list(sets.all))
    return _without(status, FAILURE) if failure is None else _with(status, failure)


def is_complete(deployment: Object, status: Object) -> bool:
    """All pods that are wanted are of the template and available, and there are no others."""
    wanted = deployment["spec"]["replicas"]
    counts = (status.get(name) or 0 for name in ("updatedReplicas", "replicas", "availableReplicas"))
    seen = (status.get("observedGeneration") or 0) >= deployment["metadata"].get("generation", 0)
    return seen and all(count == wanted for count in counts)


def checked_in_s(deployment: Object, status: Object, *, now: datetime) -> float | None:
    """When the rollout might run out of time; None if it cannot. A second later, since times are whole seconds."""
    known = find_condition(deployment, PROGRESSING)
    if not has_deadline(deployment) or known is None:
        return None
    if is_complete(deployment, status) or known.get("reason") == TIMED_OUT:
        return None
    return max((_deadline(deployment, known) - now).total_seconds(), 0.0) + 1


def _with_progress(deployment: Object, sets: Sets, status: Object, now: datetime) -> Object:
    known = find_condition(deployment, PROGRESSING)
    if known is not None and known.get("reason") == COMPLETE and _only_updated(status):
        return status  # it was over before: what changes now is no rollout
    what = f'Deployment "{deployment["metadata"]["name"]}"'
    if sets.new is not None:
        what = f'ReplicaSet "{sets.new["metadata"]["name"]}"'
    if is_complete(deployment, status):
        message = f"{what} has successfully progressed."
        return with_condition(status, PROGRESSING, "True", COMPLETE, message, now=now)
    if _advances(deployment.get("status") or {}, status):
        progress = (PROGRESSING, "True", "ReplicaSetUpdated", f"{what} is progressing.")
        # Told anew each time: from the last progress on the deadline counts.
        made = with_condition(_without(status, PROGRESSING), *progress, now=now)
        if known is not None and known["status"] == "True":
            made["conditions"][-1]["lastTransitionTime"] = known["lastTransitionTime"]
        return made
    if _is_late(deployment, known, now):
        message = f"{what} has timed out progressing."
        return with_condition(status, PROGRESSING, "False", TIMED_OUT, message, now=now)
    return status


def _only_updated(status: Object) -> bool:
    return bool(status.get("replicas", 0) == status.get("updatedReplicas", 0))


def _advances(old: Object, new: Object) -> bool:
    """More pods of the template, ready or available ones; or fewer others."""
    more = any(
        (new.get(name) or 0) > (old.get(name) or 0)
        for name in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )
    return more or _outdated(new) < _outdated(old)


def _outdated(status: Object) -> int:
    number: int = (status.get("replicas") or 0) - (status.get("updatedReplicas") or 0)
    return number


def _is_late(deployment: Object, known: Object | None, now: datetime) -> bool:
    if known is None or known.get("reason") == COMPLETE:
        return False
    return known.get("reason") == TIMED_OUT or _deadline(deployment, known) < now


def _deadline(deployment: Object, known: Object) -> datetime:
    since = datetime.fromisoformat(known.get("lastUpdateTime") or known["lastTransitionTime"])
    return since + timedelta(seconds=deployment["spec"]["progressDeadlineSeconds"])


def _failure(replica_sets: Iterable[Object]) -> Object | None:
    """The first of theirs, as a condition of the Deployment."""
    for each in replica_sets:
        found = find_condition(each, FAILURE)
        if found is not None:
            return found | {"lastUpdateTime": found["lastTransitionTime"]}
    return None


def _with(status: Object, condition: Object) -> Object:
    known = find_condition({"status": status}, condition["type"])
    if known is not None and known["status"] == condition["status"]:
        if known.get("reason", "") == condition.get("reason", ""):
            return status
        condition = condition | {"lastTransitionTime": known["lastTransitionTime"]}
    rest = _without(status, condition["type"])
    return rest | {"conditions": [*rest.get("conditions", ()), condition]}


def _without(status: Object, kind: str) -> Object:
    conditions = [each for each in status.get("conditions") or () if each["type"] != kind]
    rest = {name: value for name, value in status.items() if name != "conditions"}
    return rest | {"conditions": conditions} if conditions else rest
