"""plan: whether a CronJob starts a Job now. Pure.

Upstream: syncCronJob of pkg/controller/cronjob/cronjob_controllerv2.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from steersman.controllers.cronjob.jobs import name_of_job
from steersman.controllers.cronjob.schedule import MISSED_MAX, look_back, names_zone, next_in_s, schedule_of
from steersman.lib.cron import find_zone

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.lib.cron import Schedule

_SUPPORT = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"


@dataclass(frozen=True, slots=True)
class Tell:
    """An event about the CronJob."""

    type: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do."""

    start: datetime | None = None
    """The time whose Job is to be made."""
    wait_s: float | None = None
    """When to look again; None: not before something changes."""
    tells: tuple[Tell, ...] = ()


def plan_start(cron_job: Object, now: datetime) -> Plan:
    """`cron_job`: with the status as it is now, whatever is written."""
    spec = cron_job["spec"]
    zone = spec.get("timeZone")
    if zone is not None:
        try:
            find_zone(zone)
        except ValueError as error:
            return Plan(tells=(Tell("Warning", "UnknownTimeZone", f'invalid timeZone: "{zone}": {error}'),))
    if spec.get("suspend"):
        return Plan()
    tells: tuple[Tell, ...] = ()
    text = spec["schedule"]
    if names_zone(cron_job):
        message = (
            f'CRON_TZ or TZ used in schedule "{text}" is not officially supported, see {_SUPPORT} for more details'
        )
        tells = (Tell("Warning", "UnsupportedSchedule", message),)
    try:
        schedule = schedule_of(cron_job)
    except ValueError as error:
        told = Tell("Warning", "UnparseableSchedule", f'unparseable schedule: "{text}" : {error}')
        return Plan(tells=(*tells, told))
    try:
        past = look_back(cron_job, schedule, now, deadline=True)
    except ValueError as error:
        return Plan(tells=(*tells, Tell("Warning", "InvalidSchedule", f"invalid schedule: {text} : {error}")))
    if past.latest is not None and past.missed > MISSED_MAX:
        message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
        tells = (*tells, Tell("Warning", "TooManyMissedTimes", message))
    return _plan_time(cron_job, schedule, past.latest, now, tells)


def _plan_time(
    cron_job: Object, schedule: Schedule, time: datetime | None, now: datetime, tells: tuple[Tell, ...]
) -> Plan:
    spec, status = cron_job["spec"], cron_job.get("status") or {}
    wait_s = next_in_s(cron_job, schedule, now)
    if time is None:
        return Plan(wait_s=wait_s, tells=tells)
    deadline_s = spec.get("startingDeadlineSeconds")
    if deadline_s is not None and time + timedelta(seconds=deadline_s) < now:
        missed = time.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
        told = Tell("Warning", "MissSchedule", f"Missed scheduled time to start a job: {missed}")
        return Plan(wait_s=wait_s, tells=(*tells, told))
    active = status.get("active") or ()
    last = status.get("lastScheduleTime")
    if any(each["name"] == name_of_job(cron_job, time) for each in active) or (
        last and datetime.fromisoformat(last) == time
    ):
        return Plan(wait_s=wait_s, tells=tells)
    if active and spec.get("concurrencyPolicy") == "Forbid":
        message = "Not starting job because prior execution is running and concurrency policy is Forbid"
        return Plan(wait_s=wait_s, tells=(*tells, Tell("Normal", "JobAlreadyActive", message)))
    return Plan(start=time, tells=tells)
