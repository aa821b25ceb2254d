"""What `kubectl get pods` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steersman.api.core.podspec.walk import is_sidecar
from steersman.api.meta.age import translate_timestamp_since
from steersman.api.resource import Column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object

_NONE = "<none>"


@dataclass(slots=True)
class _Summary:
    """Of all container statuses."""

    reason: str
    ready: int = 0
    restarts: int = 0
    last_restart: str = ""
    """RFC 3339, so that texts compare as times do."""

    def count(self, status: Object) -> None:
        self.restarts += status.get("restartCount") or 0
        ended = ((status.get("lastState") or {}).get("terminated") or {}).get("finishedAt") or ""
        self.last_restart = max(self.last_restart, ended)


def _summarize(pod: Object) -> _Summary:
    status = pod.get("status") or {}
    summary = _Summary(status.get("reason") or status.get("phase") or "")
    conditions = status.get("conditions") or ()
    if any(c.get("type") == "PodScheduled" and c.get("reason") == "SchedulingGated" for c in conditions):
        summary.reason = "SchedulingGated"
    done = True
    if statuses := status.get("initContainerStatuses"):
        init = {container.get("name"): container for container in (pod.get("spec") or {}).get("initContainers") or ()}
        sidecars = _Summary("")
        done = not _init_containers(summary, sidecars, statuses, init) or _is_true(conditions, "Initialized")
        if done:
            summary.restarts, summary.last_restart = sidecars.restarts, sidecars.last_restart
    if done:
        _containers(summary, status.get("containerStatuses") or (), conditions)
    if (pod.get("metadata") or {}).get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            summary.reason = "Unknown"
        elif status.get("phase") not in ("Succeeded", "Failed"):
            summary.reason = "Terminating"
    return summary


def _init_containers(
    summary: _Summary, sidecars: _Summary, statuses: Sequence[Object], init: dict[Any, Object]
) -> bool:
    """Counts up to the first that is not done; whether there is one. Sidecars count on their own."""
    for index, status in enumerate(statuses):
        summary.count(status)
        sidecar = is_sidecar(init.get(status.get("name")))
        if sidecar:
            sidecars.count(status)
        state = status.get("state") or {}
        terminated, waiting = state.get("terminated"), state.get("waiting")
        if terminated is not None and not terminated.get("exitCode"):
            continue
        if sidecar and status.get("started"):
            summary.ready += bool(status.get("ready"))
            continue
        if terminated is not None:
            summary.reason = f"Init:{_end_of(terminated)}"
        elif waiting is not None and waiting.get("reason") not in (None, "", "PodInitializing"):
            summary.reason = f"Init:{waiting['reason']}"
        else:
            summary.reason = f"Init:{index}/{len(init)}"
        return True
    return False


def _containers(summary: _Summary, statuses: Sequence[Object], conditions: Sequence[Object]) -> None:
    running = False
    error = ""
    for status in reversed(statuses):
        summary.count(status)
        state = status.get("state") or {}
        terminated = state.get("terminated")
        if (state.get("waiting") or {}).get("reason"):
            summary.reason = state["waiting"]["reason"]
        elif terminated is not None:
            summary.reason = _end_of(terminated)
            if terminated.get("exitCode"):
                error = summary.reason
        elif status.get("ready") and state.get("running") is not None:
            running = True
            summary.ready += 1
    if summary.reason == "Completed":
        if running and _is_true(conditions, "Ready"):
            summary.reason = "Running"
        elif error:
            summary.reason = error
        elif running:
            summary.reason = "NotReady"


def _end_of(terminated: Object) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode') or 0}"


def _is_true(conditions: Sequence[Object], kind: str) -> bool:
    return any(c.get("type") == kind and c.get("status") == "True" for c in conditions)


def pod_cells(pod: Object, now: datetime) -> list[Any]:
    """The values of all columns: three of them come from one look at the containers."""
    summary = _summarize(pod)
    return [
        _ready(pod, summary),
        summary.reason,
        _restarts(summary, now),
        _age(pod, now),
        _ip(pod, now),
        _node(pod, now),
        _nominated_node(pod, now),
        _readiness_gates(pod, now),
    ]


def _ready(pod: Object, summary: _Summary) -> str:
    spec = pod.get("spec") or {}
    total = len(spec.get("containers") or ()) + sum(map(is_sidecar, spec.get("initContainers") or ()))
    return f"{summary.ready}/{total}"


def _restarts(summary: _Summary, now: datetime) -> str:
    if not summary.restarts or not summary.last_restart:
        return str(summary.restarts)
    return f"{summary.restarts} ({translate_timestamp_since(summary.last_restart, now)} ago)"


def _age(pod: Object, now: datetime) -> str:
    return translate_timestamp_since((pod.get("metadata") or {}).get("creationTimestamp"), now)


def _ip(pod: Object, _now: datetime) -> str:
    addresses = (pod.get("status") or {}).get("podIPs")
    return (addresses[0].get("ip") or _NONE) if addresses else _NONE


def _node(pod: Object, _now: datetime) -> str:
    return (pod.get("spec") or {}).get("nodeName") or _NONE


def _nominated_node(pod: Object, _now: datetime) -> str:
    return (pod.get("status") or {}).get("nominatedNodeName") or _NONE


def _readiness_gates(pod: Object, _now: datetime) -> str:
    gates = (pod.get("spec") or {}).get("readinessGates") or ()
    if not gates:
        return _NONE
    status: dict[Any, Any] = {}
    for condition in (pod.get("status") or {}).get("conditions") or ():
        status.setdefault(condition.get("type"), condition.get("status"))
    return f"{sum(status.get(gate.get('conditionType')) == 'True' for gate in gates)}/{len(gates)}"


COLUMNS = (
    Column(
        "Ready",
        "string",
        lambda pod, _now: _ready(pod, _summarize(pod)),
        description="The aggregate readiness state of this pod for accepting traffic.",
    ),
    Column(
        "Status",
        "string",
        lambda pod, _now: _summarize(pod).reason,
        description="The aggregate status of the containers in this pod.",
    ),
    Column(
        "Restarts",
        "string",
        lambda pod, now: _restarts(_summarize(pod), now),
        description="The number of times the containers in this pod have been restarted and when the last container "
        "in this pod has restarted.",
    ),
    Column("Age", "string", _age),
    Column("IP", "string", _ip, priority=1),
    Column("Node", "string", _node, priority=1),
    Column("Nominated Node", "string", _nominated_node, priority=1),
    Column("Readiness Gates", "string", _readiness_gates, priority=1),
)
