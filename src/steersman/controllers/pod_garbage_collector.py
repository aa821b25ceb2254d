"""pod_garbage_collector: delete pods that nobody else will ever delete.

Those are: the oldest of the ended ones when there are too many; terminating ones on nodes that somebody declared out of
service; those on nodes that are no more; terminating ones that never got a node.

Reads: pods, nodes. Writes: pods (delete; their status is patched before), nodes (looked at where they are kept).
Invariants: a pod that has not ended is Failed before it is deleted; what is deleted is the very pod that was looked at;
a node counts as gone when it has been missing for the quarantine and the API server does not have it either.
Upstream differences: none known. There is one key, for all that is looked at every SWEEP_S, as upstream does it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.errors import ApiError, NotFound
from steersman.api.meta.conditions import is_condition_true
from steersman.api.meta.times import format_time
from steersman.client.client import key_of
from steersman.client.errors import TransportError
from steersman.client.request import Key, PatchType
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.disruption_target import plan_condition, render_patch
from steersman.controllers.pods import is_terminal
from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.controllers.base import Tools

SWEEP_S = 20.0
QUARANTINE_S = 40.0
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
DELETIONS_AT_A_TIME = 50
_SWEEP = Key("", "sweep")
_ALIVE = ("Pending", "Running", "Unknown")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a user can choose."""

    terminated_max: int = 12500
    """So many ended pods are kept; 0: all."""


class PodGarbageCollector(Controller):
    """See the module."""

    name = "pod_garbage_collector"
    account = "pod-garbage-collector"
    reads = (PODS, NODES)
    writes = (Writes(PODS, ("delete",)), Writes(PODS, ("patch",), "status"), Writes(NODES, ("get",)))
    workers = 1

    def __init__(self, tools: Tools, *, settings: Limits | None = None) -> None:
        self._limits = settings or Limits()
        self._missing: dict[str, float] = {}
        """Nodes that pods are on and that are not there, and when (loop time) that was seen first."""
        super().__init__(tools)

    async def run(self) -> None:
        self.queue.add(_SWEEP)
        await super().run()

    async def reconcile(self, key: Key) -> Requeue | None:
        assert key == _SWEEP
        pods = self.view.list(PODS)
        nodes = {node["metadata"]["name"]: node for node in self.view.list(NODES)}
        await self._delete(surplus(pods, self._limits.terminated_max))
        await self._delete(out_of_service(pods, nodes))
        gone = await self._gone(pods, nodes.keys())
        await self._delete((pod for pod in pods if pod["spec"].get("nodeName") in gone), orphaned=True)
        await self._delete(never_scheduled(pods))
        return Requeue(after_s=SWEEP_S)

    async def _gone(self, pods: Iterable[Object], present: Iterable[str]) -> set[str]:
        """The nodes that are no more, for certain."""
        now = loop_time()
        wanted = {name for pod in pods if (name := pod["spec"].get("nodeName"))}.difference(present)
        self._missing = {name: self._missing.get(name, now) for name in wanted}
        gone = set()
        for name in [name for name, since in self._missing.items() if now - since >= QUARANTINE_S]:
            del self._missing[name]
            try:
                await self.client.get(NODES, Key("", name))
            except NotFound:
                gone.add(name)
            except (ApiError, TransportError) as error:
                self.logger.warning("cannot tell whether node %s is gone: %s", name, error)
        return gone

    async def _delete(self, pods: Iterable[Object], *, orphaned: bool = False) -> None:
        chosen = list(pods)
        for start in range(0, len(chosen), DELETIONS_AT_A_TIME):
            part = chosen[start : start + DELETIONS_AT_A_TIME]
            await asyncio.gather(*(self._delete_one(pod, orphaned=orphaned) for pod in part))

    async def _delete_one(self, pod: Object, *, orphaned: bool) -> None:
        key = key_of(pod)
        try:
            if not is_terminal(pod):
                patch = render_failure(pod, orphaned=orphaned, timestamp=format_time(self.clock.now()))
                await self.client.patch(PODS, key, patch, kind=PatchType.STRATEGIC, subresource="status")
            await self.client.delete(PODS, key, uid=pod["metadata"]["uid"], grace_s=0)
        except NotFound:
            return
        except (ApiError, TransportError) as error:
            self.logger.warning("cannot delete pod %s: %s", key, error)
        else:
            self.logger.info("deleted pod %s", key)


def surplus(pods: Iterable[Object], at_most: int) -> list[Object]:
    """The ended pods beyond `at_most` (0: no limit): evicted ones first, then the oldest."""
    if at_most <= 0:
        return []
    ended = [pod for pod in pods if (pod.get("status") or {}).get("phase") not in _ALIVE]
    if len(ended) <= at_most:
        return []
    return sorted(ended, key=_worth)[: len(ended) - at_most]


def _worth(pod: Object) -> tuple[bool, str, str]:
    status, metadata = pod.get("status") or {}, pod["metadata"]
    evicted = status.get("phase") == "Failed" and status.get("reason") == "Evicted"
    return not evicted, metadata["creationTimestamp"], metadata["name"]


def out_of_service(pods: Iterable[Object], nodes: dict[str, Object]) -> list[Object]:
    """Terminating pods on nodes that are not ready and that somebody declared out of service."""
    names = {name for name, node in nodes.items() if _is_out_of_service(node)}
    if not names:
        return []
    doomed = [
        pod for pod in pods if pod["metadata"].get("deletionTimestamp") and pod["spec"].get("nodeName", "") in names
    ]
    return sorted(doomed, key=_worth)


def _is_out_of_service(node: Object) -> bool:
    tainted = any(taint["key"] == OUT_OF_SERVICE for taint in node["spec"].get("taints") or ())
    return tainted and not is_condition_true(node, "Ready")


def never_scheduled(pods: Sequence[Object]) -> list[Object]:
    """Terminating pods that have no node."""
    return [pod for pod in pods if pod["metadata"].get("deletionTimestamp") and not pod["spec"].get("nodeName")]


def render_failure(pod: Object, *, orphaned: bool, timestamp: str) -> Object:
    """The patch that makes a pod Failed; `orphaned`: since its node is gone."""
    condition = None
    if orphaned:
        condition = plan_condition(
            pod, timestamp=timestamp, reason="DeletionByPodGC", message="PodGC: node no longer exists"
        )
    more = {"observedGeneration": generation} if (generation := pod["metadata"].get("generation")) else {}
    return render_patch(pod, condition, phase="Failed", **more)
