"""TaintToleration: keeps pods off nodes whose taints they do not tolerate, and away from those they would rather avoid.

Upstream: pkg/scheduler/framework/plugins/tainttoleration. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.tolerations import tolerates
from steersman.scheduler.events import NODE_ADDED, NODE_UPDATED, SELF_UPDATED, Event
from steersman.scheduler.framework import Cycle, Plugin, Refusal, normalised, of_feasible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts

_HARD = ("NoSchedule", "NoExecute")
_SOFT = "PreferNoSchedule"


class TaintToleration(Plugin):
    """See the module."""

    name = "TaintToleration"
    helped_by = frozenset({NODE_ADDED, NODE_UPDATED, SELF_UPDATED})

    def may_help(self, event: Event, pod: PodInfo) -> bool:
        return event.kind == SELF_UPDATED or (event.new is not None and not _refuses(event.new, pod))

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        pod = cycle.pod
        # Pods of one kind tolerate the same: what was found for one holds for all.
        refused = cycle.snapshot.mask((self.name, repr(pod.spec.get("tolerations"))), lambda node: _refuses(node, pod))
        yield Refusal(refused, "node(s) had untolerated taint(s)")

    def score(self, cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        tolerations = [
            each for each in cycle.pod.spec.get("tolerations") or () if each.get("effect", "") in ("", _SOFT)
        ]
        key = (self.name, _SOFT, repr(tolerations))
        counts = cycle.snapshot.amounts(key, lambda node: _intolerable(node, tolerations))
        return normalised(of_feasible(counts, feasible), reverse=True)


def _refuses(node: Object, pod: PodInfo) -> bool:
    taints = [taint for taint in node["spec"].get("taints") or () if taint["effect"] in _HARD]
    tolerations = (pod.spec.get("tolerations") or ()) if taints else ()
    return any(not tolerates(tolerations, taint) for taint in taints)


def _intolerable(node: Object, tolerations: Sequence[Object]) -> int:
    taints = node["spec"].get("taints") or ()
    return sum(taint["effect"] == _SOFT and not tolerates(tolerations, taint) for taint in taints)
