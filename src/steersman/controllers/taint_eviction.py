"""taint_eviction: delete pods from nodes whose NoExecute taints they do not tolerate, or not any longer.

Reads: pods, nodes. Writes: pods (looked at where they are kept, then status patched and deleted), events.
Keys: pods.
Invariants: once the time of a pod's eviction is set it stays, whatever taints come or change, until none is left or all
are tolerated for ever; a pod whose node is not there is left alone.
Upstream differences: a deletion that fails is tried again until it succeeds; pods that are being deleted already are
left alone; where a pod was deleted before its time came, a pod that takes its name starts anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.core.taints import NO_EXECUTE
from steersman.api.core.tolerations import matches as tolerates
from steersman.api.errors import NotFound
from steersman.api.meta.times import format_time
from steersman.client.client import key_of
from steersman.client.request import Key, PatchType
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.disruption_target import plan_condition, render_patch
from steersman.controllers.pods_by_node import PODS_BY_NODE, node_names
from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object

_REASON = "TaintManagerEviction"


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A pod that is going to be evicted, at a time of the loop."""

    uid: str
    due: float
    told: bool = False
    """Whether an event said so."""


class TaintEviction(Controller):
    """See the module."""

    name = "taint_eviction"
    account = "node-controller"
    component = "taint-eviction-controller"
    reads = (PODS, NODES)
    writes = (Writes(PODS, ("delete", "get")), Writes(PODS, ("patch",), "status"))
    workers = 8

    def setup(self) -> None:
        self._scheduled: dict[Key, Scheduled] = {}
        self.index(PODS, PODS_BY_NODE, node_names)
        self.on(PODS, self._concerned)
        self.on(NODES, self._concerned_by_node)

    async def reconcile(self, key: Key) -> Requeue | None:
        pod = self.view.get(PODS, key)
        scheduled = self._scheduled.get(key)
        if scheduled is not None and (pod is None or pod["metadata"]["uid"] != scheduled.uid):
            self._cancel(key)
            scheduled = None
        if pod is None or pod["metadata"].get("deletionTimestamp"):
            self._scheduled.pop(key, None)
            return None
        now = loop_time()
        due = self._due(pod, scheduled, now)
        if due is None:
            self._cancel(key)
            return None
        if scheduled is not None and due < scheduled.due and not scheduled.told:
            self._cancel(key)  # as upstream tells it: the eviction that was planned is off, there is one right now
            scheduled = None
        if due > now:
            self._scheduled[key] = scheduled or Scheduled(pod["metadata"]["uid"], due)
            return Requeue(after_s=due - now)
        await self._evict(key, pod, told=scheduled is not None and scheduled.told, now=now)
        return None

    def _due(self, pod: Object, scheduled: Scheduled | None, now: float) -> float | None:
        name = pod["spec"].get("nodeName")
        node = self.view.get(NODES, Key("", name)) if name else None
        if node is None:
            return scheduled.due if scheduled is not None else None
        return plan_eviction(
            no_execute_taints(node),
            pod["spec"].get("tolerations") or (),
            now=now,
            planned=scheduled.due if scheduled is not None else None,
        )

    async def _evict(self, key: Key, pod: Object, *, told: bool, now: float) -> None:
        uid = pod["metadata"]["uid"]
        if not told:
            self._scheduled[key] = Scheduled(uid, now, told=True)
            self.recorder.event(_reference(key), "Normal", _REASON, f"Marking for deletion Pod {key}")
        try:
            found = await self.client.get(PODS, key)
            if found["metadata"]["uid"] == uid:
                await self._delete(key, found)
        except NotFound:
            pass
        self._scheduled.pop(key, None)

    async def _delete(self, key: Key, pod: Object) -> None:
        condition = plan_condition(
            pod,
            timestamp=format_time(self.clock.now()),
            reason="DeletionByTaintManager",
            message="Taint manager: deleting due to NoExecute taint",
        )
        if condition is not None:
            patch = render_patch(pod, condition)
            await self.client.patch(PODS, key, patch, kind=PatchType.STRATEGIC, subresource="status")
        await self.client.delete(PODS, key, uid=pod["metadata"]["uid"])

    def _cancel(self, key: Key) -> None:
        scheduled = self._scheduled.pop(key, None)
        if scheduled is not None and not scheduled.told:
            self.recorder.event(_reference(key), "Normal", _REASON, f"Cancelling deletion of Pod {key}")

    # -- which keys a change concerns

    def _concerned(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        if old is None or new is None:
            present = new if new is not None else old
            assert present is not None
            return (key_of(present),)
        same = all(old["spec"].get(name) == new["spec"].get(name) for name in ("nodeName", "tolerations"))
        return () if same else (key_of(new),)

    def _concerned_by_node(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        before, after = no_execute_taints(old), no_execute_taints(new)
        if new is None or before == after:
            return ()
        return [key_of(pod) for pod in self.view.by_index(PODS, PODS_BY_NODE, new["metadata"]["name"])]


def no_execute_taints(node: Object | None) -> list[Object]:
    """Of a node; none of None."""
    taints = node["spec"].get("taints") or () if node is not None else ()
    return [taint for taint in taints if taint["effect"] == NO_EXECUTE]


def plan_eviction(
    taints: Sequence[Object], tolerations: Sequence[Object], *, now: float, planned: float | None
) -> float | None:
    """When a pod is to be evicted; None: never.

    taints    of its node, with effect NoExecute
    planned   when it was to be evicted so far
    """
    longest_s: float | None = None
    for taint in taints:
        toleration = next((each for each in tolerations if tolerates(each, taint)), None)
        if toleration is None:
            return now
        seconds = toleration.get("tolerationSeconds")
        if seconds is not None:
            longest_s = max(0.0, seconds) if longest_s is None else min(longest_s, max(0.0, seconds))
    if longest_s is None:
        return None
    return planned if planned is not None else now + longest_s


def _reference(key: Key) -> Object:
    return {"kind": "Pod", "apiVersion": "v1", "namespace": key.namespace, "name": key.name}
