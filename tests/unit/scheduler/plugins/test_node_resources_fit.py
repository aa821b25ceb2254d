from __future__ import annotations

import random

from steersman.scheduler.cycle import Profile, decide
from steersman.scheduler.plugins.fit_strategies import Strategy
from steersman.scheduler.plugins.node_resources_fit import NodeResourcesFit
from steersman.scheduler.snapshot import snapshot_of

from ..nodes import node, place, pod, refused, scored


def preemptable(decision):
    return {
        verdict.refusal.reason: verdict.refusal.preemptable
        for verdict in decision.verdicts
        if verdict.refusal.nodes.any()
    }


def test_all_that_is_lacking_is_told():
    nodes = [node("a", cpu="1", memory="1Gi")]
    decision = place(pod(cpu="2", memory="2Gi"), nodes, NodeResourcesFit())
    assert refused(decision, nodes) == {"a": ["Insufficient cpu", "Insufficient memory"]}
    assert not any(preemptable(decision).values())


def test_what_others_use_might_be_freed():
    nodes = [node("a", pods="1")]
    decision = place(pod(cpu="6"), nodes, NodeResourcesFit(), ((pod("other", cpu="5"), "a"),))
    assert refused(decision, nodes) == {"a": ["Too many pods", "Insufficient cpu"]}
    assert preemptable(decision) == {"Too many pods": True, "Insufficient cpu": True}


def test_exactly_enough_is_enough():
    assert place(pod(cpu="10", memory="10Gi"), [node("a")], NodeResourcesFit()).node == "a"


def test_a_resource_that_no_node_has_is_lacking_everywhere():
    nodes = [node("a"), node("b", **{"example.com/gpu": "1"})]
    assert place(pod(**{"example.com/gpu": "1"}), nodes, NodeResourcesFit()).node == "b"
    nowhere = place(pod(**{"example.com/tpu": "1"}), nodes, NodeResourcesFit())
    assert refused(nowhere, nodes) == {name: ["Insufficient example.com/tpu"] for name in ("a", "b")}


def test_the_emptier_node_is_better():
    nodes = [node("a"), node("b", cpu="20", memory="20Gi")]
    assert scored(place(pod(cpu="5", memory="5Gi"), nodes, NodeResourcesFit())) == {"a": 50, "b": 75}


def test_resources_that_others_look_after_are_not_looked_at():
    nodes, wanted = [node("a")], pod(cpu="1", **{"example.com/gpu": "1", "acme.io/x": "1"})
    plugin = NodeResourcesFit(ignored=["example.com/gpu", "cpu"], ignored_groups=["acme.io"])
    assert place(wanted, nodes, plugin).node == "a"
    assert refused(place(pod(cpu="11"), nodes, plugin), nodes) == {"a": ["Insufficient cpu"]}


def test_two_strategies_over_one_snapshot_do_not_mix():
    nodes = [node("a"), node("b", cpu="20", memory="20Gi")]
    snapshot, wanted = snapshot_of(nodes), pod(cpu="5", memory="5Gi")
    for kind, expected in (("LeastAllocated", {"a": 50, "b": 75}), ("MostAllocated", {"a": 50, "b": 25})):
        profile = Profile((NodeResourcesFit(strategy=Strategy(kind)),))
        assert scored(decide(wanted, snapshot, profile, random.Random(1))) == expected
