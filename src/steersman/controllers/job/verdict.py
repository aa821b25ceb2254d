"""verdict: whether a Job is over, and why. Pure.

Invariants: what an earlier round said stands; failures are looked at before successes. A verdict is a condition:
FailureTarget or SuccessCriteriaMet, which are told before the pods are let go, or Failed when FailureTarget was told.
Upstream: syncJob of pkg/controller/job/job_controller.go, success_policy.go.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from steersman.api.meta.conditions import find_condition, is_condition_true
from steersman.api.meta.times import format_time
from steersman.controllers.job.failures import has_failed, read_failure
from steersman.controllers.job.indexes import Indexes, parse_indexes

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.controllers.job.census import Census

COMPLETE, FAILED, SUSPENDED = "Complete", "Failed", "Suspended"
SUCCESS_CRITERIA_MET, FAILURE_TARGET = "SuccessCriteriaMet", "FailureTarget"


def make_condition(kind: str, status: str, reason: str, message: str, now: datetime) -> Object:
    """A JobCondition as of now."""
    time = format_time(now)
    return {
        "type": kind,
        "status": status,
        "lastProbeTime": time,
        "lastTransitionTime": time,
        "reason": reason,
        "message": message,
    }


def is_finished(job: Object) -> bool:
    return is_condition_true(job, COMPLETE) or is_condition_true(job, FAILED)


def is_suspended(job: Object) -> bool:
    return bool(job["spec"].get("suspend"))


def judge(census: Census, now: datetime) -> Object | None:
    """None: it goes on."""
    job = census.job
    if is_condition_true(job, SUCCESS_CRITERIA_MET):
        return find_condition(job, SUCCESS_CRITERIA_MET)
    if is_condition_true(job, FAILURE_TARGET):
        told = find_condition(job, FAILURE_TARGET) or {}
        return make_condition(FAILED, "True", told.get("reason", ""), told.get("message", ""), now)
    failure = _failure(census, now)
    if failure is not None:
        return make_condition(FAILURE_TARGET, "True", *failure, now)
    met = _met_rule(job, census.succeeded_indexes)
    if met is not None:
        message = f"Matched rules at index {met}"
        return make_condition(SUCCESS_CRITERIA_MET, "True", "SuccessPolicy", message, now)
    return None


def judge_completions(census: Census, active: int, now: datetime) -> Object | None:
    """SuccessCriteriaMet when enough have succeeded and none is `active` any more."""
    completions = census.job["spec"].get("completions")
    if active or (census.succeeded == 0 if completions is None else census.succeeded < completions):
        return None
    message = "Reached expected number of succeeded pods"
    return make_condition(SUCCESS_CRITERIA_MET, "True", "CompletionsReached", message, now)


def deadline_in_s(job: Object, now: datetime) -> float | None:
    """In how many seconds it will have been active for too long, negative afterwards; None: that cannot be."""
    allowed_s, start = job["spec"].get("activeDeadlineSeconds"), job["status"].get("startTime")
    if allowed_s is None or not start or is_suspended(job):
        return None
    return float(allowed_s) - (now - datetime.fromisoformat(start)).total_seconds()


def _failure(census: Census, now: datetime) -> tuple[str, str] | None:
    """Reason and message."""
    job = census.job
    for pod in census.pods:
        if has_failed(pod, job) and (message := read_failure(pod, job).message):
            return "PodFailurePolicy", message
    if census.failed > job["spec"]["backoffLimit"] or _restarted_too_often(census):
        return "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    remaining_s = deadline_in_s(job, now)
    if remaining_s is not None and remaining_s <= 0:
        return "DeadlineExceeded", "Job was active longer than specified deadline"
    if census.failed_indexes is not None:
        failed, most = len(census.failed_indexes), job["spec"].get("maxFailedIndexes")
        if most is not None and failed > most:
            return "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes"
        if failed and failed + len(census.succeeded_indexes) >= job["spec"]["completions"]:
            return "FailedIndexes", "Job has failed indexes"
    return None


def _restarted_too_often(census: Census) -> bool:
    """Of pods whose containers are restarted where they are: that counts as the failures of a Job do."""
    spec = census.job["spec"]
    if spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    restarts = 0
    for pod in census.pods:
        status = pod.get("status") or {}
        if status.get("phase") in ("Running", "Pending"):
            for kind in ("initContainerStatuses", "containerStatuses"):
                restarts += sum(each.get("restartCount") or 0 for each in status.get(kind) or ())
    return bool(restarts >= max(spec["backoffLimit"], 1))


def _met_rule(job: Object, succeeded: Indexes) -> int | None:
    """The number of the first rule of the success policy that is met."""
    if not succeeded.runs:
        return None
    for number, rule in enumerate((job["spec"].get("successPolicy") or {}).get("rules") or ()):
        count = rule.get("succeededCount")
        if rule.get("succeededIndexes") is None:
            if count is not None and len(succeeded) >= count:
                return number
            continue
        wanted = parse_indexes(rule["succeededIndexes"], job["spec"]["completions"])
        overlap = wanted.overlap(succeeded)
        if wanted.runs and (overlap == len(wanted) or (count is not None and overlap >= count)):
            return number
    return None
