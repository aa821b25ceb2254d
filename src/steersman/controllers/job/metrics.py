"""How Jobs and their pods end, and how long it takes to look after them, under upstream's names.

Upstream: pkg/controller/job/metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.controllers.job.indexes import is_indexed
from steersman.controllers.job.verdict import COMPLETE

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.lib.metrics import Registry

CREATED, DELETED, TRACKED = "pods_created", "pods_deleted", "tracking"
"""What a round did to pods."""
_ENDS = ("succeeded", "failed")


class JobMetrics:
    """Of one controller."""

    def __init__(self, *, registry: Registry) -> None:
        labels = ("completion_mode", "result", "action")
        self._durations = registry.histogram(
            "job_controller_job_sync_duration_seconds",
            "How long it took to look after a Job.",
            labels,
            buckets=[0.004 * 2**power for power in range(15)],
        )
        self._rounds = registry.counter("job_controller_job_syncs_total", "How often Jobs were looked after.", labels)
        self._finished = registry.counter(
            "job_controller_jobs_finished_total", "Jobs that ended.", ("completion_mode", "result", "reason")
        )
        self._pods = registry.counter(
            "job_controller_job_pods_finished_total", "Pods that ended and were counted.", ("completion_mode", "result")
        )

    def looked(self, job: Object, action: str, duration_s: float, *, failed: bool) -> None:
        """After one of a Job once. `action`: see above."""
        values = (_mode(job), "error" if failed else "success", action)
        self._durations.labels(*values).observe(duration_s)
        self._rounds.labels(*values).inc()

    def counted(self, before: Object, after: Object) -> None:
        """A Job whose pods may have been counted."""
        for end in _ENDS:
            more = _count(after, end) - _count(before, end)
            if more > 0:
                self._pods.labels(_mode(after), end).inc(more)

    def ended(self, job: Object, verdict: Object) -> None:
        """`verdict`: the condition that says so."""
        result = "succeeded" if verdict["type"] == COMPLETE else "failed"
        self._finished.labels(_mode(job), result, verdict.get("reason") or "").inc()


def _mode(job: Object) -> str:
    return "Indexed" if is_indexed(job) else "NonIndexed"


def _count(job: Object, end: str) -> int:
    count: int = (job.get("status") or {}).get(end) or 0
    return count
