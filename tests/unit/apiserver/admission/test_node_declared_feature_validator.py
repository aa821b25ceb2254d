from __future__ import annotations

import pytest

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.errors import Forbidden
from steersman.apiserver.admission.node_declared_feature_validator import NodeDeclaredFeatureValidator

from .shelf import Shelf, container, pod, resources, review

POD_LEVEL = "InPlacePodLevelResourcesVerticalScaling"
INIT = "InPlacePodVerticalScalingInitContainers"
MEMORY = "InPlacePodVerticalScalingMemoryBackedVolumes"


def _update(new, old, declared=()):
    shelf = Shelf()
    shelf.put(NODES, {"status": {"declaredFeatures": list(declared)}}, name="n")
    new = pod(nodeName="n", metadata={"generation": 2}, **new)
    old = pod(nodeName="n", metadata={"generation": 1}, **old)
    NodeDeclaredFeatureValidator(reader=shelf).validate(review(PODS, new, old, subresource="resize"))


def _cpu(amount):
    return resources(requests={"cpu": amount})


@pytest.mark.parametrize(
    ("new", "old", "needs"),
    [
        ({"resources": _cpu("2")}, {"resources": _cpu("1")}, POD_LEVEL),
        (
            {"initContainers": [container(resources=_cpu("2"))]},
            {"initContainers": [container(resources=_cpu("1"))]},
            INIT,
        ),
        (
            {"volumes": [{"name": "v", "emptyDir": {"medium": "Memory", "sizeLimit": "2Mi"}}]},
            {"volumes": [{"name": "v", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}]},
            MEMORY,
        ),
    ],
)
def test_a_change_needs_a_node_that_can_make_it(new, old, needs):
    why = f'pod update requires features {needs} which are not available on node "n"'
    with pytest.raises(Forbidden, match=why):
        _update(new, old)
    _update(new, old, declared=[needs])


def test_other_changes_need_nothing():
    _update({"resources": _cpu("1000m")}, {"resources": _cpu("1")})
    sidecar = {"restartPolicy": "Always"}
    _update(
        {"initContainers": [container(resources=_cpu("2"), **sidecar)]},
        {"initContainers": [container(resources=_cpu("1"), **sidecar)]},
    )
