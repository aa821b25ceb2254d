"""CronJob: a Job on a schedule.

Invariants: the schedule can be read, its time zone is known, and the Jobs' names fit. Upstream differences: none known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from steersman.api.batch.job import default_job_spec, drop_disabled, job_spec_warnings
from steersman.api.batch.job_validation import validate_spec_without_selector
from steersman.api.columns import AGE, at
from steersman.api.core.podspec.validation.options import options_for
from steersman.api.core.workload import check_counters, container_columns, name_warnings, selector_cell, shown_selector
from steersman.api.errors import FieldError, invalid, not_supported, required
from steersman.api.meta.age import translate_timestamp_since
from steersman.api.meta.names import byte_length
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view
from steersman.lib.cron import find_zone, parse

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

NAME_BYTES_MAX = 52
"""A Job is named after its CronJob and eleven characters, and has 63."""
_ZONE_PART = re.compile(r"[A-Za-z.\-_0-9+]{1,14}")
_POLICIES = ("Allow", "Forbid", "Replace")


def _job_spec(obj: Object) -> Object:
    return at(obj, "spec", "jobTemplate", "spec") or {}


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    if not spec.get("concurrencyPolicy"):
        spec["concurrencyPolicy"] = "Allow"
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    default_job_spec(_job_spec(obj))


def _prepare_create(obj: Object, _ctx: Context) -> None:
    obj["status"] = {}
    drop_disabled(_job_spec(obj), None)


def _prepare_update(new: Object, old: Object, _ctx: Context) -> None:
    drop_disabled(_job_spec(new), _job_spec(old))


def _validate_spec(obj: Object, old: Object | None) -> list[FieldError]:
    spec, before = obj.get("spec") or {}, (old or {}).get("spec") or {}
    errors: list[FieldError] = []
    schedule, zone = spec.get("schedule") or "", spec.get("timeZone")
    if schedule:
        errors += _validate_schedule(schedule, zone, zone_allowed="TZ" in (before.get("schedule") or ""))
    errors += check_counters(spec, "spec", ("startingDeadlineSeconds",))
    if zone is not None and (old is None or zone != before.get("timeZone")):
        errors += _validate_zone(zone)
    policy = spec.get("concurrencyPolicy") or ""
    if not policy:
        errors.append(required("spec.concurrencyPolicy"))
    elif policy not in _POLICIES:
        errors.append(not_supported("spec.concurrencyPolicy", policy, _POLICIES))
    errors += _validate_template(_job_spec(obj), old)
    errors += check_counters(spec, "spec", ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"))
    name = obj["metadata"].get("name") or ""
    if old is None and byte_length(name) > NAME_BYTES_MAX:
        errors.append(invalid("metadata.name", name, f"must be no more than {NAME_BYTES_MAX} characters"))
    if not schedule:
        # A declarative rule upstream, which come after all others.
        errors.append(required("spec.schedule"))
    return errors


def _validate_template(spec: Object, old: Object | None) -> list[FieldError]:
    path = "spec.jobTemplate.spec"
    options = options_for(old and (_job_spec(old).get("template") or {}))
    errors = validate_spec_without_selector(spec, path, options)
    if (selector := spec.get("selector")) is not None:
        errors.append(invalid(f"{path}.selector", shown_selector(selector), "`selector` will be auto-generated"))
    if spec.get("manualSelector"):
        errors.append(not_supported(f"{path}.manualSelector", True, ("nil", "false")))
    return errors


def _validate_schedule(schedule: str, zone: str | None, *, zone_allowed: bool) -> list[FieldError]:
    """`zone_allowed`: the old schedule named a time zone itself, when that was still possible."""
    errors: list[FieldError] = []
    try:
        parse(schedule)
    except ValueError as error:
        errors.append(invalid("spec.schedule", schedule, str(error)))
    if "TZ" in schedule:
        if not zone_allowed:
            detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
            errors.append(invalid("spec.schedule", schedule, detail))
        elif zone is not None:
            detail = "cannot use both timeZone field and TZ or CRON_TZ in schedule"
            errors.append(invalid("spec.schedule", schedule, detail))
    return errors


def _validate_zone(zone: str) -> list[FieldError]:
    path = "spec.timeZone"
    if not zone:
        return [invalid(path, zone, "timeZone must be nil or non-empty string")]
    for part in zone.split("/"):
        if part in (".", "..") or part.startswith("-") or not _ZONE_PART.fullmatch(part):
            return [invalid(path, zone, f"unknown time zone {zone}")]
    errors: list[FieldError] = []
    if zone.lower() == "local":
        detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        errors.append(invalid(path, zone, detail))
    if zone != "Local":
        try:
            find_zone(zone)
        except ValueError as error:
            errors.append(invalid(path, zone, str(error)))
    return errors


def _validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj, None)


def _warnings(new: Object, old: Object | None) -> list[str]:
    path = "spec.jobTemplate.spec"
    if old is None:
        return name_warnings(new) + job_spec_warnings(_job_spec(new), path)
    warnings: list[str] = []
    if new["metadata"].get("generation") != old["metadata"].get("generation"):
        warnings += job_spec_warnings(_job_spec(new), path)
    if "TZ" in at(new, "spec", "schedule", default=""):
        where = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"
        # Upstream's path says spec twice.
        warnings.append(
            f"cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see {where} for more details"
        )
    return warnings


def _last_schedule(obj: Object, now: datetime) -> str:
    last = at(obj, "status", "lastScheduleTime")
    return "<none>" if last is None else translate_timestamp_since(last, now)


def _suspend(obj: Object, _now: datetime) -> str:
    suspend = at(obj, "spec", "suspend")
    return "<unset>" if suspend is None else str(suspend)


def _selector(obj: Object) -> str:
    return selector_cell(_job_spec(obj).get("selector"))


CRON_JOBS = Resource(
    group="batch",
    version="v1",
    kind="CronJob",
    plural="cronjobs",
    singular="cronjob",
    short_names=("cj",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.batch.v1.CronJob"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=_validate,
        validate_update=_validate_spec,
        warnings=_warnings,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
    columns=(
        Column("Schedule", "string", lambda obj, _now: at(obj, "spec", "schedule", default="")),
        Column("Timezone", "string", lambda obj, _now: at(obj, "spec", "timeZone", default="<none>")),
        Column("Suspend", "boolean", _suspend),
        Column("Active", "integer", lambda obj, _now: len(at(obj, "status", "active", default=()))),
        Column("Last Schedule", "string", _last_schedule),
        AGE,
        *container_columns(_selector, template=lambda obj: _job_spec(obj).get("template") or {}),
    ),
)
