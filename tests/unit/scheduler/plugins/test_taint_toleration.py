from __future__ import annotations

import pytest

from steersman.scheduler.plugins.taint_toleration import TaintToleration

from ..nodes import node, place, pod, refused, scored


def taint(effect="NoSchedule", key="k", value="v"):
    return {"key": key, "value": value, "effect": effect}


@pytest.mark.parametrize("effect", ["NoSchedule", "NoExecute"])
def test_hard_taints_keep_pods_off(effect):
    nodes = [node("a", taints=[taint(effect)]), node("b")]
    decision = place(pod(), nodes, TaintToleration())
    assert decision.node == "b"
    assert refused(decision, nodes) == {"a": ["node(s) had untolerated taint(s)"]}


def test_what_is_tolerated_does_not():
    nodes = [node("a", taints=[taint()])]
    assert place(pod(spec={"tolerations": [{"key": "k", "value": "v"}]}), nodes, TaintToleration()).node == "a"
    assert place(pod(spec={"tolerations": [{"key": "k", "value": "w"}]}), nodes, TaintToleration()).node is None


def test_nodes_with_fewer_soft_taints_are_better():
    soft = [taint("PreferNoSchedule", key=key) for key in "xyz"]
    nodes = [node("a", taints=soft[:1]), node("b", taints=soft[:2]), node("c", taints=soft)]
    assert scored(place(pod(), nodes, TaintToleration(), TaintToleration=3)) == {"a": 201, "b": 102, "c": 0}
    tolerant = pod(spec={"tolerations": [{"operator": "Exists", "effect": "PreferNoSchedule"}]})
    assert set(scored(place(tolerant, nodes, TaintToleration())).values()) == {100}
