"""The conditions of a pod that are a kubelet's to write. Pure. Upstream: pkg/kubelet/status/generate.go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.kubelet.phase import FAILED, SUCCEEDED, TERMINAL
from steersman.kubelet.restarts import is_sidecar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.types import Object

READY_TO_START, INITIALIZED, READY = "PodReadyToStartContainers", "Initialized", "Ready"
CONTAINERS_READY, SCHEDULED, ALL_RESTARTING = "ContainersReady", "PodScheduled", "AllContainersRestarting"
RESIZE_PENDING, RESIZE_IN_PROGRESS = "PodResizePending", "PodResizeInProgress"
BY_KUBELET = frozenset(
    (
        READY_TO_START,
        INITIALIZED,
        READY,
        CONTAINERS_READY,
        SCHEDULED,
        ALL_RESTARTING,
        RESIZE_PENDING,
        RESIZE_IN_PROGRESS,
    )
)
"""All others belong to somebody else, and are kept."""
NO_SANDBOX = "No sandbox for pod can be found. Need to start a new one"
SANDBOX_NOT_READY = "No ready sandbox for pod can be found. Need to start a new one"


def compute_conditions(
    pod: Object,
    *,
    old: Sequence[Object],
    statuses: Mapping[str, Object],
    phase: str,
    sandbox_ready: bool,
    sandbox_known: bool,
    restarting_all: bool | None,
    now: str,
) -> list[Object]:
    """All conditions of the pod, those of others first, as the pod has them now.

    old             the conditions that the kubelet last told, written or not
    statuses        container statuses by name, init containers among them
    restarting_all  None for a pod that has no rule for it
    now             when a condition whose status is another than before has changed
    """
    spec = pod["spec"]
    present = (pod.get("status") or {}).get("conditions") or ()
    kept = [condition for condition in present if condition["type"] not in BY_KUBELET]
    containers_ready = _containers_ready(spec, statuses, phase)
    own = [
        _sandbox(ready=sandbox_ready, known=sandbox_known),
        _initialized(spec, statuses, phase, old),
        _ready(spec, containers_ready, kept),
        containers_ready,
        _condition(SCHEDULED, True),
    ]
    if restarting_all is not None:
        own.append(_restarting(phase, restarting=restarting_all))
    generation = pod["metadata"].get("generation")
    before = {condition["type"]: condition for condition in old}
    for condition in own:
        if generation:
            condition["observedGeneration"] = generation
        known = before.get(condition["type"])
        same = known is not None and known["status"] == condition["status"]
        condition["lastTransitionTime"] = known.get("lastTransitionTime", now) if known is not None and same else now
    return [*kept, *own]


def _condition(kind: str, holds: bool, reason: str = "", message: str = "") -> Object:
    made: Object = {"type": kind, "status": "True" if holds else "False", "lastProbeTime": None}
    if reason:
        made["reason"] = reason
    if message:
        made["message"] = message
    return made


def _sandbox(*, ready: bool, known: bool) -> Object:
    if ready:
        return _condition(READY_TO_START, True)
    return _condition(READY_TO_START, False, "PodSandboxNotReady", SANDBOX_NOT_READY if known else NO_SANDBOX)


def _listed(names: Sequence[str]) -> str:
    return f"[{' '.join(names)}]"


def _messages(unknown: Sequence[str], others: Sequence[str], what: str) -> str:
    found = [f"containers with unknown status: {_listed(unknown)}"] if unknown else []
    if others:
        found.append(f"containers with {what} status: {_listed(others)}")
    return ", ".join(found)


def _containers_ready(spec: Object, statuses: Mapping[str, Object], phase: str) -> Object:
    names = [container["name"] for container in spec.get("initContainers") or () if is_sidecar(container)]
    names += [container["name"] for container in spec["containers"]]
    unknown = [name for name in names if name not in statuses]
    if phase == FAILED or (phase == SUCCEEDED and not unknown):
        return _condition(CONTAINERS_READY, False, "PodFailed" if phase == FAILED else "PodCompleted")
    unready = [name for name in names if name in statuses and not statuses[name]["ready"]]
    if unknown or unready:
        message = _messages(unknown, unready, "unready")
        return _condition(CONTAINERS_READY, False, "ContainersNotReady", message)
    return _condition(CONTAINERS_READY, True)


def _ready(spec: Object, containers_ready: Object, others: Sequence[Object]) -> Object:
    if containers_ready["status"] != "True":
        return containers_ready | {"type": READY}
    messages = []
    known = {condition["type"]: condition["status"] for condition in others}
    for gate in spec.get("readinessGates") or ():
        kind = gate["conditionType"]
        if kind not in known:
            messages.append(f'corresponding condition of pod readiness gate "{kind}" does not exist.')
        elif known[kind] != "True":
            messages.append(f'the status of pod readiness gate "{kind}" is not "True", but {known[kind]}')
    if messages:
        return _condition(READY, False, "ReadinessGatesNotReady", ", ".join(messages))
    return _condition(READY, True)


def _initialized(spec: Object, statuses: Mapping[str, Object], phase: str, old: Sequence[Object]) -> Object:
    init = spec.get("initContainers") or ()
    unknown = [container["name"] for container in init if container["name"] not in statuses]
    if phase == SUCCEEDED and not unknown:
        return _condition(INITIALIZED, True, "PodCompleted")
    started = (
        statuses[container["name"]]["state"] for container in spec["containers"] if container["name"] in statuses
    )
    if any("running" in state or "terminated" in state for state in started):
        return _condition(INITIALIZED, True)
    incomplete = [
        container["name"]
        for container in init
        if container["name"] in statuses and not _complete(container, statuses[container["name"]])
    ]
    if not unknown and not incomplete:
        return _condition(INITIALIZED, True)
    if any(condition["type"] == INITIALIZED and condition["status"] == "True" for condition in old):
        return _condition(INITIALIZED, True)  # what has been initialised stays so, also when all begins anew
    message = _messages(unknown, incomplete, "incomplete")
    return _condition(INITIALIZED, False, "ContainersNotInitialized", message)


def _complete(container: Object, status: Object) -> bool:
    return bool(status.get("started") if is_sidecar(container) else status["ready"])


def _restarting(phase: str, *, restarting: bool) -> Object:
    if phase in TERMINAL:
        return _condition(ALL_RESTARTING, False, "PodCompleted" if phase == SUCCEEDED else "PodFailed")
    if not restarting:
        return _condition(ALL_RESTARTING, False)
    message = "container exited with restart policy rule"
    return _condition(ALL_RESTARTING, True, "RestartAllContainersStarted", message)
