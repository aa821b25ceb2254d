"""job: pods of a template until enough of them have succeeded, or too many have failed.

Reads: jobs, pods. Writes: jobs (status; looked at where they are kept before an adoption), pods (create, delete, adopt
and release, the tracking finalizer), events.
Keys are Jobs, and pods as ORPHAN + name: those whose finalizer nobody waits for any more.
Invariants: nothing is decided before the cache shows all own writes; a pod is counted once (see `accounting`); a Job is
over when all its pods are counted and have ended; one that another controller manages is left alone.
Upstream differences: while the cache is behind, a round is left out, not tried again; a pod is let go only if it is the
very one that was looked at; no Workload or PodGroup is made (feature WorkloadWithJob, off by default).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.batch.job import JOBS
from steersman.api.core.pod import PODS
from steersman.api.core.workload import compiled
from steersman.api.meta.conditions import find_condition
from steersman.api.meta.times import format_time
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.job.accounting import account, conclude, settle
from steersman.controllers.job.backoff import Backoff
from steersman.controllers.job.census import take_census
from steersman.controllers.job.hands import Hands
from steersman.controllers.job.metrics import CREATED, DELETED, TRACKED, JobMetrics
from steersman.controllers.job.plan import Create, Delete, Wait, plan_pods
from steersman.controllers.job.template import TRACKING, is_tracked, pod_of_job
from steersman.controllers.job.verdict import (
    COMPLETE,
    SUSPENDED,
    deadline_in_s,
    is_finished,
    is_suspended,
    judge,
    judge_completions,
    make_condition,
)
from steersman.controllers.ownership import (
    BY_OWNER,
    Claims,
    OwnerGoneError,
    candidates,
    concerned_owners,
    controller_of,
    orphans_of,
    owner_keys,
    plan_claim,
)
from steersman.controllers.pending import Pending
from steersman.controllers.pods import is_ready
from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object
    from steersman.controllers.base import Tools
    from steersman.controllers.job.census import Census
    from steersman.controllers.pod_control import Failure

BATCH_S = 1.0
"""For so long changes of pods and of a Job's status are gathered before the Job is looked at."""
ORPHAN = "pods/"
MANAGER = "kubernetes.io/job-controller"


@dataclass(slots=True)
class _Round:
    """What one round does to a Job, as far as it has come."""

    active: int
    ready: int
    terminating: int
    verdict: Object | None = None
    managed: bool = False
    """Pods were made or deleted if they had to be."""
    failure: Failure | None = None
    wait_s: float | None = None
    action: str = TRACKED
    """For the metrics."""

    def lose(self, gone: list[Object]) -> None:
        """These are being deleted now."""
        self.active -= len(gone)
        self.terminating += len(gone)
        self.ready -= sum(map(is_ready, gone))


class Jobs(Controller):
    """See the module."""

    name = "job"
    reads = (JOBS, PODS)
    writes = (
        Writes(JOBS, ("get", "list", "patch", "update", "watch")),
        Writes(JOBS, ("update",), "status"),
        Writes(JOBS, ("update",), "finalizers"),
        Writes(PODS, ("create", "delete", "list", "patch", "watch")),
    )
    backoff_s = 1.0
    backoff_s_max = 60.0

    def __init__(self, tools: Tools) -> None:
        self._measured = JobMetrics(registry=tools.registry)
        super().__init__(tools)

    def setup(self) -> None:
        self._pending_jobs = Pending(view=self.view, resource=JOBS)
        self._pending_pods = Pending(view=self.view, resource=PODS)
        self._claims = Claims(client=self.client, owners=JOBS, objects=PODS, finalizers=(TRACKING,))
        self._hands = Hands(client=self.client, recorder=self.recorder, view=self.view, pending=self._pending_pods)
        self._backoffs: dict[Key, tuple[str, Backoff]] = {}
        """With the uid of the Job."""
        self.index(PODS, BY_OWNER, owner_keys)
        self.on(JOBS, self._job_changed)
        self.on(PODS, self._pod_changed)

    async def reconcile(self, key: Key) -> Requeue | None:
        if key.name.startswith(ORPHAN):
            await self._free(Key(key.namespace, key.name.removeprefix(ORPHAN)))
            return None
        job = self.view.get(JOBS, key)
        if job is None or is_finished(job):
            for each in (self._pending_jobs, self._pending_pods, self._hands):
                each.forget(key)
            self._backoffs.pop(key, None)
            return None
        selector = compiled(job["spec"].get("selector"))
        if selector is None or _is_foreign(job) or not self._settled(key):
            return None
        if job["spec"].get("completionMode") not in (None, "NonIndexed", "Indexed"):
            message = "Skipped Job sync because completion mode is unknown"
            self.recorder.event(job, "Warning", "UnknownCompletionMode", message)
            return None
        try:
            pods = await self._own_pods(job, selector)
        except OwnerGoneError as error:
            self.logger.info("%s", error)
            return None
        return await self._drive(key, job, pods)

    def _settled(self, key: Key) -> bool:
        return all(each.settled(key) for each in (self._pending_jobs, self._pending_pods, self._hands))

    # -- carrying out

    async def _drive(self, key: Key, job: Object, pods: list[Object]) -> Requeue | None:
        now = self.clock.now()
        begun = job | {"status": begin(job, now)}
        census = take_census(begun, pods)
        backoff = self._backoff(key, job).after(census.newly_succeeded, census.newly_failed)
        doing = _Round(len(census.active), census.ready, census.terminating, verdict=judge(census, now))
        started, failed = loop_time(), True
        try:
            again = await self._round(key, job, begun, census, backoff, doing, now)
            failed = False
        finally:
            self._measured.looked(job, doing.action, loop_time() - started, failed=failed)
        return again

    async def _round(
        self,
        key: Key,
        job: Object,
        begun: Object,
        census: Census,
        backoff: Backoff,
        doing: _Round,
        now: datetime,
    ) -> Requeue | None:
        deadline_s = deadline_in_s(begun, now) if doing.verdict is None else None
        if doing.verdict is not None:
            await self._stop(key, census, doing)
        else:
            await self._manage(key, census, backoff, doing, now)
        status = begun["status"] | {"active": doing.active, "ready": doing.ready, "terminating": doing.terminating}
        if doing.managed and doing.verdict is None:
            status = self._tell_suspension(begun, status, now)
        await self._track(key, job, census, doing, status, backoff, now)
        if doing.failure is not None:
            raise doing.failure
        waits = [wait_s for wait_s in (deadline_s, doing.wait_s) if wait_s is not None]
        return Requeue(after_s=min(waits)) if waits else None

    async def _stop(self, key: Key, census: Census, doing: _Round) -> None:
        """A Job that is over has no active pods. It is not over while there are some."""
        doing.action = DELETED if census.active else TRACKED
        gone, doing.failure = await self._hands.delete(key, census.job, census.active, uncounted=False)
        doing.lose(gone)
        if doing.active:
            doing.verdict = None

    async def _manage(self, key: Key, census: Census, backoff: Backoff, doing: _Round, now: datetime) -> None:
        job = census.job
        if not job["metadata"].get("deletionTimestamp"):
            doing.managed = True
            match plan_pods(census, backoff, now):
                case Create(indexes):
                    pods = [
                        pod_of_job(job, index=index, replaced=None if index is None else census.held.get(index))
                        for index in indexes
                    ]
                    doing.action = CREATED
                    made, doing.failure = await self._hands.create(key, job, pods)
                    doing.active += made
                case Delete(pods):
                    doing.action = DELETED
                    gone, doing.failure = await self._hands.delete(key, job, pods, uncounted=True)
                    doing.lose(gone)
                case Wait(delay_s):
                    doing.wait_s = max(delay_s, BATCH_S)
        doing.verdict = judge_completions(census, doing.active, now)

    async def _track(
        self,
        key: Key,
        job: Object,
        census: Census,
        doing: _Round,
        status: Object,
        backoff: Backoff,
        now: datetime,
    ) -> None:
        """Write down who has ended; let them go; count them; and tell the end."""
        accounting = account(census, doing.verdict, status, now)
        if accounting.status != job.get("status"):
            job = await self._write(key, job, accounting.status)
            self._backoffs[key] = (job["metadata"]["uid"], backoff)
        released, failure = await self._hands.release(key, accounting.release)
        written = {"uncountedTerminatedPods": {}} | job["status"]
        status = settle(written, accounting.tracked - released)
        if failure is not None:
            if status is not written:
                await self._write(key, job, status)
            raise failure
        last = conclude(status, accounting.verdict, now)
        if last is not None:
            assert accounting.verdict is not None
            self._tell_end(await self._write(key, job, last), accounting.verdict)
        elif status is not written:
            await self._write(key, job, status)

    async def _write(self, key: Key, job: Object, status: Object) -> Object:
        answer = await self.client.update_status(JOBS, job | {"status": status})
        self._pending_jobs.created(key, answer)
        self._measured.counted(job, answer)
        return answer

    async def _free(self, place: Key) -> None:
        pod = self.view.get(PODS, place)
        if pod is not None and is_tracked(pod) and self._is_orphan(pod):
            await self._hands.free(pod)

    # -- telling

    def _tell_suspension(self, job: Object, status: Object, now: datetime) -> Object:
        """The status with the condition, if it is to change."""
        known = find_condition(job, SUSPENDED)
        suspended = is_suspended(job)
        reason, message = ("JobSuspended", "Job suspended") if suspended else ("JobResumed", "Job resumed")
        value = "True" if suspended else "False"
        if known is None and not suspended:
            return status
        if known is not None and (known["status"], known.get("reason"), known.get("message")) == (
            value,
            reason,
            message,
        ):
            return status
        self.recorder.event(job, "Normal", "Suspended" if suspended else "Resumed", message)
        condition = make_condition(SUSPENDED, value, reason, message, now)
        conditions = [condition if each is known else each for each in status.get("conditions") or ()]
        if known is None:
            conditions.append(condition)
        # The time for which it may be active begins anew.
        return status | {"conditions": conditions, "startTime": None if suspended else format_time(now)}

    def _tell_end(self, job: Object, verdict: Object) -> None:
        self._measured.ended(job, verdict)
        if verdict["type"] != COMPLETE:
            self.recorder.event(job, "Warning", verdict["reason"], verdict["message"])
            return
        completions = job["spec"].get("completions")
        if completions is not None and (job["status"].get("succeeded") or 0) > completions:
            message = "Too many succeeded pods running after completion count reached"
            self.recorder.event(job, "Warning", "TooManySucceededPods", message)
        self.recorder.event(job, "Normal", "Completed", "Job completed")

    # -- whose is what

    async def _own_pods(self, job: Object, selector: Selector) -> list[Object]:
        found = candidates(self.view, PODS, job)
        claim = plan_claim(job, found, lambda pod: selector.matches(pod["metadata"].get("labels") or {}))
        mine = await self._claims.settle(job, claim)
        adopted = {pod["metadata"]["uid"] for pod in claim.adopt}
        return [_tracked(pod) if pod["metadata"]["uid"] in adopted else pod for pod in mine]

    def _backoff(self, key: Key, job: Object) -> Backoff:
        uid, backoff = self._backoffs.get(key, ("", Backoff()))
        return backoff if uid == job["metadata"]["uid"] else Backoff()

    def _is_orphan(self, pod: Object) -> bool:
        """No Job will count it."""
        reference = controller_of(pod)
        if reference is None:
            return True
        if (reference["kind"], reference.get("apiVersion")) != (JOBS.kind, JOBS.api_version):
            return False
        job = self._job_of(pod, reference)
        return job is None or (is_finished(job) and not _is_foreign(job))

    def _job_of(self, pod: Object, reference: Object) -> Object | None:
        job = self.view.get(JOBS, Key(pod["metadata"]["namespace"], reference["name"]))
        return job if job is not None and job["metadata"]["uid"] == reference["uid"] else None

    # -- which keys a change concerns

    def _job_changed(self, old: Object | None, new: Object | None) -> Iterator[Key]:
        job = new if new is not None else old
        assert job is not None
        key = key_of(job)
        if new is None or is_finished(new):
            yield from self._left_by(job)
        if new is None or old is None or _generation(old) != _generation(new):
            yield key
        else:
            self.queue.add_after(key, BATCH_S)

    def _pod_changed(self, old: Object | None, new: Object | None) -> Iterator[Key]:
        for key in concerned_owners(old, new, kind=JOBS.kind, adopters=self._adopters):
            self.queue.add_after(key, BATCH_S)
        if new is not None and is_tracked(new):
            # An owner that is not known may be one that is not known yet: until its deletion the pod is left alone.
            known = (reference := controller_of(new)) is None or self._job_of(new, reference) is not None
            if (known or new["metadata"].get("deletionTimestamp")) and self._is_orphan(new):
                yield _orphan_key(new)

    def _left_by(self, job: Object) -> Iterable[Key]:
        """The pods that still have the finalizer, though their Job is finished or gone."""
        namespace = job["metadata"]["namespace"]
        pods = list(self.view.by_index(PODS, BY_OWNER, job["metadata"]["uid"]))
        selector = compiled(job["spec"].get("selector"))
        if selector is not None:
            pods += [
                pod
                for pod in self.view.by_index(PODS, BY_OWNER, orphans_of(namespace))
                if selector.matches(pod["metadata"].get("labels") or {})
            ]
        return [_orphan_key(pod) for pod in pods if is_tracked(pod)]

    def _adopters(self, pod: Object) -> Iterable[Key]:
        labels = pod["metadata"].get("labels") or {}
        for job in self.view.list(JOBS, pod["metadata"]["namespace"]):
            selector = compiled(job["spec"].get("selector"))
            if selector is not None and selector.matches(labels):
                yield key_of(job)


def begin(job: Object, now: datetime) -> Object:
    """The status that a round begins with: there are lists of the uncounted, and a start unless it is suspended."""
    status = {"uncountedTerminatedPods": {}, **(job.get("status") or {})}
    if not status.get("startTime") and not is_suspended(job):
        status["startTime"] = format_time(now)
    return status


def _generation(job: Object) -> int:
    generation: int = job["metadata"].get("generation", 0)
    return generation


def _is_foreign(job: Object) -> bool:
    """Another controller manages it."""
    return job["spec"].get("managedBy") not in (None, MANAGER)


def _tracked(pod: Object) -> Object:
    """As it is since its adoption, which gave it the finalizer."""
    if is_tracked(pod):
        return pod
    finalizers = [*(pod["metadata"].get("finalizers") or ()), TRACKING]
    return pod | {"metadata": pod["metadata"] | {"finalizers": finalizers}}


def _orphan_key(pod: Object) -> Key:
    return Key(pod["metadata"]["namespace"], ORPHAN + pod["metadata"]["name"])
