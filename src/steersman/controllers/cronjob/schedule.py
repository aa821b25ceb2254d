"""schedule: which times of a schedule have come since a CronJob last acted, and when the next one comes. Pure.

Upstream: pkg/controller/cronjob/utils.go. Difference: a schedule that never happens again is not looked at again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from steersman.lib.cron import find_zone, parse

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.lib.cron import Schedule

PADDING_S = 0.1
"""A key is due so long after its time: clocks that are set back a little do no harm."""
MISSED_MAX = 100
"""More than so many missed times are worth a warning."""


@dataclass(frozen=True, slots=True)
class Past:
    """The times of a schedule up to now."""

    since: datetime
    """What is before, or then, does not count."""
    latest: datetime | None
    missed: int
    """About how many there were; 0 if it was the latest only."""


def schedule_of(cron_job: Object) -> Schedule:
    """Raises ValueError."""
    spec = cron_job["spec"]
    text, zone = spec["schedule"], spec.get("timeZone")
    return parse(f"TZ={zone} {text}" if zone is not None and not names_zone(cron_job) else text)


def names_zone(cron_job: Object) -> bool:
    """The schedule itself says so, which is not supported, but works."""
    return "TZ" in cron_job["spec"]["schedule"]


def look_back(cron_job: Object, schedule: Schedule, now: datetime, *, deadline: bool) -> Past:
    """Since its last start, or its creation. `deadline`: what is too late to be started does not count. Raises
    ValueError for a schedule that never happens.
    """
    last = (cron_job.get("status") or {}).get("lastScheduleTime")
    since = datetime.fromisoformat(last or cron_job["metadata"]["creationTimestamp"])
    deadline_s = cron_job["spec"].get("startingDeadlineSeconds")
    if deadline and deadline_s is not None:
        since = max(since, now - timedelta(seconds=deadline_s))
    first = schedule.next(since)
    if first is None:
        raise _never()
    if now < first:
        return Past(since, None, 0)
    second = schedule.next(first)
    if second is None:
        raise _never()
    if now < second:
        return Past(since, first, 0)
    interval_s = round((second - first).total_seconds())
    if interval_s < 1:
        raise _never()
    missed = int((now - first).total_seconds()) // interval_s + 1
    # From here on every time is looked at: an interval is not always the same.
    time = schedule.next(first + timedelta(seconds=(missed - 2) * interval_s))
    latest: datetime | None = None
    while time is not None and time <= now:
        latest, time = time, schedule.next(time)
    return Past(since, latest, missed)


def next_in_s(cron_job: Object, schedule: Schedule, now: datetime) -> float | None:
    """When to look again; None: never."""
    try:
        past = look_back(cron_job, schedule, now, deadline=False)
    except ValueError:
        return None
    after = past.latest or (now if past.missed else past.since)
    time = schedule.next(after)
    return (time - now).total_seconds() + PADDING_S if time is not None else None


def scheduled_text(cron_job: Object, time: datetime) -> str:
    """A time in the CronJob's own time zone, in RFC 3339. Raises ValueError."""
    local = time.astimezone(find_zone(cron_job["spec"].get("timeZone") or ""))
    return local.isoformat(timespec="seconds").replace("+00:00", "Z")


def _never() -> ValueError:
    return ValueError("time difference between two schedules is less than 1 second")
