"""placements: which pod is on which node: what is bound, and what is assumed until it shows up as bound.

Keeps the snapshot in step with nodes and pods, in whatever order they come: a pod is charged to its node when that
node is there, and again when it comes back.
Invariants: a pod is charged once; what confirms an assumption charges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.scheduler.events import Event, event_of
from steersman.scheduler.pod_info import read_pod

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Snapshot


@dataclass(slots=True)
class _Placed:
    pod: PodInfo
    node: str
    assumed: bool


class Placements:
    """See the module. Changes `snapshot`, which nobody else may. Each method returns what happened, if it matters."""

    def __init__(self, *, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._placed: dict[str, _Placed] = {}
        self._by_node: dict[str, dict[str, PodInfo]] = {}

    def __contains__(self, uid: str) -> bool:
        return uid in self._placed

    def counts(self) -> tuple[int, int]:
        """How many pods have a node, and how many of them are assumed to."""
        return len(self._placed), sum(each.assumed for each in self._placed.values())

    # -- nodes

    def node_changed(self, old: Object | None, new: Object | None) -> Event | None:
        """As an informer tells of it."""
        if new is None:
            if old is None:
                return None
            self._snapshot.remove_node(old["metadata"]["name"])
        elif old is not None and _decisive(old) == _decisive(new):
            return None  # heartbeats: what is derived from nodes stays valid
        else:
            self._snapshot.set_node(new)
            if old is None:
                name = new["metadata"]["name"]
                for pod in self._by_node.get(name, {}).values():
                    self._snapshot.add_pod(pod, name)
        return event_of("nodes", old, new)

    # -- pods

    def bound(self, pod: Object) -> Event | None:
        """A pod that has a node, new or changed."""
        uid, node = pod["metadata"]["uid"], pod["spec"]["nodeName"]
        known = self._placed.get(uid)
        if known is None:
            self._put(read_pod(pod), node, assumed=False)
            return event_of("pods", None, pod)
        old = known.pod.pod
        assumed, known.assumed = known.assumed, False
        if known.node == node and same(old, pod) and _amounts_stay(known.pod, pod):
            known.pod.pod = pod
        else:
            self._take(uid)
            self._put(read_pod(pod), node, assumed=False)
        if assumed:
            return event_of("pods", None, pod)
        return None if known.pod.pod is pod else event_of("pods", old, pod)

    def gone(self, pod: Object) -> Event | None:
        """A pod that is not there any more, or runs no more."""
        if pod["metadata"]["uid"] not in self._placed:
            return None
        self._take(pod["metadata"]["uid"])
        return event_of("pods", pod, None)

    def assume(self, pod: PodInfo, node: str) -> None:
        """It will be bound there."""
        self._put(pod, node, assumed=True)

    def forget(self, pod: PodInfo) -> Event | None:
        """It was not bound after all; one that has shown up meanwhile stays."""
        known = self._placed.get(pod.uid)
        if known is None or not known.assumed:
            return None
        self._take(pod.uid)
        return event_of("pods", pod.pod, None)

    def _put(self, pod: PodInfo, node: str, *, assumed: bool) -> None:
        self._placed[pod.uid] = _Placed(pod, node, assumed)
        self._by_node.setdefault(node, {})[pod.uid] = pod
        self._snapshot.add_pod(pod, node)

    def _take(self, uid: str) -> None:
        known = self._placed.pop(uid)
        self._snapshot.remove_pod(known.pod, known.node)
        there = self._by_node[known.node]
        del there[uid]
        if not there:
            del self._by_node[known.node]


def _amounts_stay(known: PodInfo, new: Object) -> bool:
    """Whether a pod still takes what it took: while it is resized, its status says what that is."""
    return _resized(known.pod) == _resized(new) or read_pod(new).requests == known.requests


def _resized(pod: Object) -> tuple[object, ...]:
    status = pod.get("status") or {}
    entries = (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))
    pending = [each.get("reason") for each in status.get("conditions") or () if each["type"] == "PodResizePending"]
    return (pending, [(each.get("allocatedResources"), each.get("resources")) for each in entries])


def same(old: Object, new: Object) -> bool:
    """Whether two states of a pod are alike in all that decisions are made by."""
    return _pod_state(old) == _pod_state(new)


def _pod_state(pod: Object) -> tuple[object, ...]:
    metadata, status = pod["metadata"], pod.get("status") or {}
    return (
        metadata.get("generation"),  # the specification's; a binding is not counted
        metadata.get("labels"),
        "deletionTimestamp" in metadata,
        status.get("resourceClaimStatuses"),
    )


def _decisive(node: Object) -> tuple[object, ...]:
    metadata, status = node["metadata"], node.get("status") or {}
    return (
        metadata.get("labels"),
        metadata.get("annotations"),
        node.get("spec"),
        *(status.get(name) for name in ("allocatable", "images", "declaredFeatures")),
    )
