"""SchedulingGates: a pod with gates is not looked at before somebody has removed them all.

Upstream: pkg/scheduler/framework/plugins/schedulinggates. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.scheduler.events import SELF_UPDATED
from steersman.scheduler.framework import Plugin

if TYPE_CHECKING:
    from steersman.scheduler.pod_info import PodInfo


class SchedulingGates(Plugin):
    """See the module."""

    name = "SchedulingGates"
    helped_by = frozenset({SELF_UPDATED})

    def pre_enqueue(self, pod: PodInfo) -> str:
        gates = [gate["name"] for gate in pod.spec.get("schedulingGates") or ()]
        return f"waiting for scheduling gates: [{' '.join(gates)}]" if gates else ""
