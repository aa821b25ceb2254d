"""How autoscalers and their metrics were looked at, under upstream's names.

Upstream: pkg/controller/podautoscaler/monitor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.lib.metrics import Registry

INTERNAL, SPEC, NO_ERROR = "internal", "spec", "none"
"""What went wrong: something here or with another component, the specification, nothing."""
_BUCKETS = tuple(0.001 * 2**power for power in range(15))


def action_of(before: int, after: int) -> str:
    """What becomes of so many replicas."""
    if after == before:
        return "none"
    return "scale_up" if after > before else "scale_down"


class Measured:
    """Of one controller. Durations are in seconds."""

    def __init__(self, *, registry: Registry) -> None:
        labels = ("action", "error")
        self._looks = registry.counter(
            "horizontal_pod_autoscaler_controller_reconciliations_total",
            "How often autoscalers were looked at.",
            labels,
        )
        self._look_durations = registry.histogram(
            "horizontal_pod_autoscaler_controller_reconciliation_duration_seconds",
            "How long a look took.",
            labels,
            buckets=_BUCKETS,
        )
        kinds = (*labels, "metric_type")
        self._computations = registry.counter(
            "horizontal_pod_autoscaler_controller_metric_computation_total", "How often metrics were looked at.", kinds
        )
        self._computation_durations = registry.histogram(
            "horizontal_pod_autoscaler_controller_metric_computation_duration_seconds",
            "How long a metric took.",
            kinds,
            buckets=_BUCKETS,
        )

    def looked(self, action: str, error: str, duration_s: float) -> None:
        """At an autoscaler."""
        self._looks.labels(action, error).inc()
        self._look_durations.labels(action, error).observe(duration_s)

    def computed(self, kind: str, action: str, error: str, duration_s: float) -> None:
        """What one metric, of a MetricSpec of that type, asks for."""
        self._computations.labels(action, error, kind).inc()
        self._computation_durations.labels(action, error, kind).observe(duration_s)
