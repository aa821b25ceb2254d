"""What probes have said so far of the present run of a container, and what follows. Pure.

Readiness begins with failure, liveness with success, startup with neither; thresholds count equal results in a row.
Until a startup probe succeeds the others are not asked. Upstream: pkg/kubelet/prober/worker.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

READINESS, LIVENESS, STARTUP = "readiness", "liveness", "startup"
KINDS = (STARTUP, READINESS, LIVENESS)
FIELDS = {READINESS: "readinessProbe", LIVENESS: "livenessProbe", STARTUP: "startupProbe"}
_INITIAL: dict[str, bool | None] = {READINESS: False, LIVENESS: True, STARTUP: None}


@dataclass(slots=True)
class Probe:
    """One probe of one run of a container. `due_s`: when it is asked next; None: nothing new is to be expected."""

    kind: str
    container_id: str
    result: bool | None
    """What counts: the last result that reached its threshold."""
    last: bool | None = None
    in_a_row: int = 0
    held: bool = False
    """Not asked any more in this run."""
    due_s: float | None = None

    def observe(self, spec: Object, success: bool) -> bool:
        """Take a result; whether what counts has changed."""
        self.in_a_row = self.in_a_row + 1 if self.last is success else 1
        self.last = success
        threshold = (spec.get("successThreshold") or 1) if success else (spec.get("failureThreshold") or 3)
        if self.in_a_row < threshold:
            return False
        changed = self.result is not success
        self.result = success
        if self.kind == STARTUP or (self.kind == LIVENESS and not success):
            self.held, self.in_a_row = True, 0
        return changed


def fresh(kind: str, container_id: str) -> Probe:
    """For a run that has just begun."""
    return Probe(kind, container_id, _INITIAL[kind])


def initial_delay_s(spec: Object) -> float:
    return float(spec.get("initialDelaySeconds") or 0)


def period_s(spec: Object) -> float:
    return float(spec.get("periodSeconds") or 10)


def failure_output(spec: Object, ip: str) -> str:
    """What the failed probe of a container that does not answer well says."""
    if "httpGet" in spec:
        return "HTTP probe failed with statuscode: 500"
    if "tcpSocket" in spec:
        return f"dial tcp {ip}:{spec['tcpSocket'].get('port')}: connect: connection refused"
    if "grpc" in spec:
        return 'service unhealthy (responded with "NOT_SERVING")'
    return ""
