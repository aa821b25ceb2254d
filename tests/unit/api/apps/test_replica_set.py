from __future__ import annotations

from typing import Any

from steersman.api.apps.replica_set import REPLICA_SETS

GOOD: dict[str, Any] = {
    "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    }
}


def test_one_replica_and_an_empty_status(judge: Any) -> None:
    made = judge(REPLICA_SETS).created(GOOD | {"status": {"replicas": 7}})
    assert (made["spec"]["replicas"], made["status"]) == (1, {"replicas": 0})


def test_selector_and_template_fit(judge: Any, change: Any) -> None:
    replica_sets = judge(REPLICA_SETS)
    assert replica_sets.errors(GOOD) == []
    wrong = change(GOOD, "spec.selector", {"matchExpressions": [{"key": "a", "operator": "Near"}]})
    assert replica_sets.errors(wrong) == [
        'spec.selector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
        'spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Near"}]}: invalid label selector',
    ]


def test_the_status_adds_up(judge: Any) -> None:
    status = {"status": {"replicas": 1, "fullyLabeledReplicas": 2, "readyReplicas": -1}}
    assert judge(REPLICA_SETS).status_errors(status, {}) == [
        "status.readyReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.fullyLabeledReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 0: cannot be greater than readyReplicas",
    ]


def test_columns(judge: Any) -> None:
    replica_sets = judge(REPLICA_SETS)
    cells = replica_sets.cells(replica_sets.created(GOOD))
    assert [cells[name] for name in ("Desired", "Current", "Ready", "Containers", "Selector")] == [1, 0, 0, "c", "a=b"]
