"""Volumes and claims find each other."""

from __future__ import annotations

import pytest

from steersman.api.core.event import EVENTS
from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.storage.storage_class import STORAGE_CLASSES
from steersman.client.request import Key
from steersman.controllers.persistentvolume_binder.claims import (
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    SELECTED_NODE,
    AssignClass,
    Bind,
    Fail,
    Lose,
    Provision,
    Wait,
    bound_claim,
    claim_status,
    default_class,
    plan_claim,
    with_provisioner,
)
from steersman.controllers.persistentvolume_binder.controller import (
    PersistentVolumeBinder,
    unbound_class,
    waiting_pods,
)
from steersman.controllers.persistentvolume_binder.matching import best_match, mismatch
from steersman.controllers.persistentvolume_binder.volumes import (
    MIGRATED_TO,
    PROVISIONED_BY,
    Mismatch,
    Phase,
    Unbind,
    bound_volume,
    plan_volume,
    unbound_volume,
)

from .volumes import claim, user, volume

REFERENCE = {"namespace": "ns", "name": "c"}
MINE = REFERENCE | {"uid": "uid-c"}


def free(name="v", **more):
    return volume(name, phase="Available", **more)


def plan(obj, *volumes, classes=(), waiting=()):
    return plan_claim(
        obj, volumes={each["metadata"]["name"]: each for each in volumes}, classes=classes, waiting=waiting
    )


def storage_class(name="fast", **more):
    metadata = {"name": name, **more.pop("metadata", {})}
    return {"metadata": metadata, "provisioner": "x.io/prov", "volumeBindingMode": "Immediate", **more}


# -- matching


def test_the_smallest_that_fits_with_the_fewest_modes_is_best():
    many = ("ReadWriteOnce", "ReadWriteMany")
    volumes = [
        free("big", size="3Gi"),
        free("small", size="1Gi"),
        free("mid", size="2Gi"),
        free("m", modes=many, size="2Gi"),
    ]

    def best(**more):
        found = best_match(claim(**more), volumes, delayed=False)
        return found and found["metadata"]["name"]

    assert best() == "small"
    assert best(size="1500Mi") == "mid"
    assert best(modes=("ReadWriteMany",)) == "m"
    assert best(size="4Gi") is None
    assert best(storageClassName="other") is None
    assert best(volumeMode="Block") is None
    assert best(volumeAttributesClassName="x") is None


@pytest.mark.parametrize(
    "other",
    [
        volume(phase="Released"),
        volume(),
        free(metadata={"deletionTimestamp": "T"}),
        free(claimRef={"namespace": "ns", "name": "other"}),
        free(claimRef=REFERENCE | {"uid": "former"}),
    ],
)
def test_what_is_not_free_is_no_match(other):
    assert best_match(claim(), [other], delayed=False) is None


def test_a_volume_that_names_the_claim_is_its_even_when_it_waits_for_a_pod():
    meant = volume(claimRef=REFERENCE)
    assert best_match(claim(), [free("a"), meant], delayed=True) is meant
    assert best_match(claim(), [free("a")], delayed=True) is None


def test_a_selector_chooses():
    labelled = free("x", metadata={"labels": {"l": "y"}})
    wanted = claim(selector={"matchLabels": {"l": "y"}})
    assert best_match(wanted, [free("a"), labelled], delayed=False) is labelled


def test_why_a_volume_asked_for_by_name_is_refused():
    assert mismatch(volume(), claim()) == ""
    assert mismatch(volume(metadata={"deletionTimestamp": "T"}), claim()) == 'the volume is marked for deletion "v"'
    assert mismatch(volume(), claim(size="2Gi")) == "requested PV is too small"
    assert mismatch(volume(), claim(storageClassName="x")) == "storageClassName does not match"
    assert mismatch(volume(), claim(volumeAttributesClassName="x")) == "volumeAttributesClassName does not match"
    assert mismatch(volume(), claim(volumeMode="Block")) == "incompatible volumeMode"
    assert mismatch(volume(), claim(modes=("ReadWriteMany",))) == "incompatible accessMode"


# -- claims


def test_a_claim_takes_what_fits_or_says_that_nothing_does():
    fitting = free()
    assert plan(claim(), fitting) == Bind(fitting)
    waits = plan(claim(storageClassName=""))
    assert isinstance(waits, Wait)
    assert waits.event is not None
    assert (waits.event.type, waits.event.reason) == ("Normal", "FailedBinding")


def test_a_claim_waits_silently_for_a_volume_that_is_just_being_looked_at():
    assert plan(claim(storageClassName="fast"), volume(storageClassName="fast")) == Wait()
    assert plan(claim(storageClassName="fast"), volume(phase="Pending", storageClassName="fast")) == Wait()


def test_a_claim_that_names_a_volume_gets_that_or_none():
    named = claim(volumeName="v")
    assert plan(named) == Wait()
    assert plan(named, volume()) == Bind(volume())
    assert plan(named, volume(claimRef=REFERENCE)) == Bind(volume(claimRef=REFERENCE))
    for other, reason in ((volume(size="1Mi"), "VolumeMismatch"), (volume(claimRef={"name": "x"}), "FailedBinding")):
        waits = plan(named, other)
        assert isinstance(waits, Wait)
        assert waits.event is not None
        assert (waits.event.type, waits.event.reason) == ("Warning", reason)


def test_a_bound_claim_may_lose_its_volume():
    bound = claim(volumeName="v", metadata={"annotations": {BIND_COMPLETED: "yes"}})
    assert plan(bound, volume(claimRef=MINE)) == Bind(volume(claimRef=MINE))
    assert plan(bound, volume()) == Bind(volume())
    for volumes, reason in (((), "ClaimLost"), ((volume(claimRef=REFERENCE | {"uid": "x"}),), "ClaimMisbound")):
        lost = plan(bound, *volumes)
        assert isinstance(lost, Lose)
        assert lost.event.reason == reason


def test_drivers_make_volumes():
    wants = claim(storageClassName="fast")
    assert plan(wants, classes=[storage_class()]) == Provision("x.io/prov")
    migrated = storage_class(provisioner="kubernetes.io/gce-pd")
    assert plan(wants, classes=[migrated]) == Provision("pd.csi.storage.gke.io")
    for classes, message in (
        ([], 'storageclass.storage.k8s.io "fast" not found'),
        ([storage_class(provisioner="kubernetes.io/no-provisioner")],
         "no volume plugin matched name: kubernetes.io/no-provisioner"),
    ):  # fmt: skip
        failed = plan(wants, classes=classes)
        assert isinstance(failed, Fail)
        assert (failed.event.reason, failed.event.message) == ("ProvisioningFailed", message)


def test_a_claim_may_wait_for_its_first_pod():
    late = storage_class(volumeBindingMode="WaitForFirstConsumer")
    wants = claim(storageClassName="fast")
    for waiting, reason in (((), "WaitForFirstConsumer"), (("a", "b"), "WaitForPodScheduled")):
        waits = plan(wants, free(storageClassName="fast"), classes=[late], waiting=waiting)
        assert isinstance(waits, Wait)
        assert waits.event is not None
        assert waits.event.reason == reason
    chosen = claim(storageClassName="fast", metadata={"annotations": {SELECTED_NODE: "n1"}})
    assert plan(chosen, classes=[late]) == Provision("x.io/prov")
    assert waiting_pods([user("b", node=""), user("a", node=""), user(), user("x", node="", phase="Failed")]) == [
        "a",
        "b",
    ]


def test_a_claim_without_a_class_gets_the_newest_default():
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    old = storage_class("old", metadata={"annotations": annotations, "creationTimestamp": "2025-01-01T00:00:00Z"})
    new = storage_class("new", metadata={"annotations": annotations, "creationTimestamp": "2026-01-01T00:00:00Z"})
    assert plan(claim(), classes=[new, old, storage_class()]) == AssignClass("new")
    assert default_class([storage_class()]) is None


def test_what_is_written_into_a_claim():
    named = bound_claim(claim(), volume())
    assert named is not None
    assert named["spec"]["volumeName"] == "v"
    assert named["metadata"]["annotations"] == {BIND_COMPLETED: "yes", BOUND_BY_CONTROLLER: "yes"}
    assert bound_claim(named, volume()) is None
    asked = bound_claim(claim(volumeName="v"), volume())
    assert asked is not None
    assert asked["metadata"]["annotations"] == {BIND_COMPLETED: "yes"}
    provisioned = with_provisioner(claim(), "p")
    assert provisioned is not None
    assert with_provisioner(provisioned, "p") is None


def test_the_status_of_a_claim():
    bound = claim_status(claim(phase="Pending"), "Bound", volume(size="5Gi"))
    assert bound is not None
    assert bound["status"] == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "5Gi"}}
    assert claim_status(bound, "Bound", volume(size="9Gi")) is None
    lost = claim_status(bound, "Lost", None)
    assert lost is not None
    assert lost["status"] == {"phase": "Lost"}
    assert claim_status(claim(phase="Pending"), "Pending", None) is None


# -- volumes


def test_phases_of_a_volume():
    assert plan_volume(volume(), None) == (Phase("Available"),)
    assert plan_volume(volume(claimRef=REFERENCE), None) == (Phase("Available"),)
    assert plan_volume(volume(claimRef=MINE), claim(volumeName="v")) == (Phase("Bound"),)
    assert plan_volume(volume(claimRef=MINE), claim()) == ()
    (mismatched,) = plan_volume(volume(claimRef=MINE), claim(volumeMode="Block"))
    assert isinstance(mismatched, Mismatch)


def test_a_volume_without_its_claim_is_released_and_reclaimed():
    def released(**more):
        return plan_volume(volume(claimRef=MINE, phase="Bound", **more), None)

    assert released() == (Phase("Released"),)
    assert plan_volume(volume(claimRef=MINE, phase="Released"), None) == ()
    assert released(persistentVolumeReclaimPolicy="Delete", csi={"driver": "x"}) == (Phase("Released"),)
    made = {"annotations": {PROVISIONED_BY: "x.io"}}
    assert released(persistentVolumeReclaimPolicy="Delete", metadata=made) == (Phase("Released"),)
    migrated = {"annotations": {MIGRATED_TO: "x.io"}}
    assert released(persistentVolumeReclaimPolicy="Recycle", metadata=migrated) == (Phase("Released"),)
    for policy, reason in (("Delete", "VolumeFailedDelete"), ("Recycle", "VolumeFailedRecycle")):
        _, failed = released(persistentVolumeReclaimPolicy=policy)
        assert isinstance(failed, Phase)
        assert failed.event is not None
        assert (failed.name, failed.event.reason) == ("Failed", reason)


def test_a_volume_whose_claim_has_another_is_given_back():
    assert plan_volume(volume(claimRef=MINE), claim(volumeName="other")) == (Unbind(),)
    metadata = {"annotations": {BOUND_BY_CONTROLLER: "yes"}}
    back = unbound_volume(volume(claimRef=MINE, metadata=metadata))
    assert "claimRef" not in back["spec"]
    assert back["metadata"]["annotations"] == {}
    assert unbound_volume(volume(claimRef=MINE))["spec"]["claimRef"] == REFERENCE


def test_what_is_written_into_a_volume():
    bound = bound_volume(volume(), claim())
    assert bound is not None
    assert bound["spec"]["claimRef"] | MINE == bound["spec"]["claimRef"]
    assert bound["metadata"]["annotations"] == {BOUND_BY_CONTROLLER: "yes"}
    assert bound_volume(bound, claim()) is None
    meant = bound_volume(volume(claimRef=REFERENCE), claim())
    assert meant is not None
    assert "annotations" not in meant["metadata"]
    assert unbound_class(claim(storageClassName="x")) == ("x",)
    assert unbound_class(claim(volumeName="x")) == ()


# -- all together


NEW_VOLUME = {
    "capacity": {"storage": "1Gi"},
    "accessModes": ["ReadWriteOnce"],
    "hostPath": {"path": "/x"},
    "storageClassName": "fast",
}
NEW_CLAIM = {
    "accessModes": ["ReadWriteOnce"],
    "resources": {"requests": {"storage": "1Gi"}},
    "storageClassName": "fast",
}
PLACE = Key("default", "c")


async def make(bench, resource, name, spec):
    namespace = {"namespace": "default"} if resource is PERSISTENT_VOLUME_CLAIMS else {}
    await bench.client.create(resource, {"metadata": {"name": name, **namespace}, "spec": spec})
    await bench.settle()


async def phase(bench, resource, key):
    return (await bench.client.get(resource, key))["status"].get("phase")


@pytest.mark.virtual_time
async def test_a_claim_and_a_volume_bind_and_part(bench):
    await bench.start(PersistentVolumeBinder)
    await make(bench, PERSISTENT_VOLUME_CLAIMS, "c", NEW_CLAIM)
    assert await phase(bench, PERSISTENT_VOLUME_CLAIMS, PLACE) == "Pending"
    await make(bench, PERSISTENT_VOLUMES, "v", NEW_VOLUME)
    assert await phase(bench, PERSISTENT_VOLUMES, Key("", "v")) == "Bound"
    assert await phase(bench, PERSISTENT_VOLUME_CLAIMS, PLACE) == "Bound"
    made = await bench.client.get(PERSISTENT_VOLUME_CLAIMS, PLACE)
    await bench.client.update(PERSISTENT_VOLUME_CLAIMS, made | {"metadata": made["metadata"] | {"finalizers": []}})
    await bench.client.delete(PERSISTENT_VOLUME_CLAIMS, PLACE)
    await bench.settle()
    assert await phase(bench, PERSISTENT_VOLUMES, Key("", "v")) == "Released"


@pytest.mark.virtual_time
async def test_many_claims_and_volumes_pair_up(bench):
    await bench.start(PersistentVolumeBinder)
    for number in range(5):
        await make(bench, PERSISTENT_VOLUMES, f"v{number}", NEW_VOLUME)
        await bench.client.create(
            PERSISTENT_VOLUME_CLAIMS, {"metadata": {"name": f"c{number}", "namespace": "default"}, "spec": NEW_CLAIM}
        )
    await bench.settle(60)
    found = (await bench.client.list(PERSISTENT_VOLUME_CLAIMS))["items"]
    assert {each["status"]["phase"] for each in found} == {"Bound"}
    assert len({each["spec"]["volumeName"] for each in found}) == 5


@pytest.mark.virtual_time
async def test_a_driver_is_asked_when_its_class_appears(bench):
    await bench.start(PersistentVolumeBinder)
    await make(bench, PERSISTENT_VOLUME_CLAIMS, "c", NEW_CLAIM)
    await bench.client.create(STORAGE_CLASSES, {"metadata": {"name": "fast"}, "provisioner": "x.io/prov"})
    await bench.settle()
    annotations = (await bench.client.get(PERSISTENT_VOLUME_CLAIMS, PLACE))["metadata"]["annotations"]
    assert annotations["volume.kubernetes.io/storage-provisioner"] == "x.io/prov"
    events = (await bench.client.list(EVENTS, namespace="default"))["items"]
    assert {event["reason"] for event in events} == {"ProvisioningFailed", "ExternalProvisioning"}
    assert {event["source"]["component"] for event in events} == {"persistentvolume-controller"}
