"""outcomes: tells pods, and whoever looks at them, what became of them.

Writes: pods/status (patch: condition PodScheduled, nominatedNodeName), events.
Upstream: pkg/scheduler/schedule_one.go. Upstream differences: the status is patched
for the very pod that was looked at, not for one that took its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.meta.times import format_time
from steersman.client.events import NORMAL, WARNING
from steersman.client.request import Key, PatchType

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
        """Say where a pod is going that cannot be bound at once. Raises ApiError, TransportError."""
        seen = pod.pod
        if (seen.get("status") or {}).get("nominatedNodeName", "") == node:
            return
        patch = {"metadata": {"uid": pod.uid}, "status": {"nominatedNodeName": node}}
        key = Key(*pod.key)
        said = await self._client.patch(PODS, key, patch, kind=PatchType.STRATEGIC, subresource="status")
        if pod.pod is seen:  # not shown by the informer yet; whoever takes it back must know that it is there
            pod.pod = said

    async def refuse(self, pod: PodInfo, reason: str, message: str, *, nominated: str | None = None) -> None:
        """Say that a pod cannot be placed. `nominated`: the node that is being cleared for it; None leaves what is
        there. Raises ApiError, TransportError.
        """
        self._recorder.event(_reference(pod.pod), WARNING, "FailedScheduling", shortened(message))
        patch = plan_refusal(pod.pod, reason, message, nominated=nominated, now=self._clock.now())
        if patch is not None:
            await self._client.patch(PODS, Key(*pod.key), patch, kind=PatchType.STRATEGIC, subresource="status")


def plan_refusal(pod: Object, reason: str, message: str, *, nominated: str | None, now: datetime) -> Object | None:
    """What is to be changed of a pod so that it says why it waits; None if it does already. Pure."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    conditions = status.get("conditions") or ()
    known: Object = next((each for each in conditions if each["type"] == "PodScheduled"), {})
    wanted = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
    if metadata.get("generation"):
        wanted["observedGeneration"] = metadata["generation"]
    changes: Object = {}
    if any(known.get(name) != value for name, value in wanted.items()):
        since = known.get("lastTransitionTime") if known.get("status") == "False" else None
        changes["conditions"] = [{**wanted, "lastProbeTime": None, "lastTransitionTime": since or format_time(now)}]
    if nominated is not None and nominated != status.get("nominatedNodeName", ""):
        changes["nominatedNodeName"] = nominated or None
    return {"metadata": {"uid": metadata["uid"]}, "status": changes} if changes else None


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
