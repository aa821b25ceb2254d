"""NodeAffinity: which nodes a pod asks for by their labels and names, and which it would rather have.

Upstream: pkg/scheduler/framework/plugins/nodeaffinity. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.node_affinity import compile_node_selector, compile_preferred, compile_required
from steersman.scheduler.events import NODE_ADDED, NODE_UPDATED, SELF_UPDATED, Event
from steersman.scheduler.framework import SKIP, Cycle, Only, Plugin, Refusal, Rejected, Skip, normalised, of_feasible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts

_REQUIRED, _PREFERRED = (
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
)


class NodeAffinity(Plugin):
    """`added`: a NodeAffinity that holds for every pod, beside its own."""

    name = "NodeAffinity"
    helped_by = frozenset({NODE_ADDED, NODE_UPDATED, SELF_UPDATED})

    def __init__(self, *, added: Object | None = None) -> None:
        required = (added or {}).get(_REQUIRED)
        self._added = compile_node_selector(required) if required is not None else None
        self._added_key = (self.name, "added", repr(required))
        self._added_preferred = tuple((added or {}).get(_PREFERRED) or ())

    def may_help(self, event: Event, pod: PodInfo) -> bool:
        if event.kind == SELF_UPDATED:
            return True
        if event.new is None or (self._added is not None and not self._added(event.new)):
            return False
        return compile_required(pod.spec)(event.new)

    def pre_filter(self, cycle: Cycle) -> Rejected | Only | Skip | None:
        spec = cycle.pod.spec
        required = _affinity(spec).get(_REQUIRED)
        if required is None and not spec.get("nodeSelector") and self._added is None:
            return SKIP
        names = _names((required or {}).get("nodeSelectorTerms") or ())
        if names is None:
            return None
        return Only(names) if names else Rejected("pod affinity terms conflict")

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        spec, enforced = cycle.pod.spec, None
        if (added := self._added) is not None:
            enforced = cycle.snapshot.mask(self._added_key, lambda node: not added(node))
            yield Refusal(enforced, "node(s) didn't match scheduler-enforced node affinity")
        wanted = compile_required(spec)
        # Pods of one kind ask for the same: what was found for one holds for all.
        key = (self.name, repr(spec.get("nodeSelector")), repr(_affinity(spec).get(_REQUIRED)))
        refused = cycle.snapshot.mask(key, lambda node: not wanted(node))
        if enforced is not None:
            refused = refused & ~enforced  # a node tells of one thing only
        yield Refusal(refused, "node(s) didn't match Pod's node affinity/selector")

    def pre_score(self, cycle: Cycle, _feasible: NDArray[np.intp]) -> Skip | None:
        return None if self._added_preferred or _affinity(cycle.pod.spec).get(_PREFERRED) else SKIP

    def score(self, cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        preferred = (*self._added_preferred, *(_affinity(cycle.pod.spec).get(_PREFERRED) or ()))
        weights = cycle.snapshot.amounts((self.name, _PREFERRED, repr(preferred)), compile_preferred(preferred))
        return normalised(of_feasible(weights, feasible))


def _affinity(spec: Object) -> Object:
    return (spec.get("affinity") or {}).get("nodeAffinity") or {}


def _names(terms: Sequence[Object]) -> frozenset[str] | None:
    """The nodes that terms name, if every one of them names some; None: any node may match."""
    names: set[str] = set()
    for term in terms:
        named = [
            set(field.get("values") or ())
            for field in term.get("matchFields") or ()
            if field.get("key") == "metadata.name" and field.get("operator") == "In"
        ]
        if not named:
            return None
        names |= set.intersection(*named)
    return frozenset(names) if terms else None
