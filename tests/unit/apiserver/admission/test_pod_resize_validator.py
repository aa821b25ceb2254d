from __future__ import annotations

import pytest

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.errors import Forbidden
from steersman.apiserver.admission.pod_resize_validator import PodResizeValidator

from .shelf import Shelf, container, pod, resources, review


def _resized(cpu, memory="1Mi", *, node="n", generation=2, labels=None):
    shelf = Shelf()
    shelf.put(NODES, {"status": {"allocatable": {"cpu": "1", "memory": "1Gi"}}}, name="n", labels=labels or {})
    new = pod(
        container(resources=resources(requests={"cpu": cpu, "memory": memory})),
        nodeName=node,
        overhead={"cpu": "100m"},
        metadata={"generation": generation},
    )
    old = pod(nodeName=node, metadata={"generation": 1})
    PodResizeValidator(reader=shelf).validate(review(PODS, new, old, subresource="resize"))


def test_a_pod_grows_as_far_as_its_node():
    _resized("900m")
    with pytest.raises(Forbidden) as refused:
        _resized("1", "2Gi")
    assert refused.value.message.endswith(
        "node didn't have enough allocatable resources: cpu, requested: 1100, allocatable: 1000; "
        "memory, requested: 2147483648, allocatable: 1073741824"
    )
    assert refused.value.details["causes"] == [{"reason": "NodeCapacity"}]


def test_what_changes_no_specification_passes():
    _resized("9", generation=1)


def test_the_node_must_be_there_and_run_linux():
    with pytest.raises(Forbidden, match='node "gone" not found'):
        _resized("1m", node="gone")
    with pytest.raises(Forbidden, match='only supported on linux nodes, node "n" is "windows"') as refused:
        _resized("1m", labels={"kubernetes.io/os": "windows"})
    assert refused.value.details["causes"] == [{"reason": "UnsupportedPlatform"}]
