"""scaling: what becomes of the ReplicaSets of a Deployment whose spec.replicas changes. Pure.

In the middle of a rollout every one of them grows or shrinks in proportion, so that the rollout neither advances nor
gets riskier by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.controllers.deployment.amounts import is_rolling, total_max
from steersman.controllers.deployment.replica_sets import (
    Resize,
    Sets,
    active,
    counted,
    newest_first,
    oldest_first,
    size,
    total_size,
)
from steersman.controllers.deployment.revisions import DESIRED, MAX, noted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object


def is_scaled(deployment: Object, sets: Sets) -> bool:
    """spec.replicas is not what it was when an active ReplicaSet was last resized."""
    wanted = [noted(each, DESIRED) for each in active(sets.all)]
    return any(number is not None and number != deployment["spec"]["replicas"] for number in wanted)


def plan_scaling(deployment: Object, sets: Sets) -> list[Resize]:
    replicas = deployment["spec"]["replicas"]
    old = newest_first(sets.old)
    running = active(old if sets.new is None else [*old, sets.new])
    if len(running) <= 1:
        last = next(iter(running), sets.new or next(iter(old), None))
        return [Resize(last, replicas)] if last is not None and size(last) != replicas else []
    if is_saturated(deployment, sets.new):
        return [Resize(each, 0) for each in active(old)]
    return _in_proportion(deployment, running) if is_rolling(deployment) else []


def is_saturated(deployment: Object, replica_set: Object | None) -> bool:
    """It has all the pods that are wanted, and all are available."""
    if replica_set is None:
        return False
    numbers = (size(replica_set), noted(replica_set, DESIRED), counted(replica_set, "availableReplicas"))
    return all(number == deployment["spec"]["replicas"] for number in numbers)


def _in_proportion(deployment: Object, running: list[Object]) -> list[Resize]:
    """Largest first; of the same size those first that should sooner grow (newer ones) or shrink (older ones)."""
    allowed = total_max(deployment) if deployment["spec"]["replicas"] > 0 else 0
    missing = allowed - total_size(running)
    if missing:
        running = _largest_first(newest_first(running) if missing > 0 else oldest_first(running))
    sizes = [size(each) for each in running]
    rest = missing
    for index, each in enumerate(running):
        share = _share(deployment, each)
        share = min(share, rest) if missing > 0 else max(share, rest)
        if rest:
            sizes[index] += share
            rest -= share
    # Rounding leaves some over.
    sizes[0] = max(sizes[0] + rest, 0)
    return [Resize(each, number, annotate=True) for each, number in zip(running, sizes, strict=True)]


def _largest_first(replica_sets: Iterable[Object]) -> list[Object]:
    return sorted(replica_sets, key=lambda each: -size(each))


def _share(deployment: Object, replica_set: Object) -> int:
    """How much larger it should be, so that its part of all pods stays what it was."""
    before = size(replica_set)
    if deployment["spec"]["replicas"] == 0:
        return -before
    total_before = noted(replica_set, MAX) or counted(deployment, "replicas")
    if not total_before:
        return 0
    # Half rounds up: the number is never negative.
    return int(before * total_max(deployment) / total_before + 0.5) - before
