from __future__ import annotations

from steersman.api.core.node import NODES
from steersman.apiserver.admission.taint_nodes_by_condition import TaintNodesByCondition

from .shelf import review

TAINT = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


def _admitted(node, **how):
    TaintNodesByCondition().admit(review(NODES, node, **how))
    return node.get("spec", {}).get("taints")


def test_a_new_node_is_not_ready():
    assert _admitted({"metadata": {"name": "n"}}) == [TAINT]
    other = {"key": "x", "effect": "NoExecute"}
    assert _admitted({"metadata": {"name": "n"}, "spec": {"taints": [other]}}) == [other, TAINT]


def test_a_node_that_says_so_itself_is_left_alone():
    assert _admitted({"metadata": {"name": "n"}, "spec": {"taints": [{**TAINT, "value": "x"}]}}) == [
        {**TAINT, "value": "x"}
    ]


def test_updates_and_statuses_are_left_alone():
    assert _admitted({"metadata": {"name": "n"}}, old={"metadata": {"name": "n"}}) is None
    assert _admitted({"metadata": {"name": "n"}}, subresource="status") is None
