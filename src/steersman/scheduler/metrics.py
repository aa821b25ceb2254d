"""metrics: how many pods were tried, how that ended, how long it took, and what waits, under upstream's names.

What the queue and the snapshot know anyway is read when it is asked for; the rest is an addition per pod.
Upstream: pkg/scheduler/metrics. Upstream differences: a refused pod counts as unschedulable from its refusal on,
wherever it waits; metrics of goroutines, batches and groups of pods have no meaning here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.lib.metrics import Sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from steersman.lib.metrics import Counter, Histogram, Registry
    from steersman.scheduler.placements import Placements
    from steersman.scheduler.queue import SchedulingQueue
    from steersman.scheduler.snapshot import Snapshot

SCHEDULED, UNSCHEDULABLE, ERROR = "scheduled", "unschedulable", "error"


def _doubling(first: float, count: int) -> tuple[float, ...]:
    return tuple(first * 2**power for power in range(count))


class SchedulerMetrics:
    """Of one scheduler. Durations are in seconds."""

    def __init__(self, *, registry: Registry) -> None:
        labels = ("result", "profile")
        self._attempts = registry.counter("scheduler_schedule_attempts_total", "Attempts to place pods.", labels)
        self._durations = registry.histogram(
            "scheduler_scheduling_attempt_duration_seconds",
            "How long an attempt took, with the binding.",
            labels,
            buckets=_doubling(0.001, 15),
        )
        self.algorithm = registry.histogram(
            "scheduler_scheduling_algorithm_duration_seconds", "How long a cycle took.", buckets=_doubling(0.001, 15)
        ).labels()
        self._waited = registry.histogram(
            "scheduler_pod_scheduling_sli_duration_seconds",
            "How long pods took from the queue to their node, over all attempts.",
            ("attempts",),
            buckets=_doubling(0.01, 20),
        )
        self._tries = registry.histogram(
            "scheduler_pod_scheduling_attempts", "Attempts until a pod had its node.", buckets=_doubling(1, 5)
        ).labels()
        self.preemptions = registry.counter(
            "scheduler_preemption_attempts_total", "Attempts to make room for pods."
        ).labels()
        self._victims = registry.histogram(
            "scheduler_preemption_victims", "Pods that had to leave for another.", buckets=_doubling(1, 7)
        ).labels()
        self._children: dict[tuple[str, str], tuple[Counter, Histogram]] = {}
        self._registry = registry

    def follow(self, queue: SchedulingQueue, snapshot: Snapshot, placements: Placements) -> None:
        """From now on tell of these. Once."""

        def pending() -> Iterable[Sample]:
            return [Sample((name,), float(count)) for name, count in queue.counts().items()]

        def refused() -> Iterator[Sample]:
            for (plugin, profile), count in queue.refused().items():
                yield Sample((plugin, profile), float(count))

        def incoming() -> Iterable[Sample]:
            return [Sample((place, event), float(count)) for (place, event), count in queue.incoming.items()]

        def sizes() -> Iterable[Sample]:
            pods, assumed = placements.counts()
            found = (("nodes", len(snapshot)), ("pods", pods), ("assumed_pods", assumed))
            return [Sample((kind,), float(count)) for kind, count in found]

        add = self._registry.collector
        add("scheduler_pending_pods", "Pods that wait, by where.", ("queue",), pending, kind="gauge")
        add(
            "scheduler_unschedulable_pods",
            "Pods that wait, by the plugins that refused them.",
            ("plugin", "profile"),
            refused,
            kind="gauge",
        )
        add(
            "scheduler_queue_incoming_pods_total",
            "Pods that came to a queue, by why.",
            ("queue", "event"),
            incoming,
            kind="counter",
        )
        add("scheduler_cache_size", "Nodes, pods and assumed pods that are known.", ("type",), sizes, kind="gauge")

    def attempted(self, result: str, profile: str, seconds: float) -> None:
        children = self._children.get((result, profile))
        if children is None:
            made = self._attempts.labels(result, profile), self._durations.labels(result, profile)
            children = self._children[result, profile] = made
        children[0].value += 1
        children[1].observe(seconds)

    def placed(self, seconds: float, attempts: int) -> None:
        """A pod has its node, so long after it came."""
        self._waited.labels(str(attempts) if attempts < 15 else "15+").observe(seconds)
        self._tries.observe(attempts)

    def evicts(self, victims: int) -> None:
        self._victims.observe(victims)
