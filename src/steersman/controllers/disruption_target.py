"""disruption_target: the condition that tells why a pod is about to be deleted by somebody else than its owner. Pure.

Shared by all controllers that evict. Upstream: KEP-3329 (Retriable and non-retriable pod failures).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.meta.conditions import find_condition

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

DISRUPTION_TARGET = "DisruptionTarget"


def plan_condition(
    pod: Object, *, timestamp: str, status: str = "True", reason: str = "", message: str = "", observes: bool = True
) -> Object | None:
    """The condition to write; None if the pod's says that already.

    observes   whether it names the generation of the pod
    """
    told = {name: value for name, value in (("reason", reason), ("message", message)) if value}
    old = find_condition(pod, DISRUPTION_TARGET) or {}
    same_status = old.get("status") == status
    if same_status and all((old.get(name) or "") == told.get(name, "") for name in ("reason", "message")):
        return None
    condition: Object = {"type": DISRUPTION_TARGET, "status": status, **told}
    condition["lastTransitionTime"] = old["lastTransitionTime"] if same_status else timestamp
    generation = pod["metadata"].get("generation")
    if observes and generation:
        condition["observedGeneration"] = generation
    return condition


def render_patch(pod: Object, condition: Object | None, **status: object) -> Object:
    """A strategic merge patch of the status of this very pod. `status`: more fields of it."""
    fields: Object = {**status, **({"conditions": [condition]} if condition is not None else {})}
    return {"metadata": {"uid": pod["metadata"]["uid"]}, "status": fields}
