from __future__ import annotations

import json

import pytest

from steersman.api.core.pod_update import validate_ephemeral_containers_update, validate_pod, validate_pod_update
from steersman.api.core.podspec.defaults import default_pod


def _pod(**spec):
    pod = {
        "metadata": {"name": "p", "namespace": "n"},
        "spec": {"containers": [{"name": "c", "image": "img:1"}], "serviceAccountName": "default"} | spec,
    }
    pod = json.loads(json.dumps(pod))
    default_pod(pod)
    return pod


def _changed(old, change):
    new = json.loads(json.dumps(old))
    change(new["spec"])
    return [str(error) for error in validate_pod_update(new, old)]


def test_images_deadlines_and_tolerations_may_change() -> None:
    def change(spec) -> None:
        spec["containers"][0]["image"] = "img:2"
        spec["activeDeadlineSeconds"] = 10
        spec["tolerations"] = [{"key": "k", "operator": "Exists"}]

    assert _changed(_pod(), change) == []


def test_anything_else_is_refused_with_a_difference() -> None:
    (text,) = _changed(_pod(), lambda spec: spec.update(nodeSelector={"a": "b"}))
    assert text.startswith("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,")
    assert '\n- "NodeSelector": null,\n+ "NodeSelector": {\n+  "a": "b"\n+ },\n' in text


def test_containers_are_neither_added_nor_removed() -> None:
    def change(spec) -> None:
        spec["containers"].append(spec["containers"][0] | {"name": "d"})

    assert _changed(_pod(), change) == ["spec.containers: Forbidden: pod updates may not add or remove containers"]


def test_a_deadline_only_comes_closer() -> None:
    old = _pod(activeDeadlineSeconds=10)
    assert _changed(old, lambda spec: spec.update(activeDeadlineSeconds=5)) == []
    assert _changed(old, lambda spec: spec.update(activeDeadlineSeconds=11)) == [
        "spec.activeDeadlineSeconds: Invalid value: 11: must be less than or equal to previous value"
    ]
    assert _changed(old, lambda spec: spec.pop("activeDeadlineSeconds")) == [
        "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value"
    ]


def test_tolerations_are_added_never_taken() -> None:
    old = _pod(tolerations=[{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}])
    longer = [{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 9}]
    assert _changed(old, lambda spec: spec.update(tolerations=longer)) == []
    assert _changed(old, lambda spec: spec.update(tolerations=[])) == [
        "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"
    ]


def test_gates_are_only_removed_and_nodes_only_narrowed_meanwhile() -> None:
    old = _pod(schedulingGates=[{"name": "a/b"}], nodeSelector={"x": "y"})
    assert _changed(old, lambda spec: spec.update(schedulingGates=[])) == []
    assert _changed(old, lambda spec: spec.update(nodeSelector={"x": "y", "z": "z"})) == []
    assert _changed(old, lambda spec: spec.update(schedulingGates=[{"name": "c/d"}])) == [
        "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'c/d'"
    ]
    assert _changed(old, lambda spec: spec.update(nodeSelector={"z": "z"})) == [
        (
            'spec.nodeSelector: Invalid value: {"z":"z"}: only additions to spec.nodeSelector are allowed (no mutations or '
            "deletions)"
        )
    ]


def test_mirror_annotations_stay() -> None:
    old = _pod(nodeName="n")
    new = json.loads(json.dumps(old))
    new["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    (error,) = validate_pod_update(new, old)
    assert error.detail == "may not add mirror pod annotation"


def test_a_new_pod_has_no_ephemeral_containers_and_no_node_while_it_is_gated() -> None:
    pod = _pod(ephemeralContainers=[{"name": "e", "image": "i"}])
    assert [error.field for error in validate_pod(pod)] == ["spec.ephemeralContainers"]
    pod = _pod(schedulingGates=[{"name": "a/b"}], nodeName="n")
    assert [error.field for error in validate_pod(pod)] == ["spec.nodeName"]


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda spec: spec.update(ephemeralContainers=[]), 'existing ephemeral containers "e" may not be removed\n'),
        (
            lambda spec: spec["ephemeralContainers"][0].update(image="j"),
            'existing ephemeral containers "e" may not be changed\n@@',
        ),
    ],
)
def test_ephemeral_containers_stay_as_they_are(change, detail) -> None:
    old = _pod(ephemeralContainers=[{"name": "e", "image": "i"}])
    new = json.loads(json.dumps(old))
    change(new["spec"])
    (error,) = validate_ephemeral_containers_update(new, old)
    assert error.detail.startswith(detail)
