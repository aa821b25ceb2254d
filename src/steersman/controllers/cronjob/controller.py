"""cronjob: a Job at every time of a schedule.

Reads: cronjobs, jobs. Writes: cronjobs (status; looked at where they are kept before a Job is called unexpected), jobs
(create, delete; looked at where they are kept before one is called missing, or is replaced), events.
Invariants: a time has one Job, whose name says which; nothing is decided before the cache shows all own writes; a new
schedule begins with its next time, not with one that it would have had.
Upstream differences: a Job is deleted only if it is the very one that was looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.batch.cron_job import CRON_JOBS
from steersman.api.batch.job import JOBS
from steersman.api.errors import AlreadyExists, ApiError, NotFound
from steersman.api.meta.times import parse_time
from steersman.client.client import key_of
from steersman.client.errors import TransportError, is_cause
from steersman.client.request import Key, Propagation
from steersman.controllers.base import Controller, NotYet, Requeue, Writes
from steersman.controllers.cronjob.jobs import (
    end_of,
    entry_of,
    is_listed,
    job_of,
    plan_history,
    with_success,
    without,
)
from steersman.controllers.cronjob.plan import plan_start
from steersman.controllers.cronjob.schedule import next_in_s, schedule_of
from steersman.controllers.ownership import BY_OWNER, concerned_owners, controller_of, owner_keys
from steersman.controllers.pending import Pending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.controllers.base import Tools


class CronJobs(Controller):
    """See the module."""

    name = "cronjob"
    reads = (CRON_JOBS, JOBS)
    writes = (
        Writes(CRON_JOBS, ("get", "list", "update", "watch")),
        Writes(CRON_JOBS, ("update",), "status"),
        Writes(CRON_JOBS, ("update",), "finalizers"),
        Writes(JOBS, ("create", "delete", "get", "list", "patch", "update", "watch")),
    )

    def __init__(self, tools: Tools) -> None:
        self._skew = tools.registry.histogram(
            "cronjob_controller_job_creation_skew_duration_seconds",
            "How long after its time a Job was made.",
            buckets=[2.0**power for power in range(10)],
        ).labels()
        super().__init__(tools)

    def setup(self) -> None:
        self._pending_cron_jobs = Pending(view=self.view, resource=CRON_JOBS)
        self._pending_jobs = Pending(view=self.view, resource=JOBS)
        self.index(JOBS, BY_OWNER, owner_keys)
        self.on(CRON_JOBS, self._changed)
        self.on(JOBS, lambda old, new: concerned_owners(old, new, kind=CRON_JOBS.kind, adopters=lambda _job: ()))

    async def reconcile(self, key: Key) -> Requeue | None:
        cron_job = self.view.get(CRON_JOBS, key)
        if cron_job is None:
            self._pending_cron_jobs.forget(key)
            self._pending_jobs.forget(key)
            return None
        if not (self._pending_cron_jobs.settled(key) and self._pending_jobs.settled(key)):
            return None
        jobs = self.view.by_index(JOBS, BY_OWNER, cron_job["metadata"]["uid"])
        work = _Work(self, key, cron_job)
        try:
            await work.forget_old(jobs)
            await work.look_at(jobs)
            again = await work.start(self.clock.now())
        except (ApiError, TransportError, NotYet):
            await work.tell()  # what was seen, or done, before it failed
            raise
        await work.tell()
        return again

    def remember(self, key: Key, *, made: Object | None = None, deleted: Object | None = None) -> None:
        """Wait until the cache shows a Job of `key`."""
        if made is not None:
            self._pending_jobs.created(key, made)
        if deleted is not None:
            self._pending_jobs.deleted(key, deleted)

    def measure(self, due: datetime, made: Object) -> None:
        """A Job was made for a time."""
        self._skew.observe((parse_time(made["metadata"]["creationTimestamp"]) - due).total_seconds())

    async def write(self, key: Key, cron_job: Object) -> None:
        """The status."""
        self._pending_cron_jobs.created(key, await self.client.update_status(CRON_JOBS, cron_job))

    def _changed(self, old: Object | None, new: Object | None) -> Iterator[Key]:
        present = new if new is not None else old
        assert present is not None
        key = key_of(present)
        if old is None or new is None or _timing(old) == _timing(new):
            yield key
            return
        try:
            delay_s = next_in_s(new, schedule_of(new), self.clock.now())
        except ValueError:
            message = f"unparseable schedule for cronjob: {new['spec']['schedule']}"
            self.recorder.event(new, "Warning", "UnParseableCronJobSchedule", message)
            return
        if delay_s is not None:
            self.queue.add_after(key, delay_s)


class _Work:
    """One round of one CronJob; `cron_job` has the status as far as it has come."""

    def __init__(self, controller: CronJobs, key: Key, cron_job: Object) -> None:
        self._controller = controller
        self._client = controller.client
        self._key = key
        self._written: Object = cron_job.get("status") or {}
        self._cron_job = cron_job | {"status": self._written}

    async def forget_old(self, jobs: Sequence[Object]) -> None:
        """Delete the ended Jobs that are not kept."""
        for job in plan_history(self._cron_job, jobs):
            await self._delete(job)

    async def look_at(self, jobs: Sequence[Object]) -> None:
        """Learn which have ended, and which are gone."""
        for job in jobs:
            end, name = end_of(job), job["metadata"]["name"]
            listed = is_listed(self._status, job)
            if not end and not listed:
                await self._check_unexpected(job)
            if end and listed:
                self._status = without(self._status, job["metadata"]["uid"])
                self._tell("Normal", "SawCompletedJob", f"Saw completed job: {name}, condition: {end}")
            if end == "Complete":
                self._status = with_success(self._status, job)
        known = {job["metadata"]["uid"] for job in jobs}
        for entry in self._status.get("active") or ():
            if entry["uid"] not in known:
                await self._check_missing(entry)

    async def start(self, now: datetime) -> Requeue | None:
        """Make the Job whose time has come."""
        if self._cron_job["metadata"].get("deletionTimestamp"):
            return None
        plan = plan_start(self._cron_job, now)
        for told in plan.tells:
            self._tell(told.type, told.reason, told.message)
        if plan.start is None:
            return Requeue(after_s=plan.wait_s) if plan.wait_s is not None else None
        if self._cron_job["spec"].get("concurrencyPolicy") == "Replace":
            await self._replace()
        made = await self._make(plan.start)
        if made is None:
            return None
        time = plan.start.strftime("%Y-%m-%dT%H:%M:%SZ")
        active = [*(self._status.get("active") or ()), entry_of(made)]
        self._status = self._status | {"active": active, "lastScheduleTime": time}
        wait_s = next_in_s(self._cron_job, schedule_of(self._cron_job), now)
        return Requeue(after_s=wait_s) if wait_s is not None else None

    async def tell(self) -> None:
        """Write the status if it says something new."""
        if self._status != self._written:
            await self._controller.write(self._key, self._cron_job)

    # -- the steps

    async def _check_unexpected(self, job: Object) -> None:
        found = await self._client.get(CRON_JOBS, self._key)
        if found["metadata"]["uid"] == self._cron_job["metadata"]["uid"] and is_listed(found.get("status") or {}, job):
            raise NotYet(f"CronJob {self._key} is not in the cache as it is")
        message = f"Saw a job that the controller did not create or forgot: {job['metadata']['name']}"
        self._tell("Warning", "UnexpectedJob", message)

    async def _check_missing(self, entry: Object) -> None:
        try:
            await self._client.get(JOBS, Key(entry["namespace"], entry["name"]))
        except NotFound:
            self._tell("Normal", "MissingJob", f"Active job went missing: {entry['name']}")
            self._status = without(self._status, entry["uid"])

    async def _replace(self) -> None:
        for entry in self._status.get("active") or ():
            place = Key(entry["namespace"], entry["name"])
            try:
                job = await self._client.get(JOBS, place)
            except ApiError as error:
                self._tell("Warning", "FailedGet", f"Get job: {error}")
                raise
            if not await self._delete(job):
                raise NotYet(f"could not replace job {place}")

    async def _make(self, time: datetime) -> Object | None:
        """The Job of a time; None: it is there, and told of, or somebody else's."""
        wanted = job_of(self._cron_job, time)
        try:
            made = await self._client.create(JOBS, wanted)
        except AlreadyExists:
            found = await self._client.get(JOBS, key_of(wanted))
            reference = controller_of(found)
            ours = reference is not None and reference["uid"] == self._cron_job["metadata"]["uid"]
            return found if ours and not is_listed(self._status, found) else None
        except ApiError as error:
            if not is_cause(error, "NamespaceTerminating"):
                self._tell("Warning", "FailedCreate", f"Error creating job: {error}")
            raise
        self._controller.remember(self._key, made=made)
        self._controller.measure(time, made)
        self._tell("Normal", "SuccessfulCreate", f"Created job {made['metadata']['name']}")
        return made

    async def _delete(self, job: Object) -> bool:
        metadata = job["metadata"]
        try:
            await self._client.delete(JOBS, key_of(job), uid=metadata["uid"], propagation=Propagation.BACKGROUND)
        except ApiError as error:
            self._tell("Warning", "FailedDelete", f"Deleted job: {error}")
            return False
        self._controller.remember(self._key, deleted=job)
        self._status = without(self._status, metadata["uid"])
        self._tell("Normal", "SuccessfulDelete", f"Deleted job {metadata['name']}")
        return True

    def _tell(self, kind: str, reason: str, message: str) -> None:
        self._controller.recorder.event(self._cron_job, kind, reason, message)

    @property
    def _status(self) -> Object:
        status: Object = self._cron_job["status"]
        return status

    @_status.setter
    def _status(self, status: Object) -> None:
        self._cron_job = self._cron_job | {"status": status}


def _timing(cron_job: Object) -> tuple[str, str | None]:
    return cron_job["spec"]["schedule"], cron_job["spec"].get("timeZone")
