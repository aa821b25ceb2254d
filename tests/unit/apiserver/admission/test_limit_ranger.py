from __future__ import annotations

import pytest

from steersman.api.core.limit_range import LIMIT_RANGES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.errors import Forbidden
from steersman.apiserver.admission.limit_ranger import ANNOTATION, LimitRanger

from .shelf import Shelf, container, pod, resources, review


def _plugin(*items, name="l"):
    shelf = Shelf()
    shelf.put(LIMIT_RANGES, {"spec": {"limits": list(items)}}, "ns", name=name)
    return LimitRanger(reader=shelf)


DEFAULTS = {"type": "Container", "default": {"cpu": "2", "memory": "1Gi"}, "defaultRequest": {"cpu": "1"}}


def test_containers_get_what_they_leave_out_and_the_pod_says_so():
    made = pod(
        container("a"), container("b", resources=resources(limits={"cpu": "5"})), initContainers=[container("i")]
    )
    _plugin(DEFAULTS).admit(review(PODS, made))
    whole = {"requests": {"cpu": "1"}, "limits": {"cpu": "2", "memory": "1Gi"}}
    assert [c["resources"] for c in made["spec"]["containers"]] == [
        whole,
        {"requests": {"cpu": "1"}, "limits": {"cpu": "5", "memory": "1Gi"}},
    ]
    assert made["spec"]["initContainers"][0]["resources"] == whole
    assert made["metadata"]["annotations"][ANNOTATION] == (
        "LimitRanger plugin set: cpu request for container a; cpu, memory limit for container a; "
        "cpu request for container b; memory limit for container b; "
        "cpu request for init container i; cpu, memory limit for init container i"
    )


def test_nothing_is_said_where_nothing_was_left_out():
    made = pod(container(resources={"requests": {"cpu": "1"}, "limits": {"cpu": "2", "memory": "1Gi"}}))
    _plugin(DEFAULTS).admit(review(PODS, made))
    assert "annotations" not in made["metadata"]


def test_updates_are_left_alone_but_resizes_are_not():
    for how, filled in (({}, False), ({"subresource": "status"}, False), ({"subresource": "resize"}, True)):
        made = pod()
        _plugin(DEFAULTS).admit(review(PODS, made, pod(), **how))
        assert bool(made["spec"]["containers"][0]["resources"]) is filled


def test_a_changed_range_is_seen():
    shelf = Shelf()
    plugin = LimitRanger(reader=shelf)
    plugin.admit(review(PODS, pod()))
    shelf.put(LIMIT_RANGES, {"spec": {"limits": [DEFAULTS]}}, "ns", name="l")
    made = pod()
    plugin.admit(review(PODS, made))
    assert made["spec"]["containers"][0]["resources"]


def test_bounds_of_pods_are_about_the_sum_or_what_the_pod_is_given():
    plugin = _plugin({"type": "Pod", "max": {"cpu": "3"}})
    one = container(resources=resources(limits={"cpu": "2"}))
    with pytest.raises(Forbidden, match="maximum cpu usage per Pod is 3, but limit is 4"):
        plugin.validate(review(PODS, pod(one, one)))
    plugin.validate(review(PODS, pod(one, one, resources=resources(limits={"cpu": "3"}))))
    sidecar = {**one, "restartPolicy": "Always"}
    with pytest.raises(Forbidden, match="limit is 4"):
        plugin.validate(review(PODS, pod(one, initContainers=[sidecar])))
    plugin.validate(review(PODS, pod(one, initContainers=[one])))


def test_bounds_of_claims_and_what_is_being_deleted_is_left_alone():
    plugin = _plugin({"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "2Gi"}})

    def claim(size, **metadata):
        return {"metadata": {"name": "c", **metadata}, "spec": {"resources": {"requests": {"storage": size}}}}

    plugin.validate(review(PERSISTENT_VOLUME_CLAIMS, claim("2Gi")))
    with pytest.raises(Forbidden, match="minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi"):
        plugin.validate(review(PERSISTENT_VOLUME_CLAIMS, claim("1Mi")))
    with pytest.raises(Forbidden, match="maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi"):
        plugin.validate(review(PERSISTENT_VOLUME_CLAIMS, claim("3Gi"), claim("1Gi")))
    gone = claim("1Gi", deletionTimestamp="2026-01-01T00:00:00Z")
    plugin.validate(review(PERSISTENT_VOLUME_CLAIMS, claim("3Gi"), gone))
