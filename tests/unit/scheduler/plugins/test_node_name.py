from __future__ import annotations

from steersman.scheduler.plugins.node_name import NodeName

from ..nodes import node, place, pod, refused

NODES = [node("a"), node("b")]


def test_only_the_named_node_will_do():
    decision = place(pod(spec={"nodeName": "b"}), NODES, NodeName())
    assert decision.node == "b"
    assert refused(decision, NODES) == {"a": ["node(s) didn't match the requested node name"]}


def test_a_node_that_is_not_there_is_none():
    assert place(pod(spec={"nodeName": "z"}), NODES, NodeName()).node is None


def test_without_a_name_every_node_will_do():
    assert place(pod(), NODES, NodeName()).feasible == ("a", "b")
