from __future__ import annotations

from typing import Any

from steersman.api.core.replication_controller import REPLICATION_CONTROLLERS

POD = {"containers": [{"name": "c", "image": "i"}]}
RC: dict[str, Any] = {"spec": {"template": {"metadata": {"labels": {"a": "b"}}, "spec": POD}}}


def test_selector_and_labels_are_the_templates(judge: Any) -> None:
    made = judge(REPLICATION_CONTROLLERS).created(RC)
    assert made["spec"]["selector"] == made["metadata"]["labels"] == {"a": "b"}
    assert made["spec"]["replicas"] == 1
    assert made["status"] == {"replicas": 0}


def test_numbers_are_judged_last(judge: Any, change: Any) -> None:
    wrong = change(change(RC, "spec.replicas", -1), "spec.selector", {"a": "c"})
    assert judge(REPLICATION_CONTROLLERS).errors(wrong) == [
        'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
    ]


def test_a_template_is_needed(judge: Any) -> None:
    assert judge(REPLICATION_CONTROLLERS).errors({"spec": {"selector": {"a": "b"}}}) == [
        "spec.template: Required value"
    ]


def test_selectors_from_elsewhere_do_not_change(judge: Any, change: Any) -> None:
    rc = judge(REPLICATION_CONTROLLERS)
    old = rc.created(change(RC, "metadata", {"annotations": {"non-convertible.kubernetes.io/selector": "x"}}))
    old["spec"]["selector"] = {"a": "other"}
    assert rc.update_errors(RC, old) == [
        'spec.selector: Invalid value: {"a":"b"}: cannot update non-convertible selector'
    ]


def test_columns(judge: Any) -> None:
    rc = judge(REPLICATION_CONTROLLERS)
    cells = rc.cells(rc.created(RC))
    assert [cells[name] for name in ("Desired", "Current", "Ready", "Selector")] == [1, 0, 0, "a=b"]
