from __future__ import annotations

import json
from datetime import UTC, datetime

from steersman.api.core.pod_resize import prepare_resize, validate_resize
from steersman.api.core.podspec.defaults import default_pod
from steersman.api.resource import Context

CTX = Context(now=datetime(2026, 1, 1, tzinfo=UTC))


def _pod(**container):
    resources = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2"}}
    pod = {
        "metadata": {"name": "p", "namespace": "n", "labels": {"a": "b"}},
        "spec": {
            "containers": [{"name": "c", "image": "i", "resources": resources} | container],
            "serviceAccountName": "default",
        },
        "status": {"qosClass": "Burstable"},
    }
    default_pod(pod)
    return pod


def _resize(old, change):
    new = json.loads(json.dumps(old))
    change(new)
    prepare_resize(new, old, CTX)
    return new, [str(error) for error in validate_resize(new, old)]


def test_cpu_and_memory_may_change() -> None:
    def change(pod) -> None:
        pod["spec"]["containers"][0]["resources"]["requests"] = {"cpu": "1500m", "memory": "2Gi"}

    new, errors = _resize(_pod(), change)
    assert errors == []
    assert new["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "1500m"


def test_nothing_else_gets_through() -> None:
    def change(pod) -> None:
        pod["spec"]["containers"][0]["image"] = "other"
        pod["spec"]["nodeSelector"] = {"x": "y"}
        pod["metadata"]["labels"] = {}

    old = _pod()
    assert _resize(old, change) == (old, [])


def test_other_resources_are_refused() -> None:
    def change(pod) -> None:
        pod["spec"]["containers"][0]["resources"]["requests"]["ephemeral-storage"] = "1Gi"

    assert _resize(_pod(), change)[1] == ["spec: Forbidden: only cpu and memory resources are mutable"]


def test_amounts_are_changed_not_removed() -> None:
    def change(pod) -> None:
        pod["spec"]["containers"][0]["resources"]["limits"] = {}

    assert _resize(_pod(), change)[1] == [
        "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed"
    ]


def test_the_class_of_service_stays() -> None:
    def change(pod) -> None:
        amounts = {"cpu": "2", "memory": "1Gi"}
        pod["spec"]["containers"][0]["resources"] = {"requests": amounts, "limits": dict(amounts)}

    (text,) = _resize(_pod(), change)[1]
    assert text == 'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing'


def test_containers_stay_the_same() -> None:
    def change(pod) -> None:
        pod["spec"]["containers"].append({"name": "d", "image": "i"})

    assert "spec.containers: Forbidden: containers may not be added or removed on resize" in _resize(_pod(), change)[1]


def test_pods_that_the_kubelet_made_are_not_resized() -> None:
    old = _pod()
    old["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    assert [str(error) for error in validate_resize(old, old)] == ["[]: Forbidden: static pods cannot be resized"]
