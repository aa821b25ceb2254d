"""ttl_after_finished: delete finished Jobs once spec.ttlSecondsAfterFinished has elapsed.

Reads: jobs. Writes: jobs (delete; looked at where they are kept before).
Invariants: an unfinished Job is never deleted; a Job that is deleted is the very one that was looked at, in the state
that the API server holds; skew between clocks can only delay a deletion.
Upstream differences: none known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from steersman.api.batch.job import JOBS
from steersman.api.errors import NotFound
from steersman.client.request import Propagation
from steersman.controllers.base import Controller, Requeue, Writes

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.client.request import Key


@dataclass(frozen=True, slots=True)
class Delete:
    """Its time has come."""

    uid: str
    resource_version: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Its time comes in so long."""

    delay_s: float


class TTLAfterFinished(Controller):
    """See the module."""

    name = "ttl_after_finished"
    reads = (JOBS,)
    writes = (Writes(JOBS, ("delete", "get")),)

    def setup(self) -> None:
        self.on(JOBS)

    async def reconcile(self, key: Key) -> Requeue | None:
        now = self.clock.now()
        if plan(self.view.get(JOBS, key), now=now) is None:
            return None
        # The cache may be behind somebody who prolongs the TTL: what is deleted is looked at where it is kept.
        try:
            job = await self.client.get(JOBS, key)
        except NotFound:
            return None
        match plan(job, now=now):
            case Delete(uid, resource_version):
                await self.client.delete(
                    JOBS, key, uid=uid, resource_version=resource_version, propagation=Propagation.FOREGROUND
                )
                return None
            case Wait(delay_s):
                return Requeue(after_s=delay_s)
            case None:
                return None


def plan(job: Object | None, *, now: datetime) -> Delete | Wait | None:
    """What to do about a Job: nothing while it is unfinished, has no TTL, or is being deleted."""
    if job is None or job["metadata"].get("deletionTimestamp"):
        return None
    ttl_s = job["spec"].get("ttlSecondsAfterFinished")
    finished = _finished_at(job)
    if ttl_s is None or finished is None:
        return None
    remaining_s = (finished + timedelta(seconds=ttl_s) - now).total_seconds()
    if remaining_s > 0:
        return Wait(remaining_s)
    return Delete(job["metadata"]["uid"], job["metadata"]["resourceVersion"])


def _finished_at(job: Object) -> datetime | None:
    for condition in (job.get("status") or {}).get("conditions") or ():
        if condition["type"] in ("Complete", "Failed") and condition["status"] == "True":
            return datetime.fromisoformat(condition["lastTransitionTime"])
    return None
