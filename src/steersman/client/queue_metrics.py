"""Metrics of work queues, under upstream's names (component-base metrics/prometheus/workqueue)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.lib.metrics import Counter, Gauge, Histogram, Registry

_SECONDS = tuple(10.0**power for power in range(-8, 2))


@dataclass(frozen=True, slots=True)
class QueueMetrics:
    """Of one queue."""

    depth: Gauge
    adds: Counter
    retries: Counter
    waited: Histogram
    worked: Histogram


class QueueFamilies:
    """The metrics of all queues of a process."""

    def __init__(self, *, registry: Registry) -> None:
        labels = ("name",)
        self._depth = registry.gauge("workqueue_depth", "Keys that wait for a worker.", labels)
        self._adds = registry.counter("workqueue_adds_total", "Keys that were added.", labels)
        self._retries = registry.counter("workqueue_retries_total", "Keys that were added again later.", labels)
        self._waited = registry.histogram(
            "workqueue_queue_duration_seconds", "How long keys waited for a worker.", labels, buckets=_SECONDS
        )
        self._worked = registry.histogram(
            "workqueue_work_duration_seconds", "How long work on a key took.", labels, buckets=_SECONDS
        )

    def queue(self, name: str) -> QueueMetrics:
        return QueueMetrics(
            depth=self._depth.labels(name),
            adds=self._adds.labels(name),
            retries=self._retries.labels(name),
            waited=self._waited.labels(name),
            worked=self._worked.labels(name),
        )
