"""jobs: what the Jobs of a CronJob are like, which of them are running, and which are old. Pure.

Upstream: pkg/controller/cronjob/utils.go.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from steersman.api.batch.cron_job import CRON_JOBS
from steersman.api.batch.job import JOBS
from steersman.api.meta.conditions import is_condition_true
from steersman.controllers.cronjob.schedule import scheduled_text
from steersman.controllers.ownership import reference_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
"""An annotation of Jobs."""


def end_of(job: Object) -> str:
    """Complete, Failed, or empty while it runs."""
    return next((kind for kind in ("Complete", "Failed") if is_condition_true(job, kind)), "")


def name_of_job(cron_job: Object, time: datetime) -> str:
    """One name for each time: so none is made twice."""
    return f"{cron_job['metadata']['name']}-{int(time.timestamp()) // 60}"


def job_of(cron_job: Object, time: datetime) -> Object:
    """A new Job. Raises ValueError for an unknown time zone."""
    template = cron_job["spec"]["jobTemplate"]
    given = template.get("metadata") or {}
    return {
        "apiVersion": JOBS.api_version,
        "kind": JOBS.kind,
        "metadata": {
            "name": name_of_job(cron_job, time),
            "namespace": cron_job["metadata"]["namespace"],
            "labels": given.get("labels") or {},
            "annotations": (given.get("annotations") or {}) | {SCHEDULED: scheduled_text(cron_job, time)},
            "ownerReferences": [reference_to(cron_job, CRON_JOBS)],
        },
        "spec": template["spec"],
    }


def entry_of(job: Object) -> Object:
    """What status.active has of a Job."""
    metadata = job["metadata"]
    fields = {name: metadata[name] for name in ("name", "namespace", "uid", "resourceVersion")}
    return {"apiVersion": JOBS.api_version, "kind": JOBS.kind, **fields}


def is_listed(status: Object, job: Object) -> bool:
    return any(each["uid"] == job["metadata"]["uid"] for each in status.get("active") or ())


def without(status: Object, uid: str) -> Object:
    """The status without a Job in `active`."""
    left = [each for each in status.get("active") or () if each["uid"] != uid]
    rest = {name: value for name, value in status.items() if name != "active"}
    return rest | ({"active": left} if left else {})


def with_success(status: Object, job: Object) -> Object:
    """The status that knows of a Job's success."""
    ended, known = (job.get("status") or {}).get("completionTime"), status.get("lastSuccessfulTime")
    if not ended or (known and datetime.fromisoformat(ended) <= datetime.fromisoformat(known)):
        return status
    return status | {"lastSuccessfulTime": ended}


def plan_history(cron_job: Object, jobs: Sequence[Object]) -> list[Object]:
    """The ended Jobs that are more than it keeps, oldest first; without those that are being deleted."""
    spec = cron_job["spec"]
    old: list[Object] = []
    for end, limit in (
        ("Complete", spec.get("successfulJobsHistoryLimit")),
        ("Failed", spec.get("failedJobsHistoryLimit")),
    ):
        if limit is not None:
            ended = sorted((job for job in jobs if end_of(job) == end), key=_age)
            old += ended[: max(0, len(ended) - limit)]
    return [job for job in old if not job["metadata"].get("deletionTimestamp")]


def _age(job: Object) -> tuple[bool, str, str]:
    start = (job.get("status") or {}).get("startTime") or ""
    return not start, start, job["metadata"]["name"]
