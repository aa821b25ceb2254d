"""TaintToleration: keeps pods off nodes whose taints they do not tolerate, and away from those they would rather avoid.

Upstream: pkg/scheduler/framework/plugins/tainttoleration. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steersman.api.core.tolerations import tolerates
from steersman.scheduler.framework import Cycle, Plugin, Refusal, normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from steersman.api.meta.types import Object
    from steersman.scheduler.snapshot import Amounts

_HARD = ("NoSchedule", "NoExecute")
_SOFT = "PreferNoSchedule"


class TaintToleration(Plugin):
    """See the module."""

    name = "TaintToleration"

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        tolerations = cycle.pod.spec.get("tolerations") or ()

        def refuses(node: Object) -> bool:
            return any(
                taint["effect"] in _HARD and not tolerates(tolerations, taint)
                for taint in node["spec"].get("taints") or ()
            )

        # Pods of one kind tolerate the same: what was found for one holds for all.
        refused = cycle.snapshot.mask((self.name, repr(tolerations)), refuses)
        yield Refusal(refused, "node(s) had untolerated taint(s)")

    def score(self, cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        tolerations = [
            each for each in cycle.pod.spec.get("tolerations") or () if each.get("effect", "") in ("", _SOFT)
        ]
        nodes = cycle.snapshot.nodes
        counts = (_intolerable(nodes[column], tolerations) for column in feasible)
        return normalised(np.fromiter(counts, np.int64, len(feasible)), reverse=True)


def _intolerable(node: Object, tolerations: Sequence[Object]) -> int:
    taints = node["spec"].get("taints") or ()
    return sum(taint["effect"] == _SOFT and not tolerates(tolerations, taint) for taint in taints)
