"""backoff: how long a Job waits before it replaces a pod that failed. Pure.

Invariants: ten seconds after a first failure, twice as long after each that follows, ten minutes at most; a success
forgets what was before it. Upstream: pkg/controller/job/backoff_utils.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from steersman.api.meta.conditions import find_condition
from steersman.controllers.job.failures import failures_before

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

BACKOFF_S, BACKOFF_S_MAX = 10.0, 600.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """What a Job has seen since its last success."""

    failures: int = 0
    last: datetime | None = None

    def after(self, succeeded: Sequence[Object], failed: Sequence[Object]) -> Backoff:
        """`succeeded`, `failed`: pods that have ended since."""
        times = sorted(map(finished_at, failed))
        if not succeeded:
            return Backoff(self.failures + len(times), times[-1]) if times else self
        success = max(map(finished_at, succeeded))
        later = [time for time in times if time > success]
        return Backoff(len(later), later[-1] if later else None)

    def remaining_s(self, now: datetime) -> float:
        return _remaining_s(self.failures, self.last, now)


def remaining_s_of_index(last_failed: Object | None, now: datetime) -> float:
    """For an index with a limit of its own. `last_failed`: the pod that is to be replaced, if there was one."""
    if last_failed is None:
        return 0.0
    return _remaining_s(sum(failures_before(last_failed)) + 1, finished_at(last_failed), now)


def finished_at(pod: Object) -> datetime:
    """When its last container ended; or since when it is not ready; or when it was deleted; or made."""
    metadata = pod["metadata"]
    ended = _containers_ended_at(pod)
    if ended is not None:
        return ended
    ready = find_condition(pod, "Ready")
    if ready is not None and ready["status"] == "False" and ready.get("lastTransitionTime"):
        return datetime.fromisoformat(ready["lastTransitionTime"])
    if metadata.get("deletionTimestamp"):
        grace = timedelta(seconds=metadata.get("deletionGracePeriodSeconds") or 0)
        return datetime.fromisoformat(metadata["deletionTimestamp"]) - grace
    return datetime.fromisoformat(metadata["creationTimestamp"])


def _containers_ended_at(pod: Object) -> datetime | None:
    """None unless all have. Sidecars end after the others; of init containers no others count."""
    status = pod.get("status") or {}
    sidecars = {
        container["name"]
        for container in pod["spec"].get("initContainers") or ()
        if container.get("restartPolicy") == "Always"
    }
    latest: datetime | None = None
    for containers in (
        status.get("containerStatuses") or (),
        [each for each in status.get("initContainerStatuses") or () if each["name"] in sidecars],
    ):
        times = [_ended_at(each) for each in containers]
        if "" in times:
            # Upstream forgets the containers for a sidecar that runs, but not a sidecar for a container.
            latest = None
            continue
        latest = max([*map(datetime.fromisoformat, times), *([latest] if latest else [])], default=None)
    return latest


def _ended_at(container: Object) -> str:
    ended: Object = (container.get("state") or {}).get("terminated") or {}
    return ended.get("finishedAt") or ""


def _remaining_s(failures: int, last: datetime | None, now: datetime) -> float:
    if failures == 0 or last is None:
        return 0.0
    delay_s = min(BACKOFF_S * 2.0 ** min(failures - 1, 40), BACKOFF_S_MAX)
    return max(0.0, delay_s - (now - last).total_seconds())
