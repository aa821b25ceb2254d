"""Pods that label one volume differently are told."""

import pytest

from steersman.api.core.event import EVENTS
from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.storage.csi_driver import CSI_DRIVERS
from steersman.client.request import Key
from steersman.controllers.selinux_warning.controller import SELinuxWarning
from steersman.controllers.selinux_warning.labels import conflict, label_of, labels_by_volume
from steersman.controllers.selinux_warning.uses import Conflict, Use, Uses

from .kubelets import prepare

A, B, FAR = Key("ns", "a"), Key("ns", "b"), Key("far", "c")


def test_a_label_is_what_is_given():
    assert label_of({"type": "t", "level": "s0:c1,c2"}) == "::t:s0:c1,c2"
    assert label_of({"user": ""}) == ""


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("u:r:t:s0:c1,c2", ":::s0:c1,c2", False),
        ("u:r:t:s0:c1,c2", ":::s0:c98,c99", True),
        (":::s0:c1,c2", "", True),
        ("u:r:t:s0", "u:r:other:s0", True),
        ("", "", False),
    ],
)
def test_empty_parts_go_with_anything_but_for_the_level(one, other, expected):
    assert conflict(one, other) is conflict(other, one) is expected


def test_a_container_asks_for_itself_or_as_its_pod_does():
    mount = [{"name": "v", "mountPath": "/v"}]
    own = {"name": "own", "volumeMounts": mount, "securityContext": {"seLinuxOptions": {"level": "s1"}}}
    spec = {"securityContext": {"seLinuxOptions": {"level": "s0"}}, "containers": [own]}
    assert labels_by_volume({"spec": spec}) == {"v": {":::s1"}}
    spec["initContainers"] = [{"name": "i", "volumeMounts": mount}]
    assert labels_by_volume({"spec": spec}) == {"v": {":::s0", ":::s1"}}
    assert labels_by_volume({"spec": {"containers": [{"name": "c", "volumeMounts": mount}]}}) == {"v": set()}


def test_both_pods_of_a_conflict_are_told_once():
    uses = Uses()
    assert uses.note("v", "d", A, Use("x", "MountOption")) == []
    found = uses.note("v", "d", B, Use("", "Recursive"))
    assert [(each.what, each.pod, each.other) for each in found] == [
        ("SELinuxChangePolicy", B, A),
        ("SELinuxChangePolicy", A, B),
    ]
    assert uses.note("v", "d", B, Use("", "Recursive")) == []
    assert len(list(uses.conflicts())) == 2
    assert uses.pods_of_driver("d") == {A, B}
    uses.forget(A)
    assert list(uses.conflicts()) == []
    uses.forget(B)
    assert uses.pods_of_driver("d") == set()


def test_pods_of_other_namespaces_are_not_named():
    near, far = Conflict("SELinuxLabel", A, "x", B, "y"), Conflict("SELinuxLabel", A, "x", FAR, "y")
    assert near.reason == "SELinuxLabelConflict"
    assert near.message.startswith(
        'SELinuxLabel "x" conflicts with pod b that uses the same volume as this pod with SELinuxLabel "y". If both'
    )
    assert "c" not in far.message.split()
    assert '"y"' not in far.message


# -- with an API server


async def make_volume(client):
    """A claim `v` and its volume."""
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}, "volumeName": "v"}
    made = {"metadata": {"namespace": "default", "name": "v"}, "spec": spec}
    claim = await client.create(PERSISTENT_VOLUME_CLAIMS, made)
    await client.update_status(PERSISTENT_VOLUME_CLAIMS, claim | {"status": {"phase": "Bound"}})
    reference = {"namespace": "default", "name": "v", "uid": claim["metadata"]["uid"]}
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteMany"],
        "claimRef": reference,
        "csi": {"driver": "d.io", "volumeHandle": "h"},
    }
    await client.create(PERSISTENT_VOLUMES, {"metadata": {"name": "v"}, "spec": spec})


async def make_pod(client, name, *, level="", **context):
    options = {"seLinuxOptions": {"level": level}} if level else {}
    spec = {
        "containers": [{"name": "c", "image": "c", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "v"}}],
        "securityContext": {**options, **context},
    }
    await client.create(PODS, {"metadata": {"namespace": "default", "name": name}, "spec": spec})


async def told(client):
    found = (await client.list(EVENTS, namespace="default"))["items"]
    return sorted((each["involvedObject"]["name"], each["reason"]) for each in found)


@pytest.fixture
async def shared(bench):
    await prepare(bench)
    await bench.client.create(CSI_DRIVERS, {"metadata": {"name": "d.io"}, "spec": {"seLinuxMount": True}})
    await make_volume(bench.client)
    return bench


@pytest.mark.virtual_time
async def test_different_levels_are_told_to_both_pods(shared):
    await make_pod(shared.client, "a", level="s0:c1,c2")
    await shared.start(SELinuxWarning)
    await make_pod(shared.client, "b", level="s0:c3,c4")
    await shared.settle()
    assert await told(shared.client) == [("a", "SELinuxLabelConflict"), ("b", "SELinuxLabelConflict")]


@pytest.mark.virtual_time
async def test_equal_levels_and_pods_that_have_ended_are_no_conflict(shared):
    await make_pod(shared.client, "a", level="s0:c1,c2")
    await make_pod(shared.client, "b", level="s0:c1,c2")
    await make_pod(shared.client, "ended", level="s0:c3,c4")
    await shared.client.patch(PODS, Key("default", "ended"), {"status": {"phase": "Succeeded"}}, subresource="status")
    await shared.start(SELinuxWarning)
    assert await told(shared.client) == []


@pytest.mark.virtual_time
async def test_policies_matter_once_the_driver_mounts_with_labels(shared):
    client = shared.client
    await client.patch(CSI_DRIVERS, Key("", "d.io"), {"spec": {"seLinuxMount": False}})
    await make_pod(client, "a", level="s0:c1,c2")
    await make_pod(client, "b", level="s0:c1,c2", seLinuxChangePolicy="Recursive")
    await shared.start(SELinuxWarning)
    assert await told(client) == []
    await client.patch(CSI_DRIVERS, Key("", "d.io"), {"spec": {"seLinuxMount": True}})
    await shared.settle()
    assert ("a", "SELinuxChangePolicyConflict") in await told(client)
    assert ("b", "SELinuxChangePolicyConflict") in await told(client)


@pytest.mark.virtual_time
async def test_two_labels_inside_one_pod_are_told(shared):
    mount = [{"name": "data", "mountPath": "/data"}]
    containers = [
        {
            "name": f"c{level}",
            "image": "c",
            "volumeMounts": mount,
            "securityContext": {"seLinuxOptions": {"level": level}},
        }
        for level in ("s0", "s1")
    ]
    volumes = [{"name": "data", "emptyDir": {}}]
    spec = {"containers": containers, "volumes": volumes, "automountServiceAccountToken": False}
    await shared.client.create(PODS, {"metadata": {"namespace": "default", "name": "a"}, "spec": spec})
    await shared.start(SELinuxWarning)
    assert await told(shared.client) == [("a", "MultipleSELinuxLabels")]
