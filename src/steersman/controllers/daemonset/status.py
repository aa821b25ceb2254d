"""status: how many nodes have the pod they should have. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.controllers.daemonset.pods import is_updated, oldest_first, template_generation
from steersman.controllers.pods import available_in_s, is_ready

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.controllers.daemonset.placement import Placement

_ALWAYS_TOLD = ("currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady")


def plan_status(
    daemon_set: Object,
    nodes: Iterable[Object],
    pods: Mapping[str, list[Object]],
    placement: Placement,
    *,
    content_hash: str,
    now: datetime,
) -> Object | None:
    """The status to write; None if it says all that already. `pods`: of each node, see `by_node`."""
    generation = template_generation(daemon_set)
    min_ready_s = daemon_set["spec"].get("minReadySeconds", 0)
    desired = current = misplaced = ready = updated = available = 0
    for node in nodes:
        present = pods.get(node["metadata"]["name"])
        if not placement.fit(node).starts:
            misplaced += bool(present)
            continue
        desired += 1
        if present:
            oldest = oldest_first(present)[0]
            current += 1
            ready += is_ready(oldest)
            available += available_in_s(oldest, min_ready_s, now) == 0
            updated += is_updated(oldest, content_hash, generation)
    counts = {
        "currentNumberScheduled": current,
        "numberMisscheduled": misplaced,
        "desiredNumberScheduled": desired,
        "numberReady": ready,
        "observedGeneration": daemon_set["metadata"].get("generation", 0),
        "updatedNumberScheduled": updated,
        "numberAvailable": available,
        "numberUnavailable": desired - available,
    }
    old = daemon_set.get("status") or {}
    others = {name: value for name, value in old.items() if name not in counts}
    status = {name: count for name, count in counts.items() if count or name in _ALWAYS_TOLD} | others
    return None if status == old else status
