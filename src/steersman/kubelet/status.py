"""The status of a pod, from what its runtime knows. Pure, and level-triggered: told again from scratch at every look.

Reads: the pod, the runtime's records, what probes say, why containers wait. What belongs to others (conditions of
readiness gates, claims, the QoS class) is left alone. Upstream: generateAPIPodStatus, TerminatePod, mergePodStatus.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.api.core.pod_resources import pod_limits, pod_requests
from steersman.kubelet.conditions import compute_conditions
from steersman.kubelet.container_status import (
    NOTHING,
    Verdict,
    Waiting,
    container_status,
    removed_to_restart,
    with_all_ended,
)
from steersman.kubelet.phase import FAILED, PENDING, TERMINAL, compute_phase
from steersman.kubelet.restarts import all_could_restart, is_sidecar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.runtimes.interface import PodRecord

OWN = (
    "phase",
    "reason",
    "message",
    "observedGeneration",
    "hostIP",
    "hostIPs",
    "podIP",
    "podIPs",
    "startTime",
    "conditions",
    "initContainerStatuses",
    "containerStatuses",
    "ephemeralContainerStatuses",
    "allocatedResources",
    "resources",
)
"""Fields of a pod's status that a kubelet writes."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a pod ends for a reason that is not its containers' ends: a refusal, a deadline, an eviction."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a kubelet knows of a pod beside its object.

    terminated      nothing runs, and nothing will be started any more
    restarting_all  the containers are being taken away so that all of them begin anew
    """

    record: PodRecord
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    host_ips: Sequence[str] = ()
    terminated: bool = False
    restarting_all: bool = False
    outcome: Outcome | None = None


def compute_status(pod: Object, facts: Facts, *, old: Object, now: str) -> Object:
    """The whole status. `old`: the last one, written or not. `now`: as the API writes times."""
    spec, record = pod["spec"], facts.record
    init = [_of(container, pod, facts, old, "initContainerStatuses") for container in spec.get("initContainers") or ()]
    main = [_of(container, pod, facts, old, "containerStatuses") for container in spec["containers"]]
    by_name = {status["name"]: status for status in (*init, *main)}
    initialized = record.sandbox_ready and any(
        container["name"] in record.containers for container in spec["containers"]
    )
    phase = compute_phase(spec, by_name, terminated=facts.terminated, initialized=initialized)
    if facts.terminated:
        init, main = _all_ended(spec, init, main)
        by_name = {status["name"]: status for status in (*init, *main)}
        phase = phase if phase in TERMINAL else FAILED
    if old.get("phase") in TERMINAL:
        phase = old["phase"]
    status: Object = {**old, "phase": phase}
    status.pop("nominatedNodeName", None)  # the scheduler's, and cleared by a binding
    _set_reason(status, facts.outcome, old)
    generation = pod["metadata"].get("generation")
    if generation:
        status["observedGeneration"] = generation
    status["conditions"] = compute_conditions(
        pod,
        old=old.get("conditions") or (),
        statuses=by_name,
        phase=status["phase"],
        sandbox_ready=record.sandbox_ready,
        sandbox_known=bool(record.sandbox_id) or record.sandbox_attempt > 0,
        restarting_all=facts.restarting_all if all_could_restart(spec) else None,
        now=now,
    )
    _set_addresses(status, spec, facts)
    status["startTime"] = old.get("startTime") or now
    status["containerStatuses"] = sorted(main, key=_name) if len(main) > 1 else main
    _set_or_drop(status, "initContainerStatuses", init)
    ephemeral = [
        _of(container, pod, facts, old, "ephemeralContainerStatuses")
        for container in spec.get("ephemeralContainers") or ()
    ]
    _set_or_drop(status, "ephemeralContainerStatuses", sorted(ephemeral, key=_name))
    _set_resources(status, spec)
    return status


def refused_status(pod: Object, outcome: Outcome, *, now: str) -> Object:
    """Of a pod that the node does not take: it never gets containers."""
    old = pod.get("status") or {}
    return {
        **old,
        "phase": FAILED,
        "reason": outcome.reason,
        "message": f"Pod was rejected: {outcome.message}",
        "observedGeneration": pod["metadata"].get("generation", 1),
        "startTime": old.get("startTime") or now,
    }


def _name(status: Object) -> str:
    name: str = status["name"]
    return name


def _of(container: Object, pod: Object, facts: Facts, old: Object, field_name: str) -> Object:
    name = container["name"]
    record = facts.record
    before = next((status for status in old.get(field_name) or () if status["name"] == name), None)
    verdict = facts.verdicts.get(name, NOTHING)
    current = record.containers.get(name)
    if field_name == "initContainerStatuses" and not is_sidecar(container):
        # an init container is ready once it is done
        verdict = Verdict(verdict.started, current is not None and current.exited and current.exit_code == 0)
    status = container_status(
        container,
        pod_spec=pod["spec"],
        record=current,
        previous=record.previous.get(name),
        old=before,
        verdict=verdict,
        waiting=facts.waiting.get(name),
    )
    if facts.restarting_all and current is None and before is not None and "waiting" not in before["state"]:
        status = removed_to_restart(status, before)
    if current is None and "terminated" in status["state"] and field_name == "initContainerStatuses":
        status["ready"] = status["state"]["terminated"].get("exitCode") == 0
    return status


def _all_ended(spec: Object, init: list[Object], main: list[Object]) -> tuple[list[Object], list[Object]]:
    """Once a pod was initialised, containers of which nothing is known have failed; so have init containers that
    began.
    """
    if _was_initialized(spec, init, main):
        main = [with_all_ended(status) for status in main]
    began = [n for n, status in enumerate(init) if "waiting" not in status["state"] or status["lastState"]]
    until = began[-1] + 1 if began else min(1, len(init))
    return [with_all_ended(status) if n < until else status for n, status in enumerate(init)], main


def _was_initialized(spec: Object, init: Sequence[Object], main: Sequence[Object]) -> bool:
    if not init or any("waiting" not in status["state"] or status["lastState"] for status in main):
        return True
    last = init[-1]
    if is_sidecar(spec["initContainers"][-1]):
        return "running" in last["state"] and bool(last["started"])
    ends = (state.get("terminated") for state in (last["state"], last["lastState"]))
    return any(end is not None and end["exitCode"] == 0 for end in ends)


def _set_reason(status: Object, outcome: Outcome | None, old: Object) -> None:
    """Why the phase is what it is: of an outcome, or kept as long as the phase is."""
    if outcome is not None:
        status["phase"], status["reason"], status["message"] = FAILED, outcome.reason, outcome.message
    elif status["phase"] != old.get("phase", PENDING):
        status.pop("reason", None)
        status.pop("message", None)


def _set_addresses(status: Object, spec: Object, facts: Facts) -> None:
    if facts.host_ips:
        status["hostIP"] = facts.host_ips[0]
        status["hostIPs"] = [{"ip": ip} for ip in facts.host_ips]
    ips = facts.host_ips if spec.get("hostNetwork") else facts.record.ips
    if ips:
        status["podIP"] = ips[0]
        status["podIPs"] = [{"ip": ip} for ip in ips]
    elif not facts.terminated and status["phase"] not in TERMINAL:
        status.pop("podIP", None)
        status.pop("podIPs", None)


def _set_or_drop(status: Object, name: str, values: list[Object]) -> None:
    if values:
        status[name] = values
    else:
        status.pop(name, None)


def _set_resources(status: Object, spec: Object) -> None:
    """Of the pod as a whole."""
    if not _names_amounts(spec):
        return
    requests = {name: str(amount) for name, amount in pod_requests(spec).items()}
    limits = {name: str(amount) for name, amount in pod_limits(spec).items()}
    if requests:
        status["allocatedResources"] = requests
    status["resources"] = {**({"limits": limits} if limits else {}), **({"requests": requests} if requests else {})}


def _names_amounts(spec: Object) -> bool:
    everyone = (spec, *spec["containers"], *(spec.get("initContainers") or ()))
    return any((each.get("resources") or {}).get(kind) for each in everyone for kind in ("requests", "limits"))
