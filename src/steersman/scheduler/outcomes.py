"""outcomes: tells pods, and whoever looks at them, what became of them.

Writes: pods/status (patch: conditions PodScheduled and DisruptionTarget, nominatedNodeName), pods (delete), events.
Upstream: pkg/scheduler/schedule_one.go, framework/preemption/executor.go. Upstream differences: what is patched or
deleted is the very pod that was looked at, not one that took its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.errors import Conflict, NotFound
from steersman.api.meta.times import format_time
from steersman.client.events import NORMAL, WARNING
from steersman.client.request import Key, PatchType
from steersman.scheduler.preemption import BY_SCHEDULER, DISRUPTION_TARGET

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.events import Recorder
    from steersman.lib.clock import Clock
    from steersman.scheduler.pod_info import PodInfo

UNSCHEDULABLE, SCHEDULER_ERROR = "Unschedulable", "SchedulerError"
_NOTE_BYTES_MAX = 1024


class Outcomes:
    """See the module."""

    def __init__(self, *, client: Client, recorder: Recorder, clock: Clock) -> None:
        self._client = client
        self._recorder = recorder
        self._clock = clock

    def bound(self, pod: PodInfo, node: str) -> None:
        """Say that a pod has its node."""
        namespace, name = pod.key
        message = f"Successfully assigned {namespace}/{name} to {node}"
        self._recorder.event(_reference(pod.pod), NORMAL, "Scheduled", message)

    async def nominate(self, pod: PodInfo, node: str) -> None:
        """Say where a pod is going that cannot be bound at once, or (empty) that it is going nowhere. Raises ApiError,
        TransportError.
        """
        seen = pod.pod
        if (seen.get("status") or {}).get("nominatedNodeName", "") == node:
            return
        patch = {"metadata": {"uid": pod.uid}, "status": {"nominatedNodeName": node or None}}
        await self._patch_status(pod, seen, patch)

    async def refuse(self, pod: PodInfo, reason: str, message: str, *, nominated: str | None = None) -> None:
        """Say that a pod cannot be placed. `nominated`: the node that is being cleared for it; None leaves what is
        there. Raises ApiError, TransportError.
        """
        self._recorder.event(_reference(pod.pod), WARNING, "FailedScheduling", shortened(message))
        seen = pod.pod
        patch = plan_refusal(seen, reason, message, nominated=nominated, now=self._clock.now())
        if patch is not None:
            await self._patch_status(pod, seen, patch)

    async def evict(self, victim: PodInfo, preemptor: PodInfo, node: str) -> None:
        """Delete a pod so that another gets its place, and say why. One that is gone is no error. Raises ApiError,
        TransportError.
        """
        seen = victim.pod
        patch = plan_eviction(seen, preemptor.spec.get("schedulerName", ""), now=self._clock.now())
        try:
            if patch is not None:
                await self._patch_status(victim, seen, patch)
            await self._client.delete(PODS, Key(*victim.key), uid=victim.uid)
        except (NotFound, Conflict):
            return  # it is gone, or another has its name
        self.evicted(victim, preemptor, node)

    def evicted(self, victim: PodInfo, preemptor: PodInfo, node: str, *, bound: bool = True) -> None:
        """Say of a pod that it gave way to another. `bound`: it had the node, and was not only on its way there."""
        where = "" if bound else " (in kube-scheduler memory)."
        message = f"Preempted by pod {preemptor.uid} on node {node}{where}"
        self._recorder.event(_reference(victim.pod), NORMAL, "Preempted", message)

    async def _patch_status(self, pod: PodInfo, seen: Object, patch: Object) -> None:
        key = Key(*pod.key)
        said = await self._client.patch(PODS, key, patch, kind=PatchType.STRATEGIC, subresource="status")
        if pod.pod is seen:  # not shown by the informer yet; whoever changes it next must know what is there
            pod.pod = said


def plan_refusal(pod: Object, reason: str, message: str, *, nominated: str | None, now: datetime) -> Object | None:
    """What is to be changed of a pod so that it says why it waits; None if it does already. Pure."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    changes = _condition(pod, {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}, now)
    if nominated is not None and nominated != status.get("nominatedNodeName", ""):
        changes["nominatedNodeName"] = nominated or None
    return {"metadata": {"uid": metadata["uid"]}, "status": changes} if changes else None


def plan_eviction(pod: Object, scheduler: str, *, now: datetime) -> Object | None:
    """What is to be changed of a pod so that it says why it is deleted; None if it does already. Pure."""
    message = f"{scheduler}: preempting to accommodate a higher priority pod"
    wanted = {"type": DISRUPTION_TARGET, "status": "True", "reason": BY_SCHEDULER, "message": message}
    changes = _condition(pod, wanted, now)
    return {"metadata": {"uid": pod["metadata"]["uid"]}, "status": changes} if changes else None


def _condition(pod: Object, wanted: Object, now: datetime) -> Object:
    """What is to be changed of a pod's status so that it has a condition; nothing if it has."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    known: Object = next((each for each in conditions if each["type"] == wanted["type"]), {})
    if pod["metadata"].get("generation"):
        wanted["observedGeneration"] = pod["metadata"]["generation"]
    if all(known.get(name) == value for name, value in wanted.items()):
        return {}
    since = known.get("lastTransitionTime") if known.get("status") == wanted["status"] else None
    return {"conditions": [{**wanted, "lastProbeTime": None, "lastTransitionTime": since or format_time(now)}]}


def shortened(message: str) -> str:
    """As long as the note of an event may be."""
    raw = message.encode()
    if len(raw) <= _NOTE_BYTES_MAX:
        return message
    return raw[: _NOTE_BYTES_MAX - 4].decode(errors="ignore") + " ..."


def _reference(pod: Object) -> Object:
    metadata = pod["metadata"]
    fields = {name: metadata[name] for name in ("namespace", "name", "uid", "resourceVersion") if name in metadata}
    return {"kind": "Pod", "apiVersion": "v1", **fields}
