"""nominations: which nodes are being cleared for which pods that wait. Pure.

A nomination made here holds until the pod's status says something else: it takes a while until the status, which the
loop writes, comes back through the informer. Others may nominate too, by the status.
Invariants: a pod has one node at most.
Upstream: pkg/scheduler/backend/queue/nominator.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo


class Nominations:
    """See the module."""

    def __init__(self) -> None:
        self._node_of: dict[str, str] = {}
        self._on: dict[str, dict[str, PodInfo]] = {}

    def node_of(self, uid: str) -> str:
        """The node that is nominated for a pod; none: empty."""
        return self._node_of.get(uid, "")

    def set(self, pod: PodInfo, node: str) -> None:
        """`node`: empty for none."""
        self.drop(pod.uid)
        if node:
            self._node_of[pod.uid] = node
            self._on.setdefault(node, {})[pod.uid] = pod

    def drop(self, uid: str) -> None:
        """A pod that has its node, or is gone."""
        node = self._node_of.pop(uid, "")
        if node:
            del self._on[node][uid]
            if not self._on[node]:
                del self._on[node]

    def seen(self, old: Object | None, pod: PodInfo) -> None:
        """The informer shows a pod that waits, new or changed."""
        was = nominated_of(old) if old is not None else ""
        said = nominated_of(pod.pod)
        self.set(pod, said if was or said else self.node_of(pod.uid))

    def at_least(self, pod: PodInfo) -> Mapping[str, Sequence[PodInfo]]:
        """By node, the other pods that are as important as this one, or more."""
        found = {}
        for node, pods in self._on.items():
            rivals = tuple(each for each in pods.values() if each.priority >= pod.priority and each.uid != pod.uid)
            if rivals:
                found[node] = rivals
        return found

    def below(self, pod: PodInfo, node: str) -> tuple[PodInfo, ...]:
        """The pods that are less important, of those a node is nominated for."""
        return tuple(each for each in self._on.get(node, {}).values() if each.priority < pod.priority)


def nominated_of(pod: Object) -> str:
    """What a pod's status says."""
    node: str = (pod.get("status") or {}).get("nominatedNodeName") or ""
    return node
