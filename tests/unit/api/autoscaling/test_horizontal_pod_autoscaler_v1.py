from __future__ import annotations

from typing import Any

from steersman.api.autoscaling.horizontal_pod_autoscaler import cpu_metric
from steersman.api.autoscaling.horizontal_pod_autoscaler_v1 import BEHAVIOR, HORIZONTAL_POD_AUTOSCALERS_V1, METRICS

TARGET = {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"}
PODS = {"type": "Pods", "pods": {"metric": {"name": "m"}, "target": {"type": "AverageValue", "averageValue": "5"}}}
CONVERSION = HORIZONTAL_POD_AUTOSCALERS_V1.conversion
assert CONVERSION is not None


def stored(**spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "x"},
        "spec": {"scaleTargetRef": TARGET, "minReplicas": 1, "maxReplicas": 3, **spec},
        "status": {"desiredReplicas": 2, "currentReplicas": 1, "currentMetrics": None},
    }


def test_the_cpu_metric_is_a_field(judge: Any) -> None:
    obj = stored(metrics=[cpu_metric(60)])
    CONVERSION.from_stored(obj)
    assert obj["spec"]["targetCPUUtilizationPercentage"] == 60
    assert "annotations" not in obj["metadata"]
    assert obj["status"] == {"currentReplicas": 1, "desiredReplicas": 2}
    CONVERSION.to_stored(obj)
    assert obj == stored(metrics=[cpu_metric(60)])


def test_the_rest_is_carried_in_annotations() -> None:
    rules = {"selectPolicy": "Max", "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}]}
    obj = stored(metrics=[PODS, cpu_metric(60)], behavior={"scaleUp": rules})
    CONVERSION.from_stored(obj)
    annotations = obj["metadata"]["annotations"]
    assert annotations[METRICS] == '[{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"5"}}]'
    assert annotations[BEHAVIOR] == (
        '{"ScaleUp":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max",'
        '"Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15}],"Tolerance":null},"ScaleDown":null}'
    )
    CONVERSION.to_stored(obj)
    assert obj == stored(metrics=[PODS, cpu_metric(60)], behavior={"scaleUp": rules})


def test_annotations_that_nobody_can_read_are_dropped() -> None:
    obj = {"metadata": {"annotations": {METRICS: "{", BEHAVIOR: "[]"}}, "spec": {"maxReplicas": 1}}
    CONVERSION.to_stored(obj)
    assert obj["spec"] == {"maxReplicas": 1, "metrics": [cpu_metric(80)]}
    assert obj["metadata"] == {}


def test_defaults_are_those_of_the_stored_form(judge: Any) -> None:
    made = judge(HORIZONTAL_POD_AUTOSCALERS_V1).defaulted({"spec": {"scaleTargetRef": TARGET, "maxReplicas": 3}})
    assert (made["spec"]["minReplicas"], made["spec"]["targetCPUUtilizationPercentage"]) == (1, 80)
    assert judge(HORIZONTAL_POD_AUTOSCALERS_V1).cells(made)["Targets"] == "cpu: <unknown>/80%"


def test_a_cpu_utilization_stays_the_only_value_of_its_metric(judge: Any) -> None:
    given = {"spec": {"scaleTargetRef": TARGET, "maxReplicas": 3}, "status": {"currentCPUUtilizationPercentage": 9}}
    obj = judge(HORIZONTAL_POD_AUTOSCALERS_V1).defaulted(given)
    CONVERSION.to_stored(obj)
    (metric,) = obj["status"]["currentMetrics"]
    assert metric["resource"]["current"] == {"averageUtilization": 9}
