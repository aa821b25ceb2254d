"""What to do next for a pod that should run: which containers to start and to stop, from what its runtime knows. Pure.

    no sandbox > sandbox > init containers one after the other, sidecars beside them > containers
    all ended for good > the rest (sidecars) is stopped, and the pod is over

Upstream: computePodActions, computeInitContainerActions. Back-off is not looked at here: what waits for it is to be
started as far as the plan goes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.kubelet.restarts import (
    ALWAYS,
    NEVER,
    ON_FAILURE,
    all_could_restart,
    asks_for_all,
    containers_of,
    is_sidecar,
    restarts_after_kill,
    should_restart,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from steersman.api.meta.types import Object
    from steersman.runtimes.interface import ContainerRecord, PodRecord

LIVENESS, STARTUP = "liveness", "startup"


@dataclass(frozen=True, slots=True)
class Stop:
    """A container to be stopped. `probe`: which one it failed; empty for other causes."""

    name: str
    message: str
    probe: str = ""


@dataclass(slots=True)
class Plan:
    """`over`: nothing is to be started any more; stop what runs and end the pod."""

    over: bool = False
    make_sandbox: bool = False
    start: list[Object] = field(default_factory=list)
    stop: list[Stop] = field(default_factory=list)
    reset: list[str] = field(default_factory=list)
    """Containers to be ended and forgotten, in this order, so that all begin anew."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What probes say of what runs, by name of container."""

    failed: Mapping[str, str] = field(default_factory=dict)
    """The probe (LIVENESS or STARTUP) for which a container is to be stopped."""
    started: Callable[[str], bool] = lambda _name: True


def plan(pod: Object, record: PodRecord, probed: Probed) -> Plan:
    """The next steps."""
    spec = pod["spec"]
    made = Plan()
    if record.making_sandbox:
        return made
    if wants_all_anew(spec, record):
        made.reset = _reset_order(spec, record)
        return made
    if not record.sandbox_ready:
        _plan_sandbox(spec, record, made)
        return made
    for container in spec.get("ephemeralContainers") or ():
        if container["name"] not in record.containers:  # these are never run again
            made.start.append(container)
    if not _plan_init(spec, record, probed, made):
        return made
    kept = _plan_main(spec, record, probed, made)
    if not kept and not any(container in spec["containers"] for container in made.start):
        made.over = True
        made.start.clear()
    return made


def wants_all_anew(spec: Object, record: PodRecord) -> bool:
    """Whether a container has ended in a way that makes all of them begin anew."""
    if not all_could_restart(spec):
        return False
    return any(
        (run := record.containers.get(container["name"])) is not None
        and run.exited
        and asks_for_all(container, run.exit_code)
        for container in containers_of(spec)
    )


def stop_order(spec: Object, record: PodRecord) -> list[str]:
    """Which of the running containers to stop now, while a pod ends: first all but sidecars, then those, the last one
    first, each once the one after it has ended.
    """
    running = {run.name for run in record.running}
    sidecars = [container["name"] for container in spec.get("initContainers") or () if is_sidecar(container)]
    others = [name for name in running if name not in sidecars]
    if others:
        return sorted(others)
    return [name for name in reversed(sidecars) if name in running][:1]


def _reset_order(spec: Object, record: PodRecord) -> list[str]:
    """Those that asked for it last; each time containers before init containers, the later before the earlier."""
    reversed_ = [*reversed(spec["containers"]), *reversed(spec.get("initContainers") or ())]
    known = [container for container in reversed_ if container["name"] in record.containers]

    def asked(container: Object) -> bool:
        run = record.containers[container["name"]]
        return run.exited and asks_for_all(container, run.exit_code)

    return [container["name"] for container in sorted(known, key=asked)]


def _plan_sandbox(spec: Object, record: PodRecord, made: Plan) -> None:
    """There is none, or none any more: everything in it has ended."""
    again = any(container.get("restartPolicy") not in (None, NEVER) for container in spec["containers"])
    if not again and spec.get("restartPolicy") == NEVER and record.sandbox_attempt and record.containers:
        made.over = True
        return
    wanted = [container for container in spec["containers"] if not _done_once(container, spec, record)]
    if not wanted and any(container["name"] in record.containers for container in spec["containers"]):
        made.over = True
        return
    made.make_sandbox = True


def _done_once(container: Object, spec: Object, record: PodRecord) -> bool:
    run = record.containers.get(container["name"])
    policy = container.get("restartPolicy", spec.get("restartPolicy", ALWAYS))
    return policy == ON_FAILURE and run is not None and run.exited and run.exit_code == 0


def _active(record: PodRecord, name: str) -> ContainerRecord | None:
    """The run of a container in the present sandbox."""
    run = record.containers.get(name)
    return run if run is not None and run.sandbox_attempt == record.sandbox_attempt else None


def _plan_init(spec: Object, record: PodRecord, probed: Probed, made: Plan) -> bool:
    """Whether ordinary containers may be looked at. Walks backwards to the last init container that ran: what stands
    before it is done.
    """
    init = spec.get("initContainers") or []
    if not init:
        return True
    initialized = done_before = any(_active(record, container["name"]) is not None for container in spec["containers"])
    start: list[Object] = []
    for position in range(len(init) - 1, -1, -1):
        container = init[position]
        run = _active(record, container["name"])
        sidecar = is_sidecar(container)
        if run is None:
            if done_before and sidecar:
                start.append(container)
            continue
        if done_before and not sidecar:
            continue
        last = position == len(init) - 1
        complete = False
        if run.running and sidecar:
            complete = _plan_sidecar(container, probed, start, made)
        elif run.exited and sidecar:
            start.append(container)
        elif run.exited and run.exit_code == 0:
            complete = True
        elif run.exited:
            if not should_restart(container, spec, run.exit_code):
                made.over = True
                made.start.clear()
                return False
            start.append(container)
        if complete and last:
            initialized = True
        elif complete and not done_before:
            start.append(init[position + 1])
        done_before = True
    if not done_before:
        start.append(init[0])
    made.start += reversed(start)
    return initialized


def _plan_sidecar(container: Object, probed: Probed, start: list[Object], made: Plan) -> bool:
    """Whether a running one lets the next init container begin."""
    name = container["name"]
    failed = probed.failed.get(name, "")
    started = probed.started(name)
    if failed:
        made.stop.append(Stop(name, f"Init container {name} failed {failed} probe", failed))
        start.append(container)
    return started


def _plan_main(spec: Object, record: PodRecord, probed: Probed, made: Plan) -> int:
    """How many go on as they are."""
    kept = 0
    for container in spec["containers"]:
        name = container["name"]
        run = record.containers.get(name)
        if run is None or run.exited:
            if run is None or should_restart(container, spec, run.exit_code):
                made.start.append(container)
            continue
        failed = probed.failed.get(name, "")
        message, again = f"Container {name} failed {failed} probe", restarts_after_kill(container, spec)
        if run.running and not failed and run.spec_image != container.get("image", ""):
            message, again = f"Container {name} definition changed", True
        elif not failed:
            kept += 1
            continue
        if again:
            kept += 1
            message = f"{message}, will be restarted"
        made.stop.append(Stop(name, message, failed))
    return kept
