"""What may be wrong with a new status of a Job, in upstream's order and words (pkg/apis/batch/validation).

Most rules only hold for what the write changes: a status that is wrong already must not block others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.batch.indexes import count_indexes, first_overlap
from steersman.api.batch.job_validation import INDEXED
from steersman.api.columns import at
from steersman.api.core.workload import check_counters
from steersman.api.errors import OMIT, FieldError, duplicate, invalid, required
from steersman.api.meta.object_meta import IMMUTABLE
from steersman.api.meta.times import parse_time

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


class _Job:
    """The parts of a Job that its status rules look at."""

    def __init__(self, obj: Object) -> None:
        self.spec: Object = obj.get("spec") or {}
        self.status: Object = obj.get("status") or {}
        self._conditions = [(c.get("type"), c.get("status")) for c in self.status.get("conditions") or ()]

    def is_true(self, kind: str) -> bool:
        return (kind, "True") in self._conditions

    def is_false(self, kind: str) -> bool:
        return (kind, "False") in self._conditions

    @property
    def finished(self) -> bool:
        return self.is_true("Complete") or self.is_true("Failed")

    @property
    def indexed(self) -> bool:
        return self.spec.get("completionMode") == INDEXED

    def count(self, name: str) -> int:
        return self.status.get(name) or 0


def validate_status(new: Object, old: Object) -> list[FieldError]:
    job, before = _Job(new), _Job(old)
    errors = check_counters(job.status, "status", ("active", "succeeded", "failed", "ready", "terminating"))
    errors += _uncounted(job)
    errors += _completion(job, before)
    errors += _finish(job, before)
    errors += _indexes(job, before)
    errors += _counts(job, before)
    errors += _criteria(job)
    return errors + _transition(job, before)


def _conditions(detail: str) -> FieldError:
    return invalid("status.conditions", OMIT, detail)


def _uncounted(job: _Job) -> list[FieldError]:
    errors: list[FieldError] = []
    pods = job.status.get("uncountedTerminatedPods") or {}
    seen: set[str] = set()
    for field in ("succeeded", "failed"):
        for index, uid in enumerate(pods.get(field) or ()):
            path = f"status.uncountedTerminatedPods.{field}[{index}]"
            if not uid:
                errors.append(invalid(path, uid, "must not be empty"))
            elif uid in seen:
                errors.append(duplicate(path, uid))
            seen.add(uid)
    return errors


def _changed(job: _Job, before: _Job, *conditions: str) -> bool:
    return any(job.is_true(kind) != before.is_true(kind) for kind in conditions)


def _differs(job: _Job, before: _Job, *names: str) -> bool:
    return any(job.status.get(name) != before.status.get(name) for name in names)


def _completion(job: _Job, before: _Job) -> list[FieldError]:
    errors: list[FieldError] = []
    complete, failed = job.is_true("Complete"), job.is_true("Failed")
    ended, began = job.status.get("completionTime"), job.status.get("startTime")
    path = "status.completionTime"
    if _changed(job, before, "Complete", "Failed") and complete and failed:
        errors.append(_conditions("cannot set Complete=True and Failed=true conditions"))
    if _changed(job, before, "Complete", "FailureTarget") and complete and job.is_true("FailureTarget"):
        errors.append(_conditions("cannot set Complete=True and FailureTarget=true conditions"))
    if _changed(job, before, "Complete") or _differs(job, before, "completionTime"):
        if ended is not None and not complete:
            detail = "cannot set completionTime when there is no Complete=True condition"
            errors.append(invalid(path, ended, detail))
        if ended is None and complete:
            errors.append(required(path, "completionTime is required for Complete jobs"))
    if (
        _differs(job, before, "startTime", "completionTime")
        and began
        and ended
        and parse_time(ended) < parse_time(began)
    ):
        errors.append(invalid(path, ended, "must be equal to or after `startTime`"))
    touched = _changed(job, before, "Failed") or _differs(job, before, "failedIndexes")
    if touched and failed and not job.is_true("FailureTarget"):
        detail = "cannot set Failed=True condition without the FailureTarget=true condition"
        errors.append(_conditions(detail))
    if _changed(job, before, "Complete", "SuccessCriteriaMet") and complete and not job.is_true("SuccessCriteriaMet"):
        detail = "cannot set Complete=True condition without the SuccessCriteriaMet=true condition"
        errors.append(_conditions(detail))
    return errors


def _finish(job: _Job, before: _Job) -> list[FieldError]:
    """A finished Job has begun, and none of its pods is left."""
    if not job.finished:
        return []
    errors: list[FieldError] = []
    ends = not before.finished
    if (ends or _differs(job, before, "active")) and job.count("active") > 0:
        errors.append(invalid("status.active", job.count("active"), "active>0 is invalid for finished job"))
    never_ran = job.spec.get("suspend") is True and job.spec.get("completions") == 0
    if (ends or _differs(job, before, "startTime")) and not never_ran and job.status.get("startTime") is None:
        errors.append(required("status.startTime", "startTime is required for finished job"))
    pods = job.status.get("uncountedTerminatedPods") or {}
    if (ends or _differs(job, before, "uncountedTerminatedPods")) and (pods.get("failed") or pods.get("succeeded")):
        shown = {"Succeeded": pods.get("succeeded"), "Failed": pods.get("failed")}
        errors.append(invalid("status.uncountedTerminatedPods", shown, "must be empty for finished job"))
    return errors


def _indexes(job: _Job, before: _Job) -> list[FieldError]:
    errors: list[FieldError] = []
    completed, failed = job.status.get("completedIndexes") or "", job.status.get("failedIndexes")
    completions, per_index = job.spec.get("completions"), job.spec.get("backoffLimitPerIndex")
    completed_changed, failed_changed = (
        _differs(job, before, "completedIndexes"),
        _differs(job, before, "failedIndexes"),
    )
    if completed_changed and completions is not None:
        errors += _format(completed, completions, "completedIndexes")
    if failed_changed and completions is not None and per_index is not None and failed is not None:
        errors += _format(failed, completions, "failedIndexes")
    if completed_changed and completed and not job.indexed:
        detail = "cannot set non-empty completedIndexes when non-indexed completion mode"
        errors.append(invalid("status.completedIndexes", completed, detail))
    if failed_changed and per_index is None and failed is not None:
        detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
        errors.append(invalid("status.failedIndexes", failed, detail))
    if (completed_changed or failed_changed) and completions is not None and failed is not None:
        overlap = first_overlap(completed, failed, completions)
        if overlap is not None:
            detail = f"failedIndexes and completedIndexes overlap at index: {overlap}"
            errors.append(invalid("status.failedIndexes", failed, detail))
    return errors


def _format(text: str, completions: int, name: str) -> list[FieldError]:
    try:
        count_indexes(text, completions)
    except ValueError as error:
        return [invalid(f"status.{name}", text, f"error parsing {name}: {error}")]
    return []


def _counts(job: _Job, before: _Job) -> list[FieldError]:
    errors: list[FieldError] = []
    ends = job.finished != before.finished
    terminating = job.count("terminating")
    if (ends or _differs(job, before, "terminating")) and terminating > 0 and job.finished:
        errors.append(invalid("status.terminating", terminating, "terminating>0 is invalid for finished job"))
    ready = job.count("ready")
    changed = _differs(job, before, "ready") or job.count("active") != before.count("active")
    if changed and ready > job.count("active"):
        errors.append(invalid("status.ready", ready, "cannot set more ready pods than active"))
    return errors


def _criteria(job: _Job) -> list[FieldError]:
    errors: list[FieldError] = []
    met = job.is_true("SuccessCriteriaMet")
    if met and job.is_true("Failed"):
        errors.append(_conditions("cannot set SuccessCriteriaMet=True and Failed=true conditions"))
    if met and job.is_true("FailureTarget"):
        errors.append(_conditions("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"))
    if job.spec.get("successPolicy") is not None and not met and job.is_true("Complete"):
        detail = "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"
        errors.append(_conditions(detail))
    return errors


def _transition(job: _Job, before: _Job) -> list[FieldError]:
    """What has ended stays ended, counters do not fall, times stay."""
    errors = [
        _conditions(f"cannot disable the terminal {kind}=True condition")
        for kind in ("Failed", "Complete", "FailureTarget")
        if before.is_true(kind) and not job.is_true(kind)
    ]
    # Indexed Jobs whose parallelism equals their completions can be scaled down.
    scalable = job.indexed and job.spec.get("completions") == job.spec.get("parallelism")
    errors += [
        invalid(f"status.{name}", job.count(name), f"cannot decrease the {name} counter")
        for name in (("failed",) if scalable else ("failed", "succeeded"))
        if job.count(name) < before.count(name)
    ]
    errors += _times(job, before)
    met, was_met = job.is_true("SuccessCriteriaMet"), before.is_true("SuccessCriteriaMet")
    if was_met and not met:
        errors.append(_conditions("cannot disable the SuccessCriteriaMet=True condition"))
    if before.is_true("Complete") and not was_met and met:
        detail = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"
        errors.append(_conditions(detail))
    return errors


def _times(job: _Job, before: _Job) -> list[FieldError]:
    errors: list[FieldError] = []
    ended, had_ended = job.status.get("completionTime"), before.status.get("completionTime")
    if ended is not None and had_ended is not None and ended != had_ended:
        errors.append(invalid("status.completionTime", ended, IMMUTABLE))
    began: Any = job.status.get("startTime")
    had_begun = at(before.status, "startTime")
    resuming = before.is_true("Suspended") and job.is_false("Suspended")
    if had_begun is not None and began != had_begun and not resuming and not job.spec.get("suspend"):
        errors.append(invalid("status.startTime", began, "field is immutable for unsuspended job once set"))
    return errors
