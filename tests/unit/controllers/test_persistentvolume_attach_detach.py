"""Volumes come to the nodes of the pods that use them, and leave in the right order."""

import pytest

from steersman.api.core.event import EVENTS
from steersman.api.core.node import NODES
from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.errors import NotFound
from steersman.api.storage.csi_driver import CSI_DRIVERS
from steersman.api.storage.volume_attachment import VOLUME_ATTACHMENTS
from steersman.client.request import Key, PatchType
from steersman.controllers.node_volumes import Volume
from steersman.controllers.persistentvolume_attach_detach import told
from steersman.controllers.persistentvolume_attach_detach.books import Books, State
from steersman.controllers.persistentvolume_attach_detach.controller import (
    MANAGED,
    OUT_OF_SERVICE,
    Detaching,
    PersistentVolumeAttachDetach,
)
from steersman.controllers.persistentvolume_attach_detach.volumes import attachment_name, uses_volumes

from .kubelets import prepare

DISK = Volume("kubernetes.io/csi/d.io^h1", "v", "d.io", "h1", shared=False)


# -- pure parts


def test_the_name_of_an_attachment_is_made_of_handle_driver_and_node():
    assert len(attachment_name(DISK, "n1")) == 68
    assert attachment_name(DISK, "n1") != attachment_name(DISK, "n2")


def test_a_deleted_pod_uses_its_volumes_while_a_container_runs():
    deleted = {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert uses_volumes({"metadata": {}, "status": {"phase": "Pending"}})
    assert not uses_volumes({"metadata": {}, "status": {"phase": "Succeeded"}})
    assert uses_volumes(deleted | {"status": {"containerStatuses": [{"state": {"running": {}}}]}})
    assert not uses_volumes(deleted | {"status": {"containerStatuses": [{"state": {"terminated": {}}}]}})
    assert not uses_volumes(deleted)


def named_pod(name, namespace="ns", node="n1"):
    return {"metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}"}, "spec": {"nodeName": node}}


def test_a_pod_that_waits_learns_names_of_its_own_namespace_only():
    here, there = named_pod("a"), named_pod("b", "other")
    waiting = named_pod("c")
    start = 'Waiting for detach for volume "v" Volume is already '
    assert told.waits(DISK, waiting, [here]) == f"{start}used by pod(s) a"
    assert told.waits(DISK, waiting, [here, there]).endswith("pod(s) a and 1 pod(s) in different namespaces")
    assert told.waits(DISK, waiting, [there]) == f"{start}used by 1 pod(s) in different namespaces"
    assert told.waits(DISK, waiting, []).startswith(f"{start}exclusively attached to one node, waiting on detach")


def test_what_pods_want_is_counted_by_pod():
    books = Books()
    assert books.want(named_pod("a"), [DISK]) == {DISK.name}
    assert books.want(named_pod("b"), [DISK]) == {DISK.name}
    assert books.want(named_pod("b"), [DISK]) == set()
    books.give_up("uid-a")
    assert set(books.wishes(DISK.name)) == {"n1"}
    assert books.give_up("uid-b", "another") == set()
    assert books.give_up("uid-b") == {DISK.name}
    assert books.wishes(DISK.name) == {}
    assert books.wanted_volumes() == []


def test_failures_are_further_and_further_apart():
    attachment = Books().attach(DISK, "n1", State.ATTACHING, 0.0)
    waits = []
    for _ in range(10):
        attachment.fail(0.0)
        waits.append(attachment.retry_at)
    assert waits == [0.5, 1, 2, 4, 8, 16, 32, 64, 122, 122]


# -- with an API server


async def make_node(client, name="n1", *, managed=True, ready=True):
    node = await client.create(NODES, {"metadata": {"name": name, "annotations": {MANAGED: "true"} if managed else {}}})
    condition = {"type": "Ready", "status": "True" if ready else "Unknown"}
    await client.update_status(NODES, node | {"status": {"conditions": [condition]}})


async def make_volume(client, name="v", *, mode="ReadWriteOnce", source=None):
    """A claim and a volume that are bound to each other, both of the name."""
    spec = {"accessModes": [mode], "resources": {"requests": {"storage": "1Gi"}}, "volumeName": name}
    claim = await client.create(
        PERSISTENT_VOLUME_CLAIMS, {"metadata": {"namespace": "default", "name": name}, "spec": spec}
    )
    bound = {"phase": "Bound", "accessModes": [mode], "capacity": {"storage": "1Gi"}}
    await client.update_status(PERSISTENT_VOLUME_CLAIMS, claim | {"status": bound})
    reference = {"kind": "PersistentVolumeClaim", "namespace": "default", "name": name, "uid": claim["metadata"]["uid"]}
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": [mode],
        "persistentVolumeReclaimPolicy": "Retain",
        "claimRef": reference,
        **(source or {"csi": {"driver": "d.io", "volumeHandle": f"h-{name}"}}),
    }
    await client.create(PERSISTENT_VOLUMES, {"metadata": {"name": name}, "spec": spec})


async def make_pod(client, name="p", *, node="n1", volume="v"):
    spec = {
        "nodeName": node,
        "containers": [{"name": "c", "image": "c"}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": volume}}],
        "automountServiceAccountToken": False,
    }
    return await client.create(PODS, {"metadata": {"namespace": "default", "name": name}, "spec": spec})


async def attachments(client):
    found = (await client.list(VOLUME_ATTACHMENTS))["items"]
    return {each["spec"]["nodeName"]: each for each in found}


async def answer(client, node="n1", **status):
    """As the driver's attacher does."""
    found = (await attachments(client))[node]
    await client.update_status(VOLUME_ATTACHMENTS, found | {"status": {"attached": False, **status}})


async def named_by(client, node="n1"):
    status = (await client.get(NODES, Key("", node)))["status"]
    return [each["name"] for each in status.get("volumesAttached") or ()]


async def use(client, *names, node="n1"):
    """As a kubelet does."""
    patch = {"status": {"volumesInUse": list(names) or None}}
    await client.patch(NODES, Key("", node), patch, kind=PatchType.STRATEGIC, subresource="status")


async def events(client):
    found = (await client.list(EVENTS, namespace="default"))["items"]
    return [(each["involvedObject"]["name"], each["reason"], each["message"]) for each in found]


async def drop_pod(client, name="p"):
    await client.delete(PODS, Key("default", name), grace_s=0)


@pytest.fixture
async def bench(bench):
    """In whose namespace pods can be made."""
    await prepare(bench)
    return bench


UNIQUE = "kubernetes.io/csi/d.io^h-v"


@pytest.fixture
async def attached(bench):
    """A controller, and a volume that is attached to n1 for the pod p, and in use there."""
    await make_node(bench.client)
    await make_volume(bench.client)
    await make_pod(bench.client)
    await bench.start(PersistentVolumeAttachDetach)
    await answer(bench.client, attached=True)
    await bench.settle()
    await use(bench.client, UNIQUE)
    await bench.settle()
    return bench


@pytest.mark.virtual_time
async def test_a_scheduled_pods_volume_is_attached_and_its_node_says_so(bench):
    client = bench.client
    await make_node(client)
    await make_volume(client)
    await bench.start(PersistentVolumeAttachDetach)
    await make_pod(client)
    await bench.settle()
    (found,) = (await attachments(client)).values()
    assert found["spec"] == {"attacher": "d.io", "nodeName": "n1", "source": {"persistentVolumeName": "v"}}
    assert await named_by(client) == []
    await answer(client, attached=True)
    await bench.settle()
    assert await named_by(client) == [UNIQUE]
    assert await events(client) == [("p", "SuccessfulAttachVolume", 'AttachVolume.Attach succeeded for volume "v" ')]


@pytest.mark.virtual_time
async def test_nothing_is_attached_to_a_node_that_does_it_itself_or_for_a_driver_that_needs_none(bench):
    client = bench.client
    await make_node(client, "self", managed=False)
    await make_node(client, "n1")
    await client.create(CSI_DRIVERS, {"metadata": {"name": "d.io"}, "spec": {"attachRequired": False}})
    await make_volume(client)
    await make_volume(client, "w", source={"csi": {"driver": "e.io", "volumeHandle": "h"}})
    await make_pod(client, "a")
    await make_pod(client, "b", node="self", volume="w")
    await bench.start(PersistentVolumeAttachDetach)
    assert await attachments(client) == {}


@pytest.mark.virtual_time
async def test_what_needs_no_driver_is_attached_at_once(bench):
    client = bench.client
    await make_node(client)
    source = {"iscsi": {"targetPortal": "1.2.3.4", "iqn": "iqn.2015-06.x:y", "lun": 0}}
    await make_volume(client, source=source)
    await make_pod(client)
    await bench.start(PersistentVolumeAttachDetach)
    assert await named_by(client) == ["kubernetes.io/iscsi/1.2.3.4:iqn.2015-06.x:y:0"]
    await drop_pod(client)
    await bench.settle()
    assert await named_by(client) == []


@pytest.mark.virtual_time
async def test_a_volume_leaves_when_no_pod_needs_it_and_its_node_uses_it_no_more(attached):
    client = attached.client
    await drop_pod(client)
    await attached.settle(60)
    assert set(await attachments(client)) == {"n1"}  # the node says that it uses it
    assert await named_by(client) == [UNIQUE]
    await use(client)
    await attached.settle()
    assert await attachments(client) == {}
    assert await named_by(client) == []


@pytest.mark.virtual_time
async def test_an_unhealthy_node_keeps_a_volume_for_six_minutes(attached):
    client = attached.client
    node = await client.get(NODES, Key("", "n1"))
    node["status"]["conditions"] = [{"type": "Ready", "status": "Unknown"}]
    await client.update_status(NODES, node)
    await drop_pod(client)
    await attached.settle(355)
    assert set(await attachments(client)) == {"n1"}
    await attached.settle(10)
    assert await attachments(client) == {}


@pytest.mark.virtual_time
async def test_a_healthy_node_is_never_robbed(attached):
    await drop_pod(attached.client)
    await attached.settle(3600)
    assert set(await attachments(attached.client)) == {"n1"}


@pytest.mark.virtual_time
async def test_a_node_out_of_service_loses_its_volumes_at_once(attached):
    client = attached.client
    taint = {"key": OUT_OF_SERVICE, "value": "x", "effect": "NoExecute"}
    await client.patch(NODES, Key("", "n1"), {"spec": {"taints": [taint]}})
    await drop_pod(client)
    await attached.settle()
    assert await attachments(client) == {}


@pytest.mark.virtual_time
async def test_forcing_can_be_turned_off(bench):
    client = bench.client
    await make_node(client, ready=False)
    await make_volume(client)
    await make_pod(client)
    await bench.start(PersistentVolumeAttachDetach, settings=Detaching(force_after_s=None))
    await answer(client, attached=True)
    await bench.settle()
    await use(client, UNIQUE)
    await drop_pod(client)
    await bench.settle(3600)
    assert set(await attachments(client)) == {"n1"}


@pytest.mark.virtual_time
async def test_a_volume_for_one_node_waits_and_its_pod_is_told(attached):
    client = attached.client
    await make_node(client, "n2")
    await make_pod(client, "q", node="n2")
    await attached.settle()
    assert set(await attachments(client)) == {"n1"}
    message = 'Waiting for detach for volume "v" Volume is already used by pod(s) p'
    assert ("q", "FailedAttachVolume", message) in await events(client)
    await use(client)
    await drop_pod(client)
    await attached.settle()
    assert set(await attachments(client)) == {"n2"}


@pytest.mark.virtual_time
async def test_a_volume_for_many_nodes_does_not_wait(bench):
    client = bench.client
    for node in ("n1", "n2"):
        await make_node(client, node)
    await make_volume(client, mode="ReadWriteMany")
    await make_pod(client, "p")
    await make_pod(client, "q", node="n2")
    await bench.start(PersistentVolumeAttachDetach)
    assert set(await attachments(client)) == {"n1", "n2"}


@pytest.mark.virtual_time
async def test_a_failure_is_told_and_tried_again(bench):
    client = bench.client
    await make_node(client)
    await make_volume(client)
    await make_pod(client)
    await bench.start(PersistentVolumeAttachDetach)
    await answer(client, attachError={"message": "no disk"})
    await bench.settle(3)
    message = 'AttachVolume.Attach failed for volume "v" : no disk'
    assert ("p", "FailedAttachVolume", message) in await events(client)
    await answer(client, attached=True)
    await bench.settle(10)
    assert await named_by(client) == [UNIQUE]


@pytest.mark.virtual_time
async def test_a_driver_that_says_nothing_for_two_minutes_has_failed(bench):
    client = bench.client
    await make_node(client)
    await make_volume(client)
    await make_pod(client)
    await bench.start(PersistentVolumeAttachDetach)
    await bench.settle(118)
    assert await events(client) == []
    await bench.settle(4)
    ((_, _, message),) = await events(client)
    assert message.endswith("timed out waiting for external-attacher of d.io CSI driver to attach volume h-v")


@pytest.mark.virtual_time
async def test_attachments_that_others_make_are_theirs(bench):
    client = bench.client
    await make_node(client)
    await make_volume(client)
    await bench.start(PersistentVolumeAttachDetach)
    body = {"attacher": "d.io", "nodeName": "n1", "source": {"persistentVolumeName": "v"}}
    await client.create(VOLUME_ATTACHMENTS, {"metadata": {"name": "mine"}, "spec": body})
    await bench.settle(600)
    assert set(await attachments(client)) == {"n1"}


@pytest.mark.virtual_time
async def test_what_was_attached_before_the_start_is_detached_if_nobody_needs_it(bench):
    client = bench.client
    await make_node(client)
    await make_volume(client)
    volume = Volume(UNIQUE, "v", "d.io", "h-v")
    body = {"attacher": "d.io", "nodeName": "n1", "source": {"persistentVolumeName": "v"}}
    await client.create(VOLUME_ATTACHMENTS, {"metadata": {"name": attachment_name(volume, "n1")}, "spec": body})
    patch = {"status": {"volumesAttached": [{"name": UNIQUE, "devicePath": ""}, {"name": "x/y", "devicePath": ""}]}}
    await client.patch(NODES, Key("", "n1"), patch, kind=PatchType.STRATEGIC, subresource="status")
    await bench.start(PersistentVolumeAttachDetach)
    assert await attachments(client) == {}
    assert await named_by(client) == []


@pytest.mark.virtual_time
async def test_what_is_attached_no_more_is_asked_for_again(attached):
    client = attached.client
    (found,) = (await attachments(client)).values()
    await client.delete(VOLUME_ATTACHMENTS, Key("", found["metadata"]["name"]))
    await attached.settle(61)
    (again,) = (await attachments(client)).values()
    assert again["metadata"]["uid"] != found["metadata"]["uid"]
    assert await named_by(client) == []


@pytest.mark.virtual_time
async def test_a_volume_is_detached_only_when_the_driver_is_done(attached):
    client = attached.client
    (found,) = (await attachments(client)).values()
    key = Key("", found["metadata"]["name"])
    await client.patch(VOLUME_ATTACHMENTS, key, {"metadata": {"finalizers": ["d.io/attacher"]}})
    await make_node(client, "n2")
    await make_pod(client, "q", node="n2")
    await use(client)
    await drop_pod(client)
    await attached.settle(20)
    assert set(await attachments(client)) == {"n1"}
    await client.patch(VOLUME_ATTACHMENTS, key, {"metadata": {"finalizers": None}})
    await attached.settle()
    assert set(await attachments(client)) == {"n2"}
    with pytest.raises(NotFound):
        await client.get(VOLUME_ATTACHMENTS, key)
