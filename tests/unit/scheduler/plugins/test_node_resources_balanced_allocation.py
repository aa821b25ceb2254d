from __future__ import annotations

from steersman.scheduler.plugins.node_resources_balanced_allocation import NodeResourcesBalancedAllocation

from ..nodes import node, place, pod, scored

PLUGIN = NodeResourcesBalancedAllocation()


def test_a_pod_that_makes_no_difference_scores_75():
    nodes = [node("a"), node("b")]
    assert set(scored(place(pod(cpu="1", memory="1Gi"), nodes, PLUGIN)).values()) == {75}


def test_what_brings_balance_is_better():
    placed = ((pod("x", cpu="3", memory="1Gi"), "b"), (pod("y", cpu="1", memory="3Gi"), "c"))
    nodes = [node("a"), node("b"), node("c")]
    assert scored(place(pod(cpu="1", memory="3Gi"), nodes, PLUGIN, placed)) == {"a": 70, "b": 80, "c": 70}


def test_a_pod_that_asks_for_nothing_is_not_scored():
    assert place(pod(), [node("a"), node("b")], PLUGIN).scores == {}
