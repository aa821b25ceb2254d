from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from steersman.api.batch.job import JOBS

GOOD: dict[str, Any] = {
    "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i:1"}]}}}
}
NOW = datetime(2026, 1, 1, 1, tzinfo=UTC)


def test_defaults(judge: Any, change: Any) -> None:
    spec = judge(JOBS).defaulted(GOOD)["spec"]
    assert (spec["completions"], spec["parallelism"], spec["backoffLimit"]) == (1, 1, 6)
    assert (spec["completionMode"], spec["podReplacementPolicy"]) == ("NonIndexed", "TerminatingOrFailed")
    assert "completions" not in judge(JOBS).defaulted(change(GOOD, "spec.parallelism", 3))["spec"]
    assert judge(JOBS).defaulted(change(GOOD, "spec.backoffLimitPerIndex", 1))["spec"]["backoffLimit"] == 2**31 - 1


def test_the_selector_is_the_uid(judge: Any) -> None:
    made = judge(JOBS).created(GOOD)
    labels = {"controller-uid": "u", "batch.kubernetes.io/controller-uid": "u"}
    labels |= {"job-name": "x", "batch.kubernetes.io/job-name": "x"}
    assert made["spec"]["template"]["metadata"]["labels"] == labels
    assert made["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}}
    JOBS.strategy.canonicalize(made)
    assert made["metadata"]["labels"] == labels


def test_labels_that_contradict_it_are_refused(judge: Any, change: Any) -> None:
    wrong = change(GOOD, "spec.template.metadata", {"labels": {"job-name": "y"}})
    (error,) = judge(JOBS).errors(wrong)
    assert error.startswith('spec.template.metadata.labels[job-name]: Invalid value: {"batch')
    assert error.endswith("must be 'x'")


def test_a_selector_by_hand_must_be_there(judge: Any, change: Any) -> None:
    assert judge(JOBS).errors(change(GOOD, "spec.manualSelector", True)) == [
        "spec.selector: Required value",
        "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
    ]


def test_where_pods_may_go_can_change_while_the_job_rests(judge: Any, change: Any) -> None:
    jobs = judge(JOBS)
    resting = jobs.created(change(GOOD, "spec.suspend", True))
    moved = change(resting, "spec.template.spec.nodeSelector", {"disk": "ssd"})
    assert jobs.update_errors(moved, resting) == []
    renamed = change(resting, "spec.template.spec.hostname", "h")
    assert "spec.template.spec: Invalid value" in jobs.update_errors(renamed, resting)[0]
    running = jobs.created(GOOD)
    (error,) = jobs.update_errors(change(running, "spec.template.spec.nodeSelector", {"disk": "ssd"}), running)
    assert error.startswith("spec.template: Invalid value: ")
    assert error.endswith("field is immutable")


def test_columns(judge: Any) -> None:
    jobs = judge(JOBS)
    made = jobs.created(GOOD) | {"status": {"succeeded": 1, "startTime": "2025-12-31T23:58:00Z"}}
    cells = jobs.cells(made)
    assert [cells[name] for name in ("Status", "Completions", "Duration")] == ["Running", "1/1", "2m"]
    made["status"] = {"conditions": [{"type": "Failed", "status": "True"}]}
    assert jobs.cells(made)["Status"] == "Failed"
