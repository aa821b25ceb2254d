"""accounting: every pod of a Job is counted once, whatever is interrupted. Pure.

An ended pod keeps its finalizer until it is written down, by uid in `uncountedTerminatedPods` or by its index; then the
finalizer goes; then the uid gives way to the count. Whoever starts in between finds out where it was.
Upstream: trackJobStatusAndRemoveFinalizers and what it calls, pkg/controller/job/job_controller.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.controllers.job.failures import has_failed, read_failure
from steersman.controllers.job.indexes import index_of, is_indexed, valid_index
from steersman.controllers.job.template import is_tracked
from steersman.controllers.job.verdict import COMPLETE, FAILED, FAILURE_TARGET, SUCCESS_CRITERIA_MET, make_condition

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.controllers.job.census import Census

UNCOUNTED_MAX = 500
"""Uids in a status: about 20 KB."""


@dataclass(frozen=True, slots=True)
class Accounting:
    """What to write, and which pods may go then."""

    status: Object
    release: list[Object]
    """These lose the finalizer once `status` is written."""
    tracked: frozenset[str]
    """The uids of all that have the finalizer now."""
    verdict: Object | None
    """Complete or Failed: to be told when nothing is left to count; None while the Job goes on, or more is left than
    one round takes.
    """


def account(census: Census, verdict: Object | None, status: Object, now: datetime) -> Accounting:
    """`status`: of the Job, with all else that is to be said."""
    job = census.job
    tracked = [pod for pod in census.pods if is_tracked(pod)]
    uids = frozenset(pod["metadata"]["uid"] for pod in tracked)
    status = settle(status, uids)
    if is_indexed(job):
        tracked.sort(key=lambda pod: -1 if (index := index_of(pod)) is None else index)
    release: list[Object] = []
    succeeded = list(status["uncountedTerminatedPods"].get("succeeded") or ())
    failed = list(status["uncountedTerminatedPods"].get("failed") or ())
    new_indexes: list[int] = []
    full = False
    for pod in tracked:
        if not _may_go(census, verdict, pod):
            continue
        release.append(pod)
        uid, index = pod["metadata"]["uid"], valid_index(pod, job) if is_indexed(job) else None
        if pod["status"].get("phase") == "Succeeded" and uid not in failed:
            if index is not None and index not in census.known_indexes:
                new_indexes.append(index)
            elif not is_indexed(job) and uid not in succeeded:
                succeeded.append(uid)
        elif _counts_as_failed(census, verdict, pod, index) and uid not in failed:
            failed.append(uid)
        if len(new_indexes) + len(succeeded) + len(failed) >= UNCOUNTED_MAX:
            full = True
            break
    uncounted = {kind: each for kind, each in (("succeeded", succeeded), ("failed", failed)) if each}
    status = status | {"uncountedTerminatedPods": uncounted}
    if is_indexed(job):
        indexes = census.succeeded_indexes.with_all(new_indexes)
        status |= {"succeeded": len(indexes), "completedIndexes": str(indexes)}
        if census.failed_indexes is not None:
            status["failedIndexes"] = str(census.failed_indexes)
    status, verdict = _announce(status, verdict, now)
    return Accounting(spare(status), release, uids, None if full else verdict)


def settle(status: Object, tracked: AbstractSet[str]) -> Object:
    """Count the uids whose pods have lost the finalizer, or are gone; the very same status if there are none."""
    listed = status["uncountedTerminatedPods"]
    left = {kind: [uid for uid in listed.get(kind) or () if uid in tracked] for kind in ("succeeded", "failed")}
    gone = {kind: len(listed.get(kind) or ()) - len(uids) for kind, uids in left.items()}
    if not any(gone.values()):
        return status
    counts = {kind: (status.get(kind) or 0) + count for kind, count in gone.items()}
    return spare(status | counts | {"uncountedTerminatedPods": {kind: uids for kind, uids in left.items() if uids}})


def conclude(status: Object, verdict: Object | None, now: datetime) -> Object | None:
    """The last status; None while pods are to be counted or have not ended."""
    if verdict is None or status["uncountedTerminatedPods"] or status.get("terminating"):
        return None
    condition = make_condition(verdict["type"], "True", verdict["reason"], verdict["message"], now)
    conditions = [each for each in status.get("conditions") or () if each["type"] != verdict["type"]]
    last = status | {"conditions": [*conditions, condition]}
    if verdict["type"] == COMPLETE:
        last["completionTime"] = verdict["lastTransitionTime"]
    return last


def spare(status: Object) -> Object:
    """Without what need not be said: counts of zero, indexes that nobody completed, a time that is not set."""
    optional = ("active", "succeeded", "failed", "completedIndexes", "startTime", "conditions")
    return {name: value for name, value in status.items() if value or name not in optional}


def _may_go(census: Census, verdict: Object | None, pod: Object) -> bool:
    job = census.job
    if job["metadata"].get("deletionTimestamp") or verdict is not None or pod["status"].get("phase") == "Succeeded":
        return True
    if not has_failed(pod, job):
        return False
    return not any(held["metadata"]["uid"] == pod["metadata"]["uid"] for held in census.held.values())


def _counts_as_failed(census: Census, verdict: Object | None, pod: Object, index: int | None) -> bool:
    """A Job that has failed takes all pods with it."""
    job = census.job
    lost = verdict is not None and verdict["type"] != SUCCESS_CRITERIA_MET
    if not lost and not has_failed(pod, job):
        return False
    return (index is not None or not is_indexed(job)) and read_failure(pod, job).counted


def _announce(status: Object, verdict: Object | None, now: datetime) -> tuple[Object, Object | None]:
    """The status with what is told before pods are let go, and the condition that is told afterwards."""
    if verdict is None:
        return status, None
    conditions = list(status.get("conditions") or ())
    kind, reason, message = verdict["type"], verdict["reason"], verdict["message"]
    if kind not in (FAILURE_TARGET, SUCCESS_CRITERIA_MET):
        return status, verdict
    if not any(each["type"] == kind and each["status"] == "True" for each in conditions):
        conditions.append(verdict)
    last = make_condition(COMPLETE if kind == SUCCESS_CRITERIA_MET else FAILED, "True", reason, message, now)
    return status | {"conditions": conditions}, last
