from __future__ import annotations

from steersman.scheduler.plugins.node_unschedulable import NodeUnschedulable

from ..nodes import node, place, pod, refused

CORDONED = node("a") | {"spec": {"unschedulable": True}}


def test_cordoned_nodes_take_nobody():
    decision = place(pod(), [CORDONED, node("b")], NodeUnschedulable())
    assert decision.node == "b"
    assert refused(decision, [CORDONED, node("b")]) == {"a": ["node(s) were unschedulable"]}


def test_but_who_tolerates_that():
    tolerant = pod(spec={"tolerations": [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]})
    assert place(tolerant, [CORDONED], NodeUnschedulable()).node == "a"
