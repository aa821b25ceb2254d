"""NodeName: a pod that names its node goes there or nowhere.

Upstream: pkg/scheduler/framework/plugins/nodename. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.scheduler.events import NODE_ADDED
from steersman.scheduler.framework import SKIP, Cycle, Plugin, Refusal, Skip

if TYPE_CHECKING:
    from collections.abc import Iterable


class NodeName(Plugin):
    """See the module."""

    name = "NodeName"
    helped_by = frozenset({NODE_ADDED})

    def pre_filter(self, cycle: Cycle) -> Skip | None:
        return None if cycle.pod.spec.get("nodeName") else SKIP

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        others = ~cycle.snapshot.none()
        wanted = cycle.snapshot.index.get(cycle.pod.spec["nodeName"])
        if wanted is not None:
            others[wanted] = False
        yield Refusal(others, "node(s) didn't match the requested node name")
