"""rollout: which ReplicaSets of a Deployment grow or shrink next, on the way from old templates to the new. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.controllers.deployment.amounts import available_min, is_rolling, total_max
from steersman.controllers.deployment.replica_sets import (
    Resize,
    Sets,
    active,
    counted,
    oldest_first,
    size,
    total,
    total_size,
)
from steersman.controllers.pods import is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object


def plan_rolling(deployment: Object, sets: Sets) -> list[Resize]:
    """The new one grows as far as surge allows; only if it does not, old ones shrink as far as availability allows."""
    new = sets.new
    assert new is not None
    wanted = min(deployment["spec"]["replicas"], new_size(deployment, sets.old, size(new)))
    if wanted != size(new):
        return [Resize(new, wanted)]
    return _shrink_old(deployment, sets)


def new_size(deployment: Object, old: Iterable[Object], present: int) -> int:
    """Of the ReplicaSet with the template, which has `present` replicas: it never shrinks by this."""
    replicas: int = deployment["spec"]["replicas"]
    if not is_rolling(deployment):
        return replicas
    room = total_max(deployment) - total_size(old) - present
    return present if room <= 0 else present + min(room, replicas - present)


def plan_recreate_end(sets: Sets) -> list[Resize]:
    """Old ones end first."""
    return [Resize(each, 0) for each in active(sets.old)]


def has_old_pods(sets: Sets, pods: dict[str, list[Object]]) -> bool:
    """Pods of other templates may still run. `pods`: by the uid of their ReplicaSet."""
    if total(sets.old, "replicas") > 0:
        return True
    new_uid = sets.new["metadata"]["uid"] if sets.new is not None else ""
    return any(not is_terminal(pod) for uid, those in pods.items() if uid != new_uid for pod in those)


def _shrink_old(deployment: Object, sets: Sets) -> list[Resize]:
    new, old = sets.new, oldest_first(active(sets.old))
    if new is None or not old:
        return []
    # What is unavailable of the new one counts as gone already: it must not make room for less of what works.
    unavailable = size(new) - counted(new, "availableReplicas")
    room = total_size(sets.all) - available_min(deployment) - unavailable
    if room <= 0:
        return []
    sizes = {each["metadata"]["uid"]: size(each) for each in old}
    steps: list[Resize] = []
    # Pods that do not work are given up first, whatever is available: they would hold up the rest for ever.
    for each in old:
        useless = min(room, size(each) - counted(each, "availableReplicas"))
        if useless < 0:
            return steps  # it has not shrunk yet as far as it shall: what is available is less than it seems
        if useless > 0:
            room -= useless
            sizes[each["metadata"]["uid"]] -= useless
            steps.append(Resize(each, sizes[each["metadata"]["uid"]]))
    spare = total([*old, new], "availableReplicas") - available_min(deployment)
    for each in old:
        present = sizes[each["metadata"]["uid"]]
        fewer = min(present, spare)
        if fewer > 0:
            spare -= fewer
            steps.append(Resize(each, present - fewer))
    return steps
