"""plan: what a Job that goes on has to create, or to delete. Pure.

Invariants: never both in one round, and deletion goes first; of an index there is one pod.
Upstream: manageJob of pkg/controller/job/job_controller.go, indexed_job_utils.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.controllers.job.backoff import remaining_s_of_index
from steersman.controllers.job.failures import replaces_only_failed
from steersman.controllers.job.indexes import index_of, indexes_of, is_indexed, valid_index
from steersman.controllers.job.verdict import is_suspended
from steersman.controllers.pods import in_order_of_loss, is_terminating

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.controllers.job.backoff import Backoff
    from steersman.controllers.job.census import Census

BURST = 500
"""Pods created or deleted in one round."""


@dataclass(frozen=True, slots=True)
class Create:
    """A pod for each: its completion index, None for a Job without."""

    indexes: list[int | None]


@dataclass(frozen=True, slots=True)
class Delete:
    """These pods are too many."""

    pods: list[Object]


@dataclass(frozen=True, slots=True)
class Wait:
    """Pods are missing, but others failed a moment ago."""

    delay_s: float


def plan_pods(census: Census, backoff: Backoff, now: datetime) -> Create | Delete | Wait | None:
    job, active = census.job, len(census.active)
    if is_suspended(job):
        return Delete(plan_removal(job, census.active, active)) if active else None
    wanted = _wanted(census)
    surplus = plan_removal(job, census.active, max(0, active - wanted))[:BURST]
    if surplus:
        return Delete(surplus)
    missing = wanted - active - (census.terminating if replaces_only_failed(job) else 0)
    if missing <= 0:
        return None
    if job["spec"].get("backoffLimitPerIndex") is None:
        delay_s = backoff.remaining_s(now)
        if delay_s > 0:
            return Wait(delay_s)
    missing = min(missing, BURST)
    return _plan_indexes(census, missing, now) if is_indexed(job) else Create([None] * missing)


def plan_removal(job: Object, active: Sequence[Object], at_least: int) -> list[Object]:
    """The `at_least` pods that are best given up; of an indexed Job first all that share an index or have none."""
    surplus: list[Object] = []
    rest = list(active)
    if is_indexed(job):
        rest = []
        by_index: dict[int, list[Object]] = {}
        for pod in active:
            index = valid_index(pod, job)
            if index is None:
                surplus.append(pod)
            else:
                by_index.setdefault(index, []).append(pod)
        for _, pods in sorted(by_index.items()):
            *too_many, kept = in_order_of_loss(pods)
            surplus += too_many
            rest.append(kept)
    if len(surplus) < at_least:
        surplus += in_order_of_loss(rest)[: at_least - len(surplus)]
    return surplus


def _wanted(census: Census) -> int:
    """How many are to be active."""
    completions, parallelism = census.job["spec"].get("completions"), census.job["spec"]["parallelism"]
    if completions is None:
        # One success means that the work is done: the others come to their end, and none is added.
        return len(census.active) if census.succeeded else int(parallelism)
    return int(max(0, min(completions - census.succeeded, parallelism)))


def _plan_indexes(census: Census, missing: int, now: datetime) -> Create | Wait | None:
    job = census.job
    taken = list(census.active)
    if replaces_only_failed(job):
        taken += [pod for pod in census.pods if is_terminating(pod)]
    occupied = census.succeeded_indexes | indexes_of(index for pod in taken if (index := index_of(pod)) is not None)
    if census.failed_indexes is not None:
        occupied |= census.failed_indexes
    pending = occupied.first_missing(missing, below=job["spec"]["completions"])
    if job["spec"].get("backoffLimitPerIndex") is None:
        return Create([*pending]) if pending else None
    delays_s = {index: remaining_s_of_index(census.held.get(index), now) for index in pending}
    ready = [index for index, delay_s in delays_s.items() if delay_s == 0]
    if ready:
        return Create([*ready])
    return Wait(min(delays_s.values())) if delays_s else None
