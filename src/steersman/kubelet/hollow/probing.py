"""The probes of a pod on a simulated node: what they find is written in the containers' lives.

A probe is asked only while its answer can matter: one that goes on passing is not asked again until it will fail, or
something new is said. One that fails is asked every period, since each failure is told.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from steersman.kubelet.plan import LIVENESS, STARTUP
from steersman.kubelet.probes import (
    FIELDS,
    KINDS,
    READINESS,
    Probe,
    failure_output,
    fresh,
    initial_delay_s,
    period_s,
)
from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.kubelet.hollow.pod_worker import Host
    from steersman.runtimes.interface import ContainerRecord, PodRecord
    from steersman.runtimes.life import Life, ProbeScript

WARNING = "Warning"
_SOON_S = 0.001


class Probing:
    """Of one pod. `due_s`: when to be asked again."""

    __slots__ = ("_adopted_s", "_host", "_probes", "due_s")

    def __init__(self, host: Host, *, adopted_s: float | None) -> None:
        """`adopted_s`: runs that began before this are known to others already, and keep what was said of them."""
        self.due_s: float | None = None
        self._host = host
        self._adopted_s = adopted_s
        self._probes: dict[tuple[str, str], Probe] = {}

    def ask(self, pod: Object, record: PodRecord, old: Object) -> dict[str, str]:
        """Ask what is due; gives the containers that are to be stopped, and for which probe. `old`: the last status."""
        self.due_s = None
        spec = pod["spec"]
        for kind in ("initContainers", "containers"):
            for container in spec.get(kind) or ():
                if any(field in container for field in FIELDS.values()):
                    self._ask_container(pod, container, record, old)
        if not self._probes:
            return {}
        return {
            name: kind
            for (name, kind), probe in self._probes.items()
            if kind in (LIVENESS, STARTUP) and probe.result is False and self._is_present(probe, name, record)
        }

    def started(self, record: PodRecord, name: str) -> bool:
        """Whether a running container has started as its startup probe sees it."""
        return self._passed(record, name, STARTUP)

    def ready(self, record: PodRecord, name: str) -> bool:
        """Whether a running container is ready as its readiness probe sees it."""
        return self._passed(record, name, READINESS)

    def behave(self, pod: Object, record: PodRecord) -> None:
        """What probes find may have changed: every probe is asked at its next time."""
        now = loop_time()
        for (name, kind), probe in self._probes.items():
            run = record.containers.get(name)
            if run is not None and probe.due_s is None and not probe.held:
                probe.due_s = _tick_from(_spec_of(pod, name, kind), run, now)
                self._wish(probe.due_s)

    # -- inside

    def _passed(self, record: PodRecord, name: str, kind: str) -> bool:
        probe = self._probes.get((name, kind))
        return probe is None or (probe.result is True and self._is_present(probe, name, record))

    @staticmethod
    def _is_present(probe: Probe, name: str, record: PodRecord) -> bool:
        run = record.containers.get(name)
        return run is not None and run.id == probe.container_id

    def _ask_container(self, pod: Object, container: Object, record: PodRecord, old: Object) -> None:
        name = container["name"]
        run = record.containers.get(name)
        life: Life | None = None
        for kind in KINDS:
            spec = container.get(FIELDS[kind])
            if spec is None:
                continue
            probe = self._probes.get((name, kind))
            if run is None or not run.running:
                # of a container that does not run nothing is known; one that will run begins anew
                self._probes[name, kind] = fresh(kind, "") if probe is None or probe.container_id else probe
                continue
            if probe is None or probe.container_id != run.id:
                probe = self._probes[name, kind] = self._begin(kind, spec, run, old)
            if probe.held or (kind != STARTUP and not self._passed(record, name, STARTUP)):
                continue
            life = life or self._host.life(pod, container)
            self._observe(pod, name, probe, spec, run, getattr(life, kind))
            self._wish(probe.due_s)

    def _wish(self, due_s: float | None) -> None:
        if due_s is not None and (self.due_s is None or due_s < self.due_s):
            self.due_s = due_s

    def _begin(self, kind: str, spec: Object, run: ContainerRecord, old: Object) -> Probe:
        probe = fresh(kind, run.id)
        probe.due_s = run.started_s + initial_delay_s(spec)
        if self._adopted_s is None or run.started_s > self._adopted_s:
            return probe
        for statuses in ("initContainerStatuses", "containerStatuses"):
            for status in old.get(statuses) or ():
                if status.get("containerID") == run.id:
                    if kind == READINESS:
                        probe.result = bool(status.get("ready"))
                    elif kind == STARTUP and status.get("started"):
                        probe.result = probe.held = True
        probe.due_s = _tick_from(spec, run, loop_time())
        return probe

    def _observe(
        self, pod: Object, name: str, probe: Probe, spec: Object, run: ContainerRecord, script: ProbeScript
    ) -> None:
        """Ask if it is time, and find out when it is next."""
        now = loop_time()
        if probe.due_s is None or probe.due_s > now:
            return
        # What is to change now has changed, though the sum of times may come out a little less.
        age_s = now - run.started_s + _SOON_S
        success = script.at(age_s)
        probe.observe(spec, success)
        if not success:
            ip = ((pod.get("status") or {}).get("podIP")) or ""
            message = f"{probe.kind.capitalize()} probe failed: {failure_output(spec, ip)}"
            self._host.tell(pod, name, WARNING, "Unhealthy", message)
        if probe.held:
            probe.due_s = None
        elif success and probe.result is True:
            change_s = script.next_change_s(age_s)
            probe.due_s = None if change_s is None else _tick_from(spec, run, run.started_s + change_s)
        else:
            probe.due_s = _tick_from(spec, run, now, strictly=True)


def _tick_from(spec: Object, run: ContainerRecord, at_s: float, *, strictly: bool = False) -> float:
    """The first time from `at_s` on at which a probe of a run is asked."""
    first_s, every_s = run.started_s + initial_delay_s(spec), period_s(spec)
    if at_s < first_s:
        return first_s
    periods = (at_s - first_s) / every_s
    number = math.ceil(periods - 1e-6)
    if strictly and number <= periods + 1e-6:
        number = math.floor(periods + 1e-6) + 1
    return first_s + number * every_s


def _spec_of(pod: Object, name: str, kind: str) -> Object:
    spec = pod["spec"]
    for containers in ("containers", "initContainers"):
        for container in spec.get(containers) or ():
            if container["name"] == name:
                found: Object = container[FIELDS[kind]]
                return found
    raise KeyError(name)
