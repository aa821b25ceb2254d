"""The phase of a pod, from the statuses of its containers. Pure. Upstream: getPhase of kubelet_pods.go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.kubelet.restarts import is_sidecar, should_restart

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.types import Object

PENDING, RUNNING, SUCCEEDED, FAILED = "Pending", "Running", "Succeeded", "Failed"
TERMINAL = frozenset((SUCCEEDED, FAILED))
RESTARTING_ALL = "RestartingAllContainers"


@dataclass(slots=True)
class _Counts:
    """Of containers that are no ordinary init containers."""

    unknown: int = 0
    running: int = 0
    waiting: int = 0
    stopped: int = 0
    for_good: int = 0
    """Of the stopped ones, those that are not run again."""
    succeeded: int = 0


def compute_phase(spec: Object, statuses: Mapping[str, Object], *, terminated: bool, initialized: bool) -> str:
    """`statuses`: container statuses by name, init containers among them. `terminated`: nothing will be started any
    more. `initialized`: an ordinary container has been started in the present sandbox.
    """
    pending, lost = _initialization(spec, statuses)
    if lost:
        return FAILED
    counts = _Counts()
    pending_sidecars = _count_sidecars(spec, statuses, counts)
    for container in spec["containers"]:
        _count(container, spec, statuses.get(container["name"]), counts)
    if pending or (pending_sidecars and not initialized) or counts.waiting:
        return PENDING
    if counts.unknown:
        return PENDING
    if counts.running:
        return RUNNING
    if not counts.stopped:
        return PENDING
    if not terminated and counts.stopped != counts.for_good:
        return RUNNING  # something is about to be run again
    return SUCCEEDED if counts.stopped == counts.succeeded else FAILED


def ended(status: Object) -> Object | None:
    """How a container ended that has not run since: `terminated` of its state, or of the last one while it waits."""
    state = status["state"]
    found: Object | None = state.get("terminated")
    if found is None and "running" not in state:
        found = (status.get("lastState") or {}).get("terminated")
    return found


def _again(container: Object, spec: Object, end: Object) -> bool:
    return end.get("reason") == RESTARTING_ALL or should_restart(container, spec, end["exitCode"])


def _initialization(spec: Object, statuses: Mapping[str, Object]) -> tuple[bool, bool]:
    """(an init container has still to be waited for, one has failed for good)."""
    pending = lost = False
    for container in spec.get("initContainers") or ():
        if is_sidecar(container):
            continue
        status = statuses.get(container["name"])
        end = ended(status) if status is not None else None
        if end is None:
            pending = True
        elif end["exitCode"] != 0 and not _again(container, spec, end):
            lost = True
    return pending, lost


def _count_sidecars(spec: Object, statuses: Mapping[str, Object], counts: _Counts) -> int:
    """How many have not been started yet; those that ended do not count for the phase."""
    pending = 0
    for container in spec.get("initContainers") or ():
        if not is_sidecar(container):
            continue
        status = statuses.get(container["name"])
        if status is None:
            counts.unknown += 1
        elif "running" in status["state"]:
            counts.running += 1
            pending += not status.get("started")
        elif ended(status) is None:
            counts.waiting += 1
            pending += 1
    return pending


def _count(container: Object, spec: Object, status: Object | None, counts: _Counts) -> None:
    if status is None:
        counts.unknown += 1
        return
    if "running" in status["state"]:
        counts.running += 1
        return
    end = ended(status)
    if end is None:
        counts.waiting += 1
        return
    counts.stopped += 1
    counts.for_good += not _again(container, spec, end)
    # one that waits has not succeeded, however it ended before
    counts.succeeded += end["exitCode"] == 0 and "terminated" in status["state"]
