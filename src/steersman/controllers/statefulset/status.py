"""status: how many pods of a StatefulSet there are, and of which revision. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.controllers.pods import available_in_s, is_ready
from steersman.controllers.statefulset.identity import revision_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from steersman.api.meta.types import Object

_ALWAYS_TOLD = ("replicas", "availableReplicas")


def plan_status(
    stateful_set: Object,
    pods: Iterable[Object],
    *,
    current: str,
    update: str,
    collisions: int,
    given_up: int,
    now: datetime,
) -> Object:
    """`current`, `update`: names of revisions; `given_up`: pods that have just been deleted to roll out the update."""
    spec = stateful_set["spec"]
    min_ready_s = spec.get("minReadySeconds", 0)
    replicas = ready = available = of_current = of_update = 0
    for pod in pods:
        phase = (pod.get("status") or {}).get("phase")
        replicas += bool(phase)
        if phase == "Running" and is_ready(pod):
            ready += 1
            available += available_in_s(pod, min_ready_s, now) == 0
        if phase and not pod["metadata"].get("deletionTimestamp"):
            of_current += revision_of(pod) == current
            of_update += revision_of(pod) == update
    of_current -= given_up
    if of_update == ready == replicas == spec["replicas"]:
        # All are what they should be: the update is over.
        of_current, current = of_update, update
    counts = {
        "replicas": replicas,
        "readyReplicas": ready,
        "currentReplicas": of_current,
        "updatedReplicas": of_update,
        "availableReplicas": available,
    }
    status: Object = {
        "observedGeneration": stateful_set["metadata"].get("generation", 0),
        **{name: count for name, count in counts.items() if count or name in _ALWAYS_TOLD},
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": collisions,
    }
    conditions = (stateful_set.get("status") or {}).get("conditions")
    return status | {"conditions": conditions} if conditions else status


def is_told(stateful_set: Object, status: Object) -> bool:
    """The set's own status says it all; a count of collisions alone is not worth a write."""
    old = stateful_set.get("status") or {}
    return {**old, "collisionCount": 0} == {**status, "collisionCount": 0}
