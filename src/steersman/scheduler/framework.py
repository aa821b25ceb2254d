"""framework: what a plugin is.

A plugin is one file with one class that extends `Plugin` and overrides the extension points it is for. It answers for
all nodes at once:

    class EvenNumbers(Plugin):
        name = "EvenNumbers"

        def filter(self, cycle: Cycle) -> Iterable[Refusal]:
            odd = cycle.snapshot.mask("odd", lambda node: int(node["metadata"]["name"][-1]) % 2 == 1)
            yield Refusal(odd, "node(s) had an odd number")

Points, in the order in which a cycle calls them: pre_filter, filter, post_filter (not in a cycle that finds a node),
pre_score, score. Before a pod is queued: pre_enqueue. After the decision, outside the pure part: reserve, permit,
pre_bind, bind, post_bind.
Upstream: staging/src/k8s.io/kube-scheduler/framework/interface.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from steersman.scheduler.events import Event, Kind
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts, Mask, Snapshot

SCORE_MAX = 100
"""Of one plugin and node, before its weight."""


@dataclass(slots=True)
class Cycle:
    """What plugins of one cycle share."""

    pod: PodInfo
    snapshot: Snapshot
    memo: dict[str, object] = field(default_factory=dict)
    """What a plugin keeps from one point to the next, by its name."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nodes that cannot take the pod, and why. `preemptable`: it might help to remove pods from them."""

    nodes: Mask
    reason: str
    preemptable: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """No node can take the pod, as is clear before any is looked at."""

    reason: str
    preemptable: bool = False


@dataclass(frozen=True, slots=True)
class Only:
    """Only these nodes are worth looking at."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What post_filter did for a pod that no node can take, in words, and the node that is being cleared for it: none
    (""), or the one it had (None).
    """

    message: str = ""
    nominated: str | None = None


class Skip:
    """The plugin has nothing to say about this pod."""


SKIP = Skip()


class Plugin:
    """Lets everything pass and scores nothing. A class whose `score` is not overridden takes no part in scoring."""

    name: ClassVar[str]
    helped_by: ClassVar[frozenset[Kind] | None] = None
    """Events after which a pod that it refused may pass; None: any."""

    def may_help(self, _event: Event, _pod: PodInfo) -> bool:
        """Whether a pod that it refused may pass now: asked for events of `helped_by`. Cheap, and in doubt yes."""
        return True

    def pre_enqueue(self, _pod: PodInfo) -> str:
        """Why the pod may not be queued yet; nothing if it may."""
        return ""

    def pre_filter(self, _cycle: Cycle) -> Rejected | Only | Skip | None:
        """Look at the pod alone; `SKIP`: do not ask `filter`."""

    def filter(self, _cycle: Cycle) -> Iterable[Refusal]:
        """Which nodes cannot take the pod; a node may be refused for several reasons."""
        return ()

    def pre_score(self, _cycle: Cycle, _feasible: NDArray[np.intp]) -> Skip | None:
        """`feasible`: columns of the nodes that are compared. `SKIP`: do not ask `score`."""

    def score(self, _cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        """For each of them 0 to SCORE_MAX, normalised already."""
        return np.zeros(len(feasible), np.int64)


def scores(plugin: Plugin) -> bool:
    """Whether a plugin takes part in scoring."""
    return type(plugin).score is not Plugin.score


def normalised(raw: Amounts, *, reverse: bool = False) -> Amounts:
    """Scaled so that the highest is SCORE_MAX, by integer division as upstream's DefaultNormalizeScore does."""
    highest = int(raw.max(initial=0))
    if highest == 0:
        return np.full_like(raw, SCORE_MAX) if reverse else raw
    scaled = raw * SCORE_MAX // highest
    return SCORE_MAX - scaled if reverse else scaled
