"""Pods go where their volumes are, or can be made."""

from __future__ import annotations

import pytest

from steersman.client.request import Key
from steersman.scheduler.cycle import Profile, decide
from steersman.scheduler.events import (
    CAPACITY_UPDATED,
    CLAIM_ADDED,
    CSI_DRIVER_UPDATED,
    CSI_NODE_UPDATED,
    NODE_UPDATED,
    STORAGE_CLASS_UPDATED,
    VOLUME_UPDATED,
    Event,
)
from steersman.scheduler.framework import SKIP, PluginError
from steersman.scheduler.plugins.volume_binding.commitment import Commitment
from steersman.scheduler.plugins.volume_binding.plugin import VolumeBinding
from steersman.scheduler.snapshot import snapshot_of

from ..nodes import node, pod, refused, scored
from ..volumes import Bench, claim, csi_node, storage_class, user, volume

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
NODES = [node(name, labels={HOST: name, ZONE: f"z-{name}"}) for name in "abc"]
NO_VOLUME = ["node(s) didn't find available persistent volumes to bind"]
NO_SPACE = ["node(s) did not have enough free storage"]
ELSEWHERE = ["node(s) didn't match PersistentVolume's node affinity"]


class Place(Bench):
    """A cluster of three nodes, with the plugin alone."""

    def __init__(self, *, nodes=NODES, **objects):
        super().__init__(**{"classes": [storage_class()], **objects})
        commitment = Commitment(client=None, storage=self.storage, informers=self.informers, timeout_s=600)
        self.plugin = VolumeBinding(storage=self.storage, commitment=commitment, table=tuple(range(100, -1, -1)))
        self.nodes = nodes

    def decide(self, wanted, rng=None):
        class First:
            def randrange(self, _number):
                return 0

        return decide(wanted, snapshot_of(self.nodes), Profile((self.plugin,)), First())

    def refused(self, wanted):
        return refused(self.decide(wanted), self.nodes)

    def rejected(self, wanted):
        decision = self.decide(wanted)
        return decision.rejected and decision.rejected[1].reason

    def take(self, wanted, where=None):
        """Decide, and reserve."""
        decision = self.decide(wanted)
        self.plugin.reserve(decision.cycle, where or decision.node)
        return decision


# -- claims


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (None, 'persistentvolumeclaim "c" not found'),
        (claim(cls="immediate"), "pod has unbound immediate PersistentVolumeClaims"),
        (claim(cls="unknown"), "pod has unbound immediate PersistentVolumeClaims"),
        (claim(cls=""), "pod has unbound immediate PersistentVolumeClaims"),
        (claim(deletionTimestamp="2026-01-01T00:00:00Z"), 'persistentvolumeclaim "c" is being deleted'),
        (
            claim(volume="v") | {"status": {"phase": "Lost"}},
            'persistentvolumeclaim "c" bound to non-existent persistentvolume "v"',
        ),
    ],
)
def test_what_has_to_be_waited_for(made, reason):
    place = Place(claims=[made] if made else [], classes=[storage_class(), storage_class("immediate", waits=False)])
    assert place.rejected(user("c")) == reason


def test_a_claim_that_was_promised_a_volume_is_waited_for():
    promised = claim()
    promised["spec"]["volumeName"] = "v"
    assert Place(claims=[promised], volumes=[volume()]).rejected(user("c")) == (
        "pod has unbound immediate PersistentVolumeClaims"
    )


def test_claims_that_are_made_for_the_pod():
    wanted = user(volumes=({"name": "s", "ephemeral": {}},))
    told = 'waiting for ephemeral volume controller to create the persistentvolumeclaim "p-s"'
    assert Place().rejected(wanted) == told
    other = Place(claims=[claim("p-s")])
    assert other.rejected(wanted) == "PVC ns/p-s was not created for pod ns/p (pod is not owner)"
    owners = [{"kind": "Pod", "name": "p", "uid": "p", "controller": True}]
    assert Place(claims=[claim("p-s", ownerReferences=owners)]).rejected(wanted) is None


def test_pods_without_claims_are_not_looked_at():
    decision = Place().take(pod())
    assert not decision.scores["VolumeBinding"].any()
    assert Place().plugin.pre_bind_pre_flight(decision.cycle, "a") is SKIP


# -- bound


def test_a_bound_volume_draws_its_pod():
    place = Place(claims=[claim(volume="v")], volumes=[volume(on="b")])
    assert place.refused(user("c")) == {"a": ELSEWHERE, "c": ELSEWHERE}


def test_a_bound_volume_that_is_gone_is_nowhere():
    told = ["node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"]
    assert Place(claims=[claim(volume="v")]).refused(user("c")) == dict.fromkeys("abc", told)


def test_where_a_driver_took_over_its_words_count():
    moved = volume(labels={ZONE: "z1"}, awsElasticBlockStore={"volumeID": "vol-1"})
    nodes = [node(name, labels={"topology.ebs.csi.aws.com/zone": zone}) for name, zone in (("a", "z1"), ("b", "z2"))]
    csi = [csi_node(name, migrated="kubernetes.io/aws-ebs") for name in "ab"]
    place = Place(nodes=nodes, claims=[claim(volume="v")], volumes=[moved], csi_nodes=csi)
    assert place.refused(user("c")) == {"b": ELSEWHERE}


# -- chosen


def test_a_claim_that_waits_gets_a_volume_where_there_is_one():
    place = Place(claims=[claim()], volumes=[volume(on="b")], classes=[storage_class(provisioner="")])
    assert place.refused(user("c")) == {"a": NO_VOLUME, "c": NO_VOLUME}


@pytest.mark.parametrize(
    "other",
    [
        volume("w", cls="other"),
        volume("w", size="1Mi"),
        volume("w", accessModes=["ReadOnlyMany"]),
        volume("w", claimRef={"namespace": "ns", "name": "other"}),
        volume("w") | {"status": {"phase": "Released"}},
    ],
)
def test_volumes_that_do_not_fit_are_not_taken(other):
    place = Place(claims=[claim()], volumes=[other], classes=[storage_class(provisioner="")])
    assert place.refused(user("c")) == dict.fromkeys("abc", NO_VOLUME)


def test_the_smallest_that_fits_is_taken_and_told_so():
    sizes = {"v1": "1Gi", "v5": "5Gi", "v3": "3Gi"}
    volumes = [volume(name, size=size) for name, size in sizes.items()]
    place = Place(claims=[claim(size="2Gi")], volumes=volumes)
    place.take(user("c"))
    taken = place.storage.volumes.get(Key("", "v3"))
    reference = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": "ns", "name": "c", "uid": "uid-c"}
    assert taken["spec"]["claimRef"] == {**reference, "resourceVersion": "1"}
    assert taken["metadata"]["annotations"] == {"pv.kubernetes.io/bound-by-controller": "yes"}
    assert place.storage.volume("v3") == volume("v3", size="3Gi")


def test_a_volume_that_was_meant_for_the_claim_is_the_only_one():
    meant = volume("w", on="c", size="9Gi", claimRef={"namespace": "ns", "name": "c"})
    place = Place(claims=[claim()], volumes=[volume(on="a"), meant], classes=[storage_class(provisioner="")])
    assert place.refused(user("c")) == {"a": NO_VOLUME, "b": NO_VOLUME}
    place.take(user("c"))
    assert place.storage.volumes.get(Key("", "w"))["spec"]["claimRef"]["uid"] == "uid-c"


def test_claims_of_one_pod_do_not_share_a_volume():
    two = [volume("small", on="a"), volume("big", on="a", size="9Gi"), volume("alone", on="b", size="9Gi")]
    place = Place(claims=[claim("c", size="2Gi"), claim("d")], volumes=two, classes=[storage_class(provisioner="")])
    assert place.refused(user("c", "d")) == {"b": NO_VOLUME, "c": NO_VOLUME}
    place.take(user("c", "d"))
    names = {each: place.storage.volumes.get(Key("", each))["spec"]["claimRef"]["name"] for each in ("small", "big")}
    assert names == {"small": "d", "big": "c"}


def test_what_is_assumed_is_not_given_twice_and_can_be_given_up():
    one = Place(claims=[claim("c"), claim("d")], volumes=[volume(on="a")], classes=[storage_class(provisioner="")])
    decision = one.take(user("c"))
    assert one.refused(user("d", name="q")) == dict.fromkeys("abc", NO_VOLUME)
    one.plugin.unreserve(decision.cycle, "a")
    one.plugin.unreserve(decision.cycle, "a")
    assert one.decide(user("d", name="q")).node == "a"


def test_what_has_changed_meanwhile_cannot_be_reserved():
    place = Place(claims=[claim("c"), claim("d")], volumes=[volume("v"), volume("w")])
    decision = place.decide(user("c", "d"))
    place.show("volumes", volume("v"), volume("w", version=2))
    with pytest.raises(PluginError, match="out of sync"):
        place.plugin.reserve(decision.cycle, decision.node)
    assert "claimRef" not in place.storage.volumes.get(Key("", "v"))["spec"]


# -- made


def test_a_volume_is_made_where_the_pod_goes():
    place = Place(claims=[claim()])
    decision = place.take(user("c"))
    annotations = place.storage.claims.get(Key("ns", "c"))["metadata"]["annotations"]
    assert annotations == {"volume.kubernetes.io/selected-node": decision.node}
    assert place.plugin.pre_bind_pre_flight(decision.cycle, "a") is None


def test_a_claim_whose_volume_is_being_made_stays_with_its_node():
    selected = claim(annotations={"volume.kubernetes.io/selected-node": "b"})
    assert Place(claims=[selected]).refused(user("c")) == {"a": NO_VOLUME, "c": NO_VOLUME}


def test_a_class_may_allow_some_places_only():
    terms = [{"matchLabelExpressions": [{"key": ZONE, "values": ["z-a", "z-c"]}]}]
    place = Place(claims=[claim()], classes=[storage_class(allowedTopologies=terms)])
    assert place.refused(user("c")) == {"b": NO_VOLUME}


def test_a_volume_that_is_there_goes_before_one_that_is_made():
    place = Place(claims=[claim()], volumes=[volume(on="b")])
    found = place.decide(user("c")).cycle.memo["VolumeBinding"].found
    assert [bool(found.bindings(column)) for column in range(3)] == [False, True, False]
    assert [bool(found.made(column)) for column in range(3)] == [True, False, True]


def capacity(name, *, zone=None, size="10Gi", largest=None, cls="s"):
    topology = {"matchLabels": {ZONE: zone}} if zone else {}
    limit = {"maximumVolumeSize": largest} if largest else {}
    whole = {"storageClassName": cls, "nodeTopology": topology, "capacity": size, **limit}
    return {"metadata": {"namespace": "d", "name": name}, **whole}


def driver(*, counts=True):
    return {"metadata": {"name": "d"}, "spec": {"storageCapacity": counts}}


@pytest.mark.parametrize(
    ("capacities", "without"),
    [
        ([], "abc"),
        ([capacity("x", zone="z-a")], "bc"),
        ([capacity("x")], ""),
        ([capacity("x", size="1Mi")], "abc"),
        ([capacity("x", largest="1Mi")], "abc"),
        ([capacity("x", cls="other")], "abc"),
        ([capacity("x", zone="z-a"), capacity("y", zone="z-b")], "c"),
    ],
)
def test_drivers_may_say_where_there_is_space(capacities, without):
    place = Place(claims=[claim()], capacities=capacities, csi_drivers=[driver()])
    assert place.refused(user("c")) == dict.fromkeys(without, NO_SPACE)
    assert Place(claims=[claim()], capacities=capacities, csi_drivers=[driver(counts=False)]).refused(user("c")) == {}


# -- scores


def test_where_more_storage_stays_free_is_better():
    volumes = [volume("v1", on="a", size="10Gi"), volume("v2", on="b", size="1Gi"), volume("v3", on="c", size="4Gi")]
    decision = Place(claims=[claim()], volumes=volumes).decide(user("c"))
    assert scored(decision) == {"a": 90, "b": 0, "c": 75}
    assert decision.node == "a"


def test_classes_count_alike():
    volumes = [volume("v1", size="2Gi", on="a"), volume("v2", cls="t", size="10Gi"), volume("v3", size="1Gi", on="b")]
    classes = [storage_class(provisioner=""), storage_class("t", provisioner="")]
    place = Place(claims=[claim("c"), claim("d", cls="t")], volumes=volumes, classes=classes)
    assert scored(place.decide(user("c", "d"))) == {"a": 70, "b": 45}


def test_space_for_what_is_made_counts_where_nothing_is_there():
    capacities = [capacity("x", zone="z-a"), capacity("y", zone="z-b", size="4Gi")]
    place = Place(claims=[claim("c"), claim("d")], capacities=capacities, csi_drivers=[driver()])
    assert scored(place.decide(user("c", "d"))) == {"a": 80, "b": 50}


# -- hints


def test_what_may_help():
    helps, wanted = Place().plugin.may_help, user("c")
    assert helps(Event(CLAIM_ADDED, None, claim()), wanted)
    assert not helps(Event(CLAIM_ADDED, None, claim("d")), wanted)
    assert helps(Event(VOLUME_UPDATED, volume(), volume()), wanted)
    relabelled = node("a", labels={"x": "y"})
    assert helps(Event(NODE_UPDATED, NODES[0], relabelled), wanted)
    assert not helps(Event(NODE_UPDATED, NODES[0], NODES[0]), wanted)
    assert helps(Event(CSI_NODE_UPDATED, csi_node("a"), csi_node("a", migrated="kubernetes.io/gce-pd")), wanted)
    assert not helps(Event(CSI_NODE_UPDATED, csi_node("a"), csi_node("a", d=2)), wanted)
    assert helps(Event(STORAGE_CLASS_UPDATED, storage_class(), storage_class(allowedTopologies=[])), wanted)
    assert not helps(Event(STORAGE_CLASS_UPDATED, storage_class(), storage_class()), wanted)
    assert helps(Event(CAPACITY_UPDATED, capacity("x"), capacity("x", size="11Gi")), wanted)
    assert not helps(Event(CAPACITY_UPDATED, capacity("x"), capacity("x", size="9Gi")), wanted)
    inline = user(volumes=({"name": "i", "csi": {"driver": "d"}},))
    assert helps(Event(CSI_DRIVER_UPDATED, driver(), driver(counts=False)), inline)
    assert not helps(Event(CSI_DRIVER_UPDATED, driver(), driver(counts=False)), wanted)
