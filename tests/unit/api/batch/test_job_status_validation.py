from __future__ import annotations

from typing import Any

import pytest

from steersman.api.batch.job_status_validation import validate_status

SPEC = {"completions": 3, "parallelism": 1, "completionMode": "Indexed"}
BEGAN, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"


def conditions(*kinds: str) -> list[dict[str, str]]:
    return [{"type": kind, "status": "True"} for kind in kinds]


def errors(new: dict[str, Any], old: dict[str, Any] | None = None, **spec: Any) -> list[str]:
    spec = SPEC | spec
    found = validate_status({"spec": spec, "status": new}, {"spec": spec, "status": old or {}})
    return [str(error).removeprefix("status.") for error in found]


DONE = {
    "conditions": conditions("SuccessCriteriaMet", "Complete"),
    "startTime": BEGAN,
    "completionTime": LATER,
    "succeeded": 3,
    "completedIndexes": "0-2",
}


def test_a_job_that_completes() -> None:
    assert errors(DONE, {"startTime": BEGAN, "conditions": conditions("SuccessCriteriaMet")}) == []


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        ({"completionTime": None}, ["completionTime: Required value: completionTime is required for Complete jobs"]),
        ({"startTime": None}, ["startTime: Required value: startTime is required for finished job"]),
        ({"active": 1}, ["active: Invalid value: 1: active>0 is invalid for finished job"]),
        ({"terminating": 1}, ["terminating: Invalid value: 1: terminating>0 is invalid for finished job"]),
        ({"conditions": conditions("Complete")}, ["conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition"]),
        ({"completedIndexes": "7"}, ['completedIndexes: Invalid value: "7": error parsing completedIndexes: too large index: "7"']),
        ({"failedIndexes": "1"}, [
            'failedIndexes: Invalid value: "1": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
            'failedIndexes: Invalid value: "1": failedIndexes and completedIndexes overlap at index: 1',
        ]),
        ({"uncountedTerminatedPods": {"succeeded": ["a", "a"]}}, [
            'uncountedTerminatedPods.succeeded[1]: Duplicate value: "a"',
            'uncountedTerminatedPods: Invalid value: {"Succeeded":["a","a"],"Failed":null}: must be empty for finished job',
        ]),
    ],
)  # fmt: skip
def test_what_a_completed_job_cannot_be(change: dict[str, Any], texts: list[str]) -> None:
    assert errors(DONE | change) == texts


def test_what_is_wrong_already_blocks_nothing() -> None:
    wrong = {"conditions": conditions("Complete"), "active": 1}
    assert errors(wrong | {"failed": 1}, wrong) == []


@pytest.mark.parametrize(
    ("new", "old", "texts"),
    [
        ({"failed": 1}, {"failed": 2}, ["failed: Invalid value: 1: cannot decrease the failed counter"]),
        ({"succeeded": 1}, {"succeeded": 2}, ["succeeded: Invalid value: 1: cannot decrease the succeeded counter"]),
        ({}, {"conditions": conditions("FailureTarget")}, ["conditions: Invalid value: cannot disable the terminal FailureTarget=True condition"]),
        ({"startTime": LATER}, {"startTime": BEGAN}, [f'startTime: Invalid value: "{LATER}": field is immutable for unsuspended job once set']),
        ({"ready": 2, "active": 1}, {}, ["ready: Invalid value: 2: cannot set more ready pods than active"]),
    ],
)  # fmt: skip
def test_what_cannot_go_back(new: dict[str, Any], old: dict[str, Any], texts: list[str]) -> None:
    assert errors(new, old) == texts


def test_an_indexed_job_can_be_scaled_down() -> None:
    assert errors({"succeeded": 1}, {"succeeded": 2}, parallelism=3) == []
