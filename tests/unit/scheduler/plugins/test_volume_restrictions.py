"""Claims for one pod, disks for one pod of a node."""

from __future__ import annotations

import pytest

from steersman.scheduler.events import CLAIM_ADDED, POD_DELETED, Event
from steersman.scheduler.plugins.volume_restrictions import VolumeRestrictions

from ..nodes import node, place, refused, refused_in_trial
from ..volumes import claim, storage, user

NODES = [node("a"), node("b")]
DISK = "node(s) had no available disk"
TAKEN = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
)


def disk(**source):
    return {"name": "d", **source}


def once(name="c"):
    made = claim(name, volume="v")
    made["spec"]["accessModes"] = ["ReadWriteOncePod"]
    return made


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ({"gcePersistentDisk": {"pdName": "x"}}, {"gcePersistentDisk": {"pdName": "x"}}, True),
        ({"gcePersistentDisk": {"pdName": "x"}}, {"gcePersistentDisk": {"pdName": "y"}}, False),
        (
            {"gcePersistentDisk": {"pdName": "x", "readOnly": True}},
            {"gcePersistentDisk": {"pdName": "x", "readOnly": True}},
            False,
        ),
        ({"gcePersistentDisk": {"pdName": "x", "readOnly": True}}, {"gcePersistentDisk": {"pdName": "x"}}, True),
        (
            {"awsElasticBlockStore": {"volumeID": "x", "readOnly": True}},
            {"awsElasticBlockStore": {"volumeID": "x", "readOnly": True}},
            True,
        ),
        ({"iscsi": {"iqn": "x", "lun": 0}}, {"iscsi": {"iqn": "x", "lun": 1}}, True),
        (
            {"rbd": {"monitors": ["m", "n"], "pool": "p", "image": "i"}},
            {"rbd": {"monitors": ["n"], "pool": "p", "image": "i"}},
            True,
        ),
        (
            {"rbd": {"monitors": ["m"], "pool": "p", "image": "i"}},
            {"rbd": {"monitors": ["n"], "pool": "p", "image": "i"}},
            False,
        ),
        ({"gcePersistentDisk": {"pdName": "x"}}, {"awsElasticBlockStore": {"volumeID": "x"}}, False),
    ],
)
def test_which_disks_two_pods_of_a_node_cannot_have(one, other, clash):
    wanted, there = user(volumes=(disk(**one),)), user(name="q", volumes=(disk(**other),))
    decision = place(wanted, NODES, VolumeRestrictions(storage=storage()), ((there, "a"),))
    assert refused(decision, NODES) == ({"a": [DISK]} if clash else {})


def test_a_claim_for_one_pod_is_taken_everywhere():
    plugin = VolumeRestrictions(storage=storage(claims=[once()]))
    assert place(user("c"), NODES, plugin).node is not None
    decision = place(user("c"), NODES, plugin, ((user("c", name="q"), "a"),))
    assert refused(decision, NODES) == {"a": [TAKEN], "b": [TAKEN]}
    assert all(verdict.refusal.preemptable for verdict in decision.verdicts)


def test_a_claim_is_free_where_its_pod_would_go():
    plugin = VolumeRestrictions(storage=storage(claims=[once()]))
    there = (user("c", name="q"), "a")
    assert refused_in_trial(user("c"), NODES, plugin, (there,), without=(there,)) == {"b": [TAKEN]}


def test_a_claim_that_is_not_there_has_to_be_waited_for():
    decision = place(user("c"), NODES, VolumeRestrictions(storage=storage()))
    assert decision.rejected[1].reason == 'persistentvolumeclaim "c" not found'


def test_what_may_help():
    plugin = VolumeRestrictions(storage=storage())
    gone = Event(POD_DELETED, user("c", name="q").pod, None)
    assert plugin.may_help(gone, user("c"))
    assert not plugin.may_help(gone, user("d"))
    assert plugin.may_help(Event(CLAIM_ADDED, None, claim("c")), user("c"))
    assert not plugin.may_help(Event(CLAIM_ADDED, None, claim("d")), user("c"))
    held = disk(gcePersistentDisk={"pdName": "x"})
    assert plugin.may_help(Event(POD_DELETED, user(name="q", volumes=(held,)).pod, None), user(volumes=(held,)))
