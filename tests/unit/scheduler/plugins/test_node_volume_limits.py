"""How many volumes nodes take."""

from __future__ import annotations

import pytest

from steersman.scheduler.events import ATTACHMENT_DELETED, CLAIM_ADDED, CSI_NODE_UPDATED, POD_DELETED, Event
from steersman.scheduler.framework import PluginError
from steersman.scheduler.plugins.node_volume_limits import NodeVolumeLimits

from ..nodes import node, place, pod, refused
from ..volumes import claim, csi_node, storage, storage_class, user, volume

NODES = [node("a"), node("b")]
FULL = ["node(s) exceed max volume count"]
CLAIMS = [claim(f"c{number}", volume=f"v{number}") for number in range(4)]
VOLUMES = [volume(f"v{number}") for number in range(4)]


def plugin(*nodes, **objects):
    known = {"claims": CLAIMS, "volumes": VOLUMES, "csi_nodes": list(nodes), **objects}
    return NodeVolumeLimits(storage=storage(**known))


def on(name, *claims, **more):
    return user(*claims, name=f"{name}-{'-'.join(claims)}", **more), name


def test_a_node_takes_what_its_csi_node_says():
    limited = plugin(csi_node("a", d=1), csi_node("b", d=2))
    there = (on("a", "c0"), on("b", "c1"))
    assert refused(place(user("c2"), NODES, limited, there), NODES) == {"a": FULL}
    assert refused(place(user("c2", "c3"), NODES, limited, there), NODES) == {"a": FULL, "b": FULL}


def test_volumes_of_one_pod_are_all_counted():
    limited = plugin(csi_node("a", d=2))
    assert refused(place(user("c2"), NODES, limited, (on("a", "c0", "c1"),)), NODES) == {"a": FULL}


def test_a_volume_counts_once():
    limited = plugin(csi_node("a", d=1), csi_node("b", d=1))
    there = (on("a", "c0"), (user("c0", name="x"), "a"), on("b", "c1"))
    assert refused(place(user("c0"), NODES, limited, there), NODES) == {"b": FULL}


def test_nodes_without_a_limit_take_any_number():
    limited = plugin(csi_node("a", d=None), csi_node("b", other=0))
    assert refused(place(user("c2"), NODES, limited, (on("a", "c0"), on("b", "c1"))), NODES) == {}


def test_what_is_attached_counts_as_well():
    source = {"persistentVolumeName": "v3"}
    attached = {"metadata": {"name": "x"}, "spec": {"nodeName": "a", "attacher": "d", "source": source}}
    limited = plugin(csi_node("a", d=2), attachments=[attached])
    assert refused(place(user("c0"), NODES, limited, (on("a", "c1"),)), NODES) == {"a": FULL}
    assert refused(place(user("c0"), NODES, limited, (on("a", "c3"),)), NODES) == {}


def test_a_claim_without_a_volume_counts_as_what_its_class_makes():
    limited = plugin(csi_node("a", d=1), claims=[claim("c0"), claim("c1")], classes=[storage_class()])
    assert refused(place(user("c0"), NODES, limited, (on("a", "c1"),)), NODES) == {"a": FULL}
    assert refused(place(user("c0"), NODES, limited, (on("a", "c0"),)), NODES) == {}


def test_volumes_of_old_kinds_count_for_their_drivers():
    disk = {"name": "d", "awsElasticBlockStore": {"volumeID": "vol-1"}}
    moved = volume("v1", awsElasticBlockStore={"volumeID": "vol-2"})
    limited = plugin(csi_node("a", **{"ebs.csi.aws.com": 1}), volumes=[moved])
    assert refused(place(user(volumes=(disk,)), NODES, limited, (on("a", "c1"),)), NODES) == {"a": FULL}
    assert refused(place(user("c1"), NODES, limited), NODES) == {}


def test_a_driver_may_want_to_be_installed():
    driver = {"metadata": {"name": "d"}, "spec": {"preventPodSchedulingIfMissing": True}}
    limited = plugin(csi_node("a", d=None), csi_drivers=[driver])
    assert refused(place(user("c0"), NODES, limited), NODES) == {"b": ["d CSI driver is not installed on the node"]}


def test_pods_without_volumes_are_not_looked_at():
    assert place(pod(), NODES, plugin(csi_node("a", d=0))).node is not None


def test_a_claim_that_was_made_for_another_pod_is_an_error():
    made = {"name": "s", "ephemeral": {}}
    limited = plugin(csi_node("a", d=1), claims=[claim("p-s", volume="v0")])
    with pytest.raises(PluginError, match="PVC ns/p-s was not created for pod ns/p"):
        place(user(volumes=(made,)), NODES, limited)


def test_what_may_help():
    limited = plugin()
    assert limited.may_help(Event(CSI_NODE_UPDATED, csi_node("a", d=1), csi_node("a", d=2)), user("c0"))
    assert not limited.may_help(Event(CSI_NODE_UPDATED, csi_node("a", d=2), csi_node("a", d=1)), user("c0"))
    gone = user("c1", name="q").pod
    assert not limited.may_help(Event(POD_DELETED, gone, None), user("c0"))
    gone["spec"]["nodeName"] = "a"
    assert limited.may_help(Event(POD_DELETED, gone, None), user("c0"))
    assert limited.may_help(Event(CLAIM_ADDED, None, claim("c0")), user("c0"))
    assert not limited.may_help(Event(CLAIM_ADDED, None, claim("c1")), user("c0"))
    assert limited.may_help(Event(ATTACHMENT_DELETED, {"spec": {}}, None), user("c0"))
    assert not limited.may_help(Event(ATTACHMENT_DELETED, {"spec": {}}, None), user())
