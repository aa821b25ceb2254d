from __future__ import annotations

import random

from steersman.scheduler.cycle import Decision, Profile, decide
from steersman.scheduler.explanation import Explanation, explain, table
from steersman.scheduler.framework import Rejected
from steersman.scheduler.plugins.node_resources_fit import NodeResourcesFit
from steersman.scheduler.plugins.taint_toleration import TaintToleration
from steersman.scheduler.snapshot import snapshot_of

from .nodes import node, pod

TAINT = [{"key": "k", "effect": "NoSchedule"}]


def explained(*nodes):
    snapshot = snapshot_of(nodes)
    profile = Profile((TaintToleration(), NodeResourcesFit()), {"TaintToleration": 3})
    return explain(decide(pod(cpu="5", memory="5Gi"), snapshot, profile, random.Random(1)), snapshot.names)


def test_the_best_node_comes_first_and_refused_ones_last_with_their_first_plugin():
    found = explained(node("tainted", taints=TAINT, cpu="1"), node("small", cpu="1"), node("a"), node("b", cpu="20"))
    assert table(found) == [
        ["NODE", "VERDICT", "TaintToleration", "NodeResourcesFit", "TOTAL"],
        ["b", "chosen", "300", "62", "362"],
        ["a", "feasible", "300", "50", "350"],
        ["small", "NodeResourcesFit: Insufficient cpu", "-", "-", "-"],
        ["tainted", "TaintToleration: node(s) had untolerated taint(s)", "-", "-", "-"],
    ]


def test_a_single_node_is_compared_to_nothing():
    assert table(explained(node("a"))) == [["NODE", "VERDICT"], ["a", "chosen"]]


def test_what_no_node_was_looked_at_for_is_told_of_all():
    found = explain(Decision(None, 2, rejected=("P", Rejected("it cannot be"))), ["a", "b"])
    assert found.rejected == ("P", "it cannot be")
    assert [row[1] for row in table(found)[1:]] == ["P: it cannot be"] * 2


def test_without_nodes_there_is_only_a_head():
    assert table(Explanation(())) == [["NODE", "VERDICT"]]
