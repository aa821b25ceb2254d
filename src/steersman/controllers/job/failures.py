"""failures: which pods of a Job have failed, and what its pod failure policy makes of that. Pure.

Upstream: pkg/controller/job/pod_failure_policy.go and indexed_job_utils.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

FAILURES = "batch.kubernetes.io/job-index-failure-count"
IGNORED_FAILURES = "batch.kubernetes.io/job-index-ignored-failure-count"
"""Annotations of the pods of a Job with a limit for each index: what went before them."""
_INT32_MAX = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Reading:
    """What the policy says of a failed pod."""

    counted: bool = True
    """It counts against the limits."""
    action: str = ""
    """Of the rule that matches; empty if none does."""
    message: str = ""
    """Why the Job fails at once; empty if it does not."""


def replaces_only_failed(job: Object) -> bool:
    """A pod that is being deleted keeps its place until it has ended."""
    return bool(job["spec"].get("podReplacementPolicy") == "Failed")


def has_failed(pod: Object, job: Object) -> bool:
    """A pod that is being deleted has failed, too, unless its end has to be waited for."""
    phase = (pod.get("status") or {}).get("phase")
    if phase == "Failed":
        return True
    if replaces_only_failed(job):
        return False
    return bool(pod["metadata"].get("deletionTimestamp")) and phase != "Succeeded"


def read_failure(pod: Object, job: Object) -> Reading:
    """By the first rule of the Job's policy that matches; without one it counts."""
    policy = job["spec"].get("podFailurePolicy") or {}
    for number, rule in enumerate(policy.get("rules") or ()):
        what = _matched(pod, rule)
        if not what:
            continue
        action = rule["action"]
        message = f"{what} matching {action} rule at index {number}" if action == "FailJob" else ""
        return Reading(counted=action != "Ignore", action=action, message=message)
    return Reading()


def fails_its_index(pod: Object, job: Object) -> bool:
    """Of a Job with a limit for each index: no pod follows this one."""
    if not has_failed(pod, job):
        return False
    reading = read_failure(pod, job)
    if reading.action == "FailIndex":
        return True
    return reading.counted and failures_before(pod)[0] >= job["spec"]["backoffLimitPerIndex"]


def failures_before(pod: Object) -> tuple[int, int]:
    """How many pods of its index failed before it: those that count, and those that are ignored."""
    annotations = pod["metadata"].get("annotations") or {}
    return _count(annotations.get(FAILURES)), _count(annotations.get(IGNORED_FAILURES))


def failures_with(pod: Object | None, job: Object) -> tuple[int, int]:
    """What `failures_before` is to be for the one that follows `pod`; None: the first of its index."""
    if pod is None:
        return 0, 0
    counted, ignored = failures_before(pod)
    return (counted + 1, ignored) if read_failure(pod, job).counted else (counted, ignored + 1)


def _count(text: str | None) -> int:
    if not text or not (text.isascii() and text.isdigit()):
        return 0
    count = int(text)
    return count if count <= _INT32_MAX else 0


def _matched(pod: Object, rule: Object) -> str:
    """What of the pod matches, in words; empty if nothing does."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    name = f"{metadata['namespace']}/{metadata['name']}"
    if rule.get("onExitCodes"):
        for kind in ("containerStatuses", "initContainerStatuses"):
            for container in status.get(kind) or ():
                code = _exit_code(container)
                if code and _is_meant(container["name"], code, rule["onExitCodes"]):
                    return f"Container {container['name']} for pod {name} failed with exit code {code}"
        return ""
    patterns = [(each["type"], each["status"]) for each in rule.get("onPodConditions") or ()]
    for condition in status.get("conditions") or ():
        if (condition["type"], condition["status"]) in patterns:
            return f"Pod {name} has condition {condition['type']}"
    return ""


def _exit_code(container: Object) -> int:
    ended = (container.get("state") or {}).get("terminated") or {}
    return int(ended.get("exitCode") or 0)


def _is_meant(name: str, code: int, wanted: Object) -> bool:
    if wanted.get("containerName") not in (None, name):
        return False
    listed = code in (wanted.get("values") or ())
    return listed if wanted["operator"] == "In" else not listed and wanted["operator"] == "NotIn"
