from __future__ import annotations

from typing import Any

import pytest

from steersman.api.autoscaling.horizontal_pod_autoscaler import HORIZONTAL_POD_AUTOSCALERS

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
GOOD: dict[str, Any] = {"spec": {"scaleTargetRef": TARGET, "maxReplicas": 3}}
PODS = {"metric": {"name": "m"}, "target": {"type": "AverageValue", "averageValue": "5"}}
TYPES = 'supported values: "ContainerResource", "External", "Object", "Pods", "Resource"'


@pytest.mark.parametrize(
    ("path", "value", "texts"),
    [
        ("maxReplicas", 0, [
            "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`",
            "spec.maxReplicas: Required value",
        ]),
        ("minReplicas", 0, ["spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas"]),
        ("scaleTargetRef.apiVersion", "v1", ['spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group']),
        ("scaleTargetRef", {"kind": "ReplicationController", "name": "r"}, []),
        ("scaleTargetRef.name", "a/b", ['spec.scaleTargetRef.name: Invalid value: "a/b": may not contain \'/\'']),
        ("metrics", [{"type": "Pods", "pods": PODS}], []),
        ("metrics", [{"type": "Odd"}], [f'spec.metrics[0].type: Unsupported value: "Odd": {TYPES}'] * 2),
        ("metrics", [{"type": "Resource", "pods": PODS}], ["spec.metrics[0].resource: Required value: must populate information for the given metric source"]),
        ("metrics", [{"type": "Pods", "pods": PODS | {"target": {"type": "AverageValue", "averageValue": "0"}}}], ['spec.metrics[0].pods.target.averageValue: Invalid value: "0": must be positive']),
        ("behavior", {"scaleUp": {"selectPolicy": "Mid"}}, ['spec.behavior.scaleUp.selectPolicy: Unsupported value: "Mid": supported values: "Disabled", "Max", "Min"']),
        ("behavior", {"scaleDown": {"stabilizationWindowSeconds": 3601}}, ["spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600"]),
        ("behavior", {"scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 1801}]}}, ["spec.behavior.scaleDown.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800"]),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, change: Any, path: str, value: Any, texts: list[str]) -> None:
    assert judge(HORIZONTAL_POD_AUTOSCALERS).errors(change(GOOD, f"spec.{path}", value)) == texts


def test_only_one_source_of_a_metric_is_looked_into(judge: Any, change: Any) -> None:
    metric = {"type": "Pods", "pods": {}, "external": PODS | {"target": {"type": "Value", "value": "1"}}}
    assert judge(HORIZONTAL_POD_AUTOSCALERS).errors(change(GOOD, "spec.metrics", [metric])) == [
        "spec.metrics[0].external: Forbidden: must populate the given metric source only"
    ]


def test_a_target_that_was_accepted_once_may_stay(judge: Any, change: Any) -> None:
    autoscalers = judge(HORIZONTAL_POD_AUTOSCALERS)
    old = autoscalers.created(change(GOOD, "spec.scaleTargetRef.apiVersion", "v1"))
    assert autoscalers.update_errors(change(old, "spec.maxReplicas", 4), old) == []


def test_status_counts(judge: Any) -> None:
    assert judge(HORIZONTAL_POD_AUTOSCALERS).status_errors({"status": {"desiredReplicas": -1}}, {}) == [
        "status.desiredReplicas: Invalid value: -1: must be greater than or equal to 0"
    ]
