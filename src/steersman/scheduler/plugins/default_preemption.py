"""DefaultPreemption: makes less important pods leave a node for a pod that no node can take.

Decides only; the loop tells the pod, deletes the victims, and keeps the pod out of the queue meanwhile.
Reads: poddisruptionbudgets, through `budgets`.
Upstream: pkg/scheduler/framework/plugins/defaultpreemption. Upstream differences: extenders are not asked about
victims; victims are always deleted in a task of their own (SchedulerAsyncPreemption).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.scheduler.framework import Aftermath, Eviction, Plugin
from steersman.scheduler.messages import no_nodes
from steersman.scheduler.preemption import Shortlist, choose, find, ineligible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from random import Random

    from steersman.api.meta.types import Object
    from steersman.scheduler.cycle import Decision


class DefaultPreemption(Plugin):
    """`budgets()`: all PodDisruptionBudgets. `shortlist`: the plugin's arguments minCandidateNodes..."""

    name = "DefaultPreemption"
    helped_by = frozenset()

    def __init__(
        self, *, budgets: Callable[[], Iterable[Object]], rng: Random, shortlist: Shortlist | None = None
    ) -> None:
        self._budgets = budgets
        self._rng = rng
        self._shortlist = shortlist or Shortlist()

    def post_filter(self, decision: Decision) -> Aftermath:
        reason = ineligible(decision)
        if reason:
            return Aftermath(f"preemption: {reason}")
        candidates, reasons = find(decision, self._budgets(), self._rng, self._shortlist)
        if not candidates:
            return Aftermath(f"preemption: {no_nodes(decision.snapshot_nodes, reasons)}", nominated="")
        best = choose(candidates, self._rng)
        node, victims = best.node, len(best.victims)
        return Aftermath(
            f"preemption: found a potential placement for pod on node {node}, preempting {victims} victims",
            nominated=node,
            done=True,
            eviction=Eviction(node, best.victims),
        )
