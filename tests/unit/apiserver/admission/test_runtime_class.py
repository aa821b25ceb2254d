from __future__ import annotations

import pytest

from steersman.api.core.pod import PODS
from steersman.api.errors import Forbidden
from steersman.api.node.runtime_class import RUNTIME_CLASSES
from steersman.apiserver.admission.runtime_class import RuntimeClass, merge_tolerations

from .shelf import Shelf, pod, review

EXISTS = {"key": "x", "operator": "Exists"}


def _plugin():
    shelf = Shelf()
    scheduling = {"nodeSelector": {"a": "b"}, "tolerations": [EXISTS]}
    shelf.put(RUNTIME_CLASSES, {"overhead": {"podFixed": {"cpu": "10m"}}, "scheduling": scheduling}, name="r")
    shelf.put(RUNTIME_CLASSES, {}, name="plain")
    return RuntimeClass(reader=shelf)


def _admitted(**spec):
    plugin, made = _plugin(), pod(**spec)
    plugin.admit(review(PODS, made))
    plugin.validate(review(PODS, made))
    return made["spec"]


def test_overhead_and_constraints_come_from_the_class():
    spec = _admitted(runtimeClassName="r", nodeSelector={"d": "e"}, tolerations=[{"key": "y", "operator": "Exists"}])
    assert spec["overhead"] == {"cpu": "10m"}
    assert spec["nodeSelector"] == {"a": "b", "d": "e"}
    assert [t["key"] for t in spec["tolerations"]] == ["y", "x"]
    assert _admitted(runtimeClassName="r", overhead={"cpu": "0.01"})["overhead"] == {"cpu": "10m"}
    assert "overhead" not in _admitted(runtimeClassName="plain")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"runtimeClassName": "none"}, 'pod rejected: RuntimeClass "none" not found'),
        ({"overhead": {"cpu": "1"}}, "Pod Overhead set without corresponding RuntimeClass defined Overhead"),
        ({"runtimeClassName": "plain", "overhead": {"cpu": "1"}}, "Pod Overhead set without"),
        ({"runtimeClassName": "r", "overhead": {"cpu": "99m"}}, "Pod's Overhead doesn't match RuntimeClass's defined"),
        (
            {"runtimeClassName": "r", "nodeSelector": {"a": "c"}},
            r"conflict: runtimeClass.scheduling.nodeSelector\[a\] = b; pod.spec.nodeSelector\[a\] = c",
        ),
    ],
)
def test_pods_that_say_otherwise_are_refused(spec, why):
    with pytest.raises(Forbidden, match=why):
        _admitted(**spec)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([EXISTS, EXISTS], [0]),
        ([{"key": "x", "operator": "Equal", "value": "v"}, EXISTS], [1]),
        ([{"operator": "Exists"}, EXISTS], [0]),
        ([{**EXISTS, "effect": "NoExecute", "tolerationSeconds": 5}, {**EXISTS, "effect": "NoExecute"}], [1]),
        ([{**EXISTS, "effect": "NoExecute"}, {**EXISTS, "effect": "NoSchedule"}], [0, 1]),
    ],
)
def test_tolerations_that_another_covers_are_left_out(given, kept):
    assert merge_tolerations(given) == [given[index] for index in kept]
