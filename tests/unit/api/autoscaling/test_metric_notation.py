from __future__ import annotations

from typing import Any

import pytest

from steersman.api.autoscaling.metric_notation import (
    read_behavior,
    read_metric,
    read_status,
    write_metric,
    write_status,
)

SELECTOR = {"matchLabels": {"a": "b"}}
DESCRIBED = {"kind": "Service", "name": "s"}


@pytest.mark.parametrize(
    ("metric", "old"),
    [
        (
            {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}},
            {"type": "Resource", "resource": {"name": "memory", "targetAverageValue": "1Gi"}},
        ),
        (
            {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "c", "target": {"type": "Utilization", "averageUtilization": 5}}},
            {"type": "ContainerResource", "containerResource": {"name": "cpu", "targetAverageUtilization": 5, "container": "c"}},
        ),
        (
            {"type": "Object", "object": {"describedObject": DESCRIBED, "metric": {"name": "m"}, "target": {"type": "Value", "value": "2"}}},
            {"type": "Object", "object": {"target": DESCRIBED, "metricName": "m", "targetValue": "2"}},
        ),
        (
            {"type": "Object", "object": {"describedObject": DESCRIBED, "metric": {"name": "m"}, "target": {"type": "AverageValue", "averageValue": "2"}}},
            {"type": "Object", "object": {"target": DESCRIBED, "metricName": "m", "targetValue": "0", "averageValue": "2"}},
        ),
        (
            {"type": "External", "external": {"metric": {"name": "m", "selector": SELECTOR}, "target": {"type": "Value", "value": "9"}}},
            {"type": "External", "external": {"metricName": "m", "metricSelector": SELECTOR, "targetValue": "9"}},
        ),
    ],
)  # fmt: skip
def test_both_notations_say_the_same(metric: dict[str, Any], old: dict[str, Any]) -> None:
    assert write_metric(metric) == old
    assert read_metric(old) == metric


@pytest.mark.parametrize(
    ("status", "old"),
    [
        (
            {"type": "Resource", "resource": {"name": "cpu", "current": {"averageValue": "5m", "averageUtilization": 5}}},
            {"type": "Resource", "resource": {"name": "cpu", "currentAverageUtilization": 5, "currentAverageValue": "5m"}},
        ),
        (
            {"type": "Pods", "pods": {"metric": {"name": "m"}, "current": {"averageValue": "3"}}},
            {"type": "Pods", "pods": {"metricName": "m", "currentAverageValue": "3"}},
        ),
        (
            {"type": "Object", "object": {"describedObject": DESCRIBED, "metric": {"name": "m"}, "current": {"value": "2"}}},
            {"type": "Object", "object": {"target": DESCRIBED, "metricName": "m", "currentValue": "2"}},
        ),
    ],
)  # fmt: skip
def test_states_too(status: dict[str, Any], old: dict[str, Any]) -> None:
    assert write_status(status) == old
    assert read_status(old) == status


def test_the_case_of_behaviors_names_does_not_matter() -> None:
    assert read_behavior({"scaledown": {"SELECTPOLICY": "Min", "tolerance": "0.10"}, "ScaleUp": None}) == {
        "scaleDown": {"selectPolicy": "Min", "tolerance": "100m"}
    }
