"""framework: what a plugin is.

A plugin is one file with one class that extends `Plugin` and overrides the extension points it is for. It answers for
all nodes at once:

    class EvenNumbers(Plugin):
        name = "EvenNumbers"

        def filter(self, cycle: Cycle) -> Iterable[Refusal]:
            odd = cycle.snapshot.mask("odd", lambda node: int(node["metadata"]["name"][-1]) % 2 == 1)
            yield Refusal(odd, "node(s) had an odd number")

Points, in the order in which a cycle calls them: pre_filter, filter, post_filter (not in a cycle that finds a node),
pre_score, score. Before a pod is queued: pre_enqueue. After the decision (see `binding`): reserve and permit at once,
then, in a task of the pod's own, pre_bind_pre_flight, pre_bind, bind, post_bind; unreserve when any of these fails.
A point that cannot do its work for a reason that is no answer raises PluginError.
Upstream: staging/src/k8s.io/kube-scheduler/framework/interface.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from steersman.scheduler.cycle import Decision
    from steersman.scheduler.events import Event, Kind
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts, Mask, Snapshot

SCORE_MAX = 100
"""Of one plugin and node, before its weight."""


class PluginError(Exception):
    """A plugin cannot answer; the pod is tried again later, and told this."""


@dataclass(slots=True)
class Cycle:
    """What plugins of one cycle share, up to the binding; by then the snapshot has moved on."""

    pod: PodInfo
    snapshot: Snapshot
    memo: dict[str, object] = field(default_factory=dict)
    """What a plugin keeps from one point to the next, by its name."""
    left: Mask | None = None
    """In `filter`: the nodes that no plugin before has refused; for those that look at one node after the other."""


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
    """What post_filter found for a pod that no node can take, in words, and the node that is being cleared for it: none
    (""), or the one it had (None). `done`: there is a way, and no other plugin is asked.
    """

    message: str = ""
    nominated: str | None = None
    done: bool = False
    eviction: Eviction | None = None
    """What is to be done for it."""


@dataclass(frozen=True, slots=True)
class Eviction:
    """Pods that have to leave a node so that a more important one gets in, the most important of them first."""

    node: str
    victims: tuple[PodInfo, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Permit: not yet. The plugin allows or rejects the pod through `Underway`; after `timeout_s` it is rejected."""

    timeout_s: float


class Skip:
    """The plugin has nothing to say about this pod."""


SKIP = Skip()


class Plugin:
    """Lets everything pass and scores nothing. A class whose `score` is not overridden takes no part in scoring."""

    name: ClassVar[str]
    helped_by: ClassVar[frozenset[Kind] | None] = None
    """Events after which a pod that it refused may pass; None: any."""
    pre_binds_in_parallel: ClassVar[bool] = False
    """Whether its pre_bind may run beside those of its neighbours that say so too."""

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

    def post_filter(self, _decision: Decision) -> Aftermath:
        """What can be done for a pod that no node can take; asked at once, while nothing has changed."""
        return Aftermath()

    def pre_score(self, _cycle: Cycle, _feasible: NDArray[np.intp]) -> Skip | None:
        """`feasible`: columns of the nodes that are compared. `SKIP`: do not ask `score`."""

    def score(self, _cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        """For each of them 0 to SCORE_MAX, normalised already."""
        return np.zeros(len(feasible), np.int64)

    def reserve(self, _cycle: Cycle, _node: str) -> str:
        """Take note that the pod will be on `node`. Why it cannot; nothing if it can."""
        return ""

    def unreserve(self, _cycle: Cycle, _node: str) -> None:
        """It will not be there after all. Called whether or not `reserve` was, in reverse order; does not fail."""

    def permit(self, _cycle: Cycle, _node: str) -> str | Wait:
        """Why the pod may not be bound; nothing if it may."""
        return ""

    def pre_bind_pre_flight(self, _cycle: Cycle, _node: str) -> Skip | None:
        """`SKIP`: nothing is to be done in `pre_bind` for this pod. If anything is, the pod says in
        status.nominatedNodeName where it is going.
        """

    async def pre_bind(self, _cycle: Cycle, _node: str) -> str:
        """Prepare the node for the pod; waits as long as it takes. Why the pod cannot go there; nothing if it can."""
        return ""

    async def bind(self, _cycle: Cycle, _node: str) -> Skip | None:
        """Give the pod its node; `SKIP`: leave it to the next plugin. May raise ApiError, TransportError."""
        return SKIP

    def post_bind(self, _cycle: Cycle, _node: str) -> None:
        """It is bound."""


def implements(plugin: Plugin, point: str) -> bool:
    """Whether a plugin takes part at a point, by the name of the method."""
    return getattr(type(plugin), point) is not getattr(Plugin, point)


def scores(plugin: Plugin) -> bool:
    """Whether a plugin takes part in scoring."""
    return implements(plugin, "score")


def of_feasible(row: Amounts, feasible: NDArray[np.intp]) -> Amounts:
    """The values of the feasible nodes, of a row over all nodes; the row itself where all are. Read-only."""
    return row if len(feasible) == len(row) else row[feasible]


def normalised(raw: Amounts, *, reverse: bool = False) -> Amounts:
    """Scaled so that the highest is SCORE_MAX, by integer division as upstream's DefaultNormalizeScore does."""
    highest = int(raw.max(initial=0))
    if highest == 0:
        return np.full_like(raw, SCORE_MAX) if reverse else raw
    scaled = raw * SCORE_MAX // highest
    return SCORE_MAX - scaled if reverse else scaled
