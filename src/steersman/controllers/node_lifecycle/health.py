"""Signs of life of a node: its status, and its lease. Pure; times are those of the loop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from steersman.api.meta.conditions import find_condition
from steersman.api.meta.times import parse_time

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

GIVEN_UP = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
"""The conditions that only the kubelet knows anything of."""


@dataclass(frozen=True, slots=True)
class Health:
    """What was last observed of a node."""

    alive_at: float
    """When a sign of life was last seen."""
    heartbeat: str | None = None
    """The time in its condition Ready; None while it has none."""
    renewed: str = ""
    """The time in its lease."""
    lease_version: str = ""


def observe(node: Object, known: Health | None, lease: Object | None, *, now: float, wall: datetime) -> Health:
    """`known`: what was observed before. A node that has not told anything yet counts as alive when it was created."""
    heartbeat = heartbeat_of(node)
    if heartbeat is None:
        if known is None:
            age_s = (wall - parse_time(node["metadata"]["creationTimestamp"])).total_seconds()
            known = Health(now - age_s)
        health = replace(known, heartbeat=None)
    elif known is None:
        health = Health(now, heartbeat)
    else:
        health = known if known.heartbeat == heartbeat else replace(known, alive_at=now, heartbeat=heartbeat)
    if lease is None:
        return health
    renewed = (lease.get("spec") or {}).get("renewTime") or ""
    version = lease["metadata"]["resourceVersion"]
    if not health.lease_version or _is_later(renewed, health.renewed):
        return replace(health, alive_at=now, renewed=renewed, lease_version=version)
    return health


def _is_later(renewed: str, before: str) -> bool:
    return bool(renewed and before) and parse_time(renewed) > parse_time(before)


def heartbeat_of(node: Object) -> str | None:
    """The time in its condition Ready; None if there is none."""
    ready = find_condition(node, "Ready")
    return (ready.get("lastHeartbeatTime") or "") if ready is not None else None


def ready_status(node: Object) -> str | None:
    """Of the condition Ready; None if there is none."""
    ready = find_condition(node, "Ready")
    return ready["status"] if ready is not None else None


def plan_unknown(node: Object, *, timestamp: str) -> list[Object] | None:
    """The conditions of a node that gives no sign of life; None if its condition Ready says so already."""
    if ready_status(node) == "Unknown":
        return None
    conditions = []
    for condition in node["status"].get("conditions") or ():
        if condition["type"] in GIVEN_UP and condition["status"] != "Unknown":
            conditions.append(
                condition
                | {
                    "status": "Unknown",
                    "reason": "NodeStatusUnknown",
                    "message": "Kubelet stopped posting node status.",
                    "lastTransitionTime": timestamp,
                }
            )
        else:
            conditions.append(condition)
    told = {condition["type"] for condition in conditions}
    conditions += [
        {
            "type": kind,
            "status": "Unknown",
            "reason": "NodeStatusNeverUpdated",
            "message": "Kubelet never posted node status.",
            "lastHeartbeatTime": node["metadata"]["creationTimestamp"],
            "lastTransitionTime": timestamp,
        }
        for kind in GIVEN_UP
        if kind not in told
    ]
    return conditions


def plan_not_ready(pod: Object, *, timestamp: str) -> Object | None:
    """The status of a pod whose node is not ready; None if it does not say that it is ready."""
    ready = find_condition(pod, "Ready")
    if ready is None or ready["status"] == "False":
        return None
    no_longer = ready | {"status": "False", "lastTransitionTime": timestamp}
    status: Object = pod["status"]
    return status | {"conditions": [no_longer if each is ready else each for each in status["conditions"]]}
