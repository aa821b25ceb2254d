"""Pods follow their volumes into zones."""

from __future__ import annotations

import pytest

from steersman.scheduler.events import CLAIM_ADDED, NODE_UPDATED, STORAGE_CLASS_ADDED, VOLUME_UPDATED, Event
from steersman.scheduler.plugins.volume_zone import VolumeZone

from ..nodes import node, place, refused
from ..volumes import claim, storage, storage_class, user, volume

ZONE, BETA = "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"
NODES = [node("a", labels={ZONE: "z1"}), node("b", labels={ZONE: "z2"}), node("c")]
ELSEWHERE = ["node(s) had no available volume zone"]


def known(**labels):
    return storage(claims=[claim(volume="v")], volumes=[volume(labels=labels["labels"])])


@pytest.mark.parametrize(
    ("labels", "elsewhere"),
    [
        ({ZONE: "z1"}, {"b"}),
        ({ZONE: "z1__z2"}, set()),
        ({BETA: "z1"}, {"b"}),  # the old label of a volume, the new one of nodes
        ({ZONE: "z1__"}, set()),  # says nothing
        ({}, set()),
        ({"topology.kubernetes.io/region": "r"}, {"a", "b"}),
    ],
)
def test_nodes_of_other_zones_are_refused_unless_they_know_no_zones(labels, elsewhere):
    decision = place(user("c"), NODES, VolumeZone(storage=known(labels=labels)))
    assert refused(decision, NODES) == dict.fromkeys(sorted(elsewhere), ELSEWHERE)


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ({}, 'persistentvolumeclaim "c" not found'),
        ({"claims": [claim(volume="v")]}, 'persistentvolume "v" not found'),
        ({"claims": [claim()]}, 'storageclass.storage.k8s.io "s" not found'),
        ({"claims": [claim(cls="")]}, "PersistentVolumeClaim had no pv name and storageClass name"),
        ({"claims": [claim()], "classes": [storage_class(waits=False)]}, "PersistentVolume had no name"),
    ],
)
def test_what_has_to_be_waited_for(objects, reason):
    assert place(user("c"), NODES, VolumeZone(storage=storage(**objects))).rejected[1].reason == reason


def test_a_claim_that_waits_for_its_pod_lies_nowhere_yet():
    plugin = VolumeZone(storage=storage(claims=[claim()], classes=[storage_class()]))
    assert place(user("c"), NODES, plugin).node is not None


def test_what_may_help():
    plugin = VolumeZone(storage=storage())
    assert plugin.may_help(Event(CLAIM_ADDED, None, claim()), user("c"))
    assert not plugin.may_help(Event(CLAIM_ADDED, None, claim()), user("d"))
    assert plugin.may_help(Event(STORAGE_CLASS_ADDED, None, storage_class()), user("c"))
    assert not plugin.may_help(Event(STORAGE_CLASS_ADDED, None, storage_class(waits=False)), user("c"))
    assert plugin.may_help(Event(VOLUME_UPDATED, volume(), volume(labels={ZONE: "z1"})), user("c"))
    assert not plugin.may_help(Event(VOLUME_UPDATED, volume(), volume(labels={"a": "b"})), user("c"))
    assert not plugin.may_help(Event(NODE_UPDATED, NODES[0], NODES[0]), user("c"))
