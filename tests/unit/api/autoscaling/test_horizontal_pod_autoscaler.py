from __future__ import annotations

from typing import Any

from steersman.api.autoscaling.horizontal_pod_autoscaler import HORIZONTAL_POD_AUTOSCALERS, cpu_metric

GOOD: dict[str, Any] = {
    "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}, "maxReplicas": 3}
}


def test_defaults(judge: Any, change: Any) -> None:
    spec = judge(HORIZONTAL_POD_AUTOSCALERS).created(GOOD)["spec"]
    assert (spec["minReplicas"], spec["metrics"]) == (1, [cpu_metric(80)])
    assert "behavior" not in spec
    given = change(GOOD, "spec.behavior", {"scaleDown": {"stabilizationWindowSeconds": 5}})
    behavior = judge(HORIZONTAL_POD_AUTOSCALERS).created(given)["spec"]["behavior"]
    percent = {"type": "Percent", "value": 100, "periodSeconds": 15}
    assert behavior["scaleDown"] == {"stabilizationWindowSeconds": 5, "selectPolicy": "Max", "policies": [percent]}
    assert behavior["scaleUp"]["policies"] == [{"type": "Pods", "value": 4, "periodSeconds": 15}, percent]


def test_annotations_that_older_versions_use_are_no_second_truth(judge: Any, change: Any) -> None:
    annotations = {"autoscaling.alpha.kubernetes.io/metrics": "[]", "mine": "x"}
    made = judge(HORIZONTAL_POD_AUTOSCALERS).created(change(GOOD, "metadata.annotations", annotations))
    assert made["metadata"]["annotations"] == {"mine": "x"}


def test_targets_are_shown_two_at_a_time(judge: Any) -> None:
    metrics = [
        cpu_metric(50),
        {"type": "Pods", "pods": {"metric": {"name": "m"}, "target": {"averageValue": "5"}}},
        {"type": "Object", "object": {"target": {"averageValue": "1"}}},
    ]
    current = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 20}}}
    hpa = {"metadata": {}, "spec": {"metrics": metrics}, "status": {"currentMetrics": [current]}}
    cells = judge(HORIZONTAL_POD_AUTOSCALERS).cells(hpa)
    assert cells["Targets"] == "cpu: 20%/50%, <unknown>/5 + 1 more..."
    assert (cells["MinPods"], cells["MaxPods"], cells["Reference"]) == ("<unset>", 0, "/")
