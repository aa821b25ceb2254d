"""census: what a Job's pods say, and what of that is not written in its status yet. Pure.

Upstream: syncJob of pkg/controller/job/job_controller.go, indexed_job_utils.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.controllers.job.backoff import finished_at
from steersman.controllers.job.failures import fails_its_index, failures_before, has_failed, read_failure
from steersman.controllers.job.indexes import Indexes, index_of, indexes_of, is_indexed, parse_indexes, valid_index
from steersman.controllers.job.template import is_tracked
from steersman.controllers.pods import is_active, is_ready, is_terminating

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """`job` with the status that it begins with."""

    job: Object
    pods: list[Object]
    active: list[Object]
    ready: int
    """Of the active ones."""
    terminating: int
    newly_succeeded: list[Object]
    newly_failed: list[Object]
    """Ended pods that are in no count and in no list of the status."""
    succeeded: int
    """In all; of an indexed Job its indexes."""
    failed: int
    """In all that count."""
    known_indexes: Indexes
    """The succeeded ones of the status."""
    succeeded_indexes: Indexes
    failed_indexes: Indexes | None
    """None: the Job has no limit for each index."""
    held: dict[int, Object]
    """Of each index that waits for another pod: the one that failed last. It stays until the other one is there, which
    inherits its count of failures.
    """


def take_census(job: Object, pods: Sequence[Object]) -> Census:
    """`pods`: all that are the Job's own, ended ones too."""
    status, indexed = job["status"], is_indexed(job)
    active = [pod for pod in pods if is_active(pod)]
    listed = status["uncountedTerminatedPods"]
    succeeded_uids, failed_uids = listed.get("succeeded") or [], listed.get("failed") or []
    countable = [pod for pod in pods if is_tracked(pod) and (not indexed or valid_index(pod, job) is not None)]
    newly_succeeded = [pod for pod in countable if _has_succeeded(pod) and _uid(pod) not in succeeded_uids]
    newly_failed = [pod for pod in countable if has_failed(pod, job) and _uid(pod) not in failed_uids]
    known, succeeded_indexes = Indexes(), Indexes()
    succeeded = (status.get("succeeded") or 0) + len(newly_succeeded) + len(succeeded_uids)
    failed_indexes: Indexes | None = None
    held: dict[int, Object] = {}
    if indexed:
        known = parse_indexes(status.get("completedIndexes") or "", job["spec"]["completions"])
        succeeded_indexes = known.with_all(_indexes(pod for pod in countable if _has_succeeded(pod)))
        succeeded = len(succeeded_indexes)
        if job["spec"].get("backoffLimitPerIndex") is not None:
            known_failed = parse_indexes(status.get("failedIndexes") or "", job["spec"]["completions"])
            failed_indexes = known_failed.with_all(_indexes(pod for pod in countable if fails_its_index(pod, job)))
            settled = succeeded_indexes | failed_indexes | indexes_of(_indexes(active))
            held = _held(pod for pod in countable if has_failed(pod, job) and index_of(pod) not in settled)
    counted = [pod for pod in newly_failed if read_failure(pod, job).counted]
    return Census(
        job=job,
        pods=list(pods),
        active=active,
        ready=sum(map(is_ready, active)),
        terminating=sum(map(is_terminating, pods)),
        newly_succeeded=newly_succeeded,
        newly_failed=newly_failed,
        succeeded=succeeded,
        failed=(status.get("failed") or 0) + len(counted) + len(failed_uids),
        known_indexes=known,
        succeeded_indexes=succeeded_indexes,
        failed_indexes=failed_indexes,
        held=held,
    )


def _held(failed: Iterable[Object]) -> dict[int, Object]:
    held: dict[int, Object] = {}
    for pod in failed:
        index = index_of(pod)
        assert index is not None
        before = held.get(index)
        if before is None or (
            sum(failures_before(before)) <= sum(failures_before(pod)) and finished_at(pod) >= finished_at(before)
        ):
            held[index] = pod
    return held


def _indexes(pods: Iterable[Object]) -> list[int]:
    return [index for pod in pods if (index := index_of(pod)) is not None]


def _has_succeeded(pod: Object) -> bool:
    return bool((pod.get("status") or {}).get("phase") == "Succeeded")


def _uid(pod: Object) -> str:
    uid: str = pod["metadata"]["uid"]
    return uid
