"""NodeUnschedulable: keeps pods off cordoned nodes, unless they tolerate the taint that says so.

Upstream: pkg/scheduler/framework/plugins/nodeunschedulable. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.tolerations import tolerates
from steersman.scheduler.events import NODE_ADDED, NODE_UPDATED, SELF_UPDATED, Event
from steersman.scheduler.framework import SKIP, Cycle, Plugin, Refusal, Skip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.scheduler.pod_info import PodInfo

_TAINT = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


class NodeUnschedulable(Plugin):
    """See the module."""

    name = "NodeUnschedulable"
    helped_by = frozenset({NODE_ADDED, NODE_UPDATED, SELF_UPDATED})

    def may_help(self, event: Event, _pod: PodInfo) -> bool:
        return event.kind == SELF_UPDATED or (event.new is not None and not event.new["spec"].get("unschedulable"))

    def pre_filter(self, cycle: Cycle) -> Skip | None:
        return SKIP if tolerates(cycle.pod.spec.get("tolerations") or (), _TAINT) else None

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        cordoned = cycle.snapshot.mask(self.name, lambda node: bool(node["spec"].get("unschedulable")))
        yield Refusal(cordoned, "node(s) were unschedulable")
