"""device_taint_status: what a DeviceTaintRule says about the evictions that it causes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.meta.conditions import find_condition
from steersman.api.meta.times import parse_time

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

IN_PROGRESS = "EvictionInProgress"
PERIOD_S = 10.0
"""A rule's status is written no more often."""


@dataclass(frozen=True, slots=True)
class Count:
    """Of one rule."""

    pods: int
    """To be evicted, or that would be if the rule evicted."""
    namespaces: int
    evicted: int
    """Pods, since this controller runs."""
    published: int = 0
    """Devices that it selects, in slices."""
    allocated: int = 0
    """The same, in claims."""


def too_early_s(rule: Object, now: datetime) -> float | None:
    """How long to wait with the next status; None: not at all."""
    condition = find_condition(rule, IN_PROGRESS)
    if condition is None or condition.get("observedGeneration") != rule["metadata"].get("generation"):
        return None
    since_s = (now - parse_time(condition["lastTransitionTime"])).total_seconds()
    return PERIOD_S - since_s if since_s < PERIOD_S else None


def plan_condition(rule: Object, count: Count, *, timestamp: str) -> Object | None:
    """The condition to write; None if it says all that already. Its time is that of its last change of any kind."""
    status, reason, message = _judge(rule["spec"]["taint"]["effect"], count)
    if count.evicted:
        told = f"{_amount(count.evicted, 'pod', 'pods')} evicted since starting the controller."
        message = f"{message} {told}" if message else told
    condition = {
        "type": IN_PROGRESS,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": rule["metadata"].get("generation", 0),
    }
    old = find_condition(rule, IN_PROGRESS) or {}
    if all((old.get(name) or "") == (value or "") for name, value in condition.items()):
        return None
    return condition | {"lastTransitionTime": timestamp}


def _judge(effect: str, count: Count) -> tuple[str, str, str]:
    """(status, reason, message)."""
    if effect == "None":
        message = (
            f"{_amount(count.published, 'published device', 'published devices')} selected. "
            f"{_amount(count.allocated, 'allocated device', 'allocated devices')} selected. "
            f"{_amount(count.pods, 'pod', 'pods')} would be evicted in "
            f"{_amount(count.namespaces, 'namespace', 'different namespaces')} if the effect was NoExecute. "
            "This information will not be updated again. Recreate the DeviceTaintRule to trigger an update."
        )
        return "False", "NoEffect", message
    if effect != "NoExecute":
        return "False", "OtherEffect", "Eviction only happens for the NoExecute effect."
    if count.pods:
        pods = _amount(count.pods, "pod needs", "pods need")
        spaces = _amount(count.namespaces, "namespace", "different namespaces")
        return "True", "PodsPendingEviction", f"{pods} to be evicted in {spaces}."
    return "False", "Completed" if count.evicted else "NotStarted", ""


def _amount(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
