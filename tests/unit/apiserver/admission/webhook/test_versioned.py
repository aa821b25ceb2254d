from __future__ import annotations

import orjson
from tests.unit.apiserver.admission.shelf import core, review

from steersman.api.autoscaling.horizontal_pod_autoscaler import HORIZONTAL_POD_AUTOSCALERS
from steersman.api.autoscaling.horizontal_pod_autoscaler_v1 import HORIZONTAL_POD_AUTOSCALERS_V1
from steersman.apiserver.admission.webhook.versioned import Versioned


def scaler(percent):
    target = {"type": "Utilization", "averageUtilization": percent}
    return {
        "kind": "HorizontalPodAutoscaler",
        "apiVersion": "autoscaling/v2",
        "metadata": {"name": "h"},
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": "d"},
            "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }


async def test_objects_are_converted_and_what_is_changed_comes_home():
    async with core() as made:
        asked = review(HORIZONTAL_POD_AUTOSCALERS, scaler(50), scaler(40))
        before = orjson.dumps(asked.old)
        forms = Versioned(made.table, asked)
        obj, old = await forms.in_version(made.table.of(HORIZONTAL_POD_AUTOSCALERS_V1))
        assert (obj["apiVersion"], obj["spec"]["targetCPUUtilizationPercentage"]) == ("autoscaling/v1", 50)
        assert old["spec"]["targetCPUUtilizationPercentage"] == 40
        home = asked.obj
        forms.replace(obj | {"spec": obj["spec"] | {"targetCPUUtilizationPercentage": 70}})
        await forms.bring_home()
        assert asked.obj is home
        assert home["apiVersion"] == "autoscaling/v2"
        assert home["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 70
        assert orjson.dumps(asked.old) == before


async def test_what_is_of_another_kind_or_not_there_is_left_alone():
    async with core() as made:
        scale = {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {}, "spec": {"replicas": 1}}
        forms = Versioned(made.table, review(HORIZONTAL_POD_AUTOSCALERS, scale))
        served = made.table.of(HORIZONTAL_POD_AUTOSCALERS_V1)
        assert (await forms.in_version(served))[0] is scale
        assert (await forms.in_version(served))[1] is None
        await forms.bring_home()
        assert scale["spec"] == {"replicas": 1}
