"""Objects in other versions, for whoever needs one."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.errors import ApiError
from steersman.apiserver.conversion.convert import convert

pytestmark = pytest.mark.virtual_time


async def test_built_in_objects_pass_through_their_stored_form(api: Any) -> None:
    resources = api.parts.service.resources
    scaler = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "a"},
        "spec": {"maxReplicas": 2, "targetCPUUtilizationPercentage": 50, "scaleTargetRef": {"kind": "X", "name": "x"}},
    }
    target = resources.find("autoscaling", "v2", "horizontalpodautoscalers")
    made = await convert(resources, scaler, target)
    assert made["apiVersion"] == "autoscaling/v2"
    assert made["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 50
    assert "metrics" not in scaler["spec"], "what was given stays"
    back = await convert(resources, made, resources.find("autoscaling", "v1", "horizontalpodautoscalers"))
    assert back["spec"]["targetCPUUtilizationPercentage"] == 50
    assert await convert(resources, made, target) is made


async def test_a_version_that_nobody_serves_is_refused(api: Any) -> None:
    resources = api.parts.service.resources
    target = resources.find("autoscaling", "v1", "horizontalpodautoscalers")
    with pytest.raises(ApiError, match="autoscaling/v0 horizontalpodautoscalers are not served"):
        await convert(resources, {"apiVersion": "autoscaling/v0", "kind": "X", "metadata": {}}, target)
