from __future__ import annotations

from steersman.scheduler.framework import Rejected
from steersman.scheduler.messages import fit_error
from steersman.scheduler.plugins.node_affinity import NodeAffinity

from ..nodes import node, place, pod, refused, scored

NODES = [node("a", labels={"disk": "ssd"}), node("b", labels={"disk": "hdd"}), node("c")]


def affinity(required=None, preferred=None):
    found = {}
    if required is not None:
        found["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": required}
    if preferred is not None:
        found["preferredDuringSchedulingIgnoredDuringExecution"] = preferred
    return {"affinity": {"nodeAffinity": found}}


def named(*names):
    return {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]} for name in names]}


def on(key, *values):
    return {"matchExpressions": [{"key": key, "operator": "In", "values": list(values)}]}


def test_selector_and_affinity_must_both_hold():
    spec = {"nodeSelector": {"disk": "ssd"}, **affinity([on("disk", "ssd", "hdd")])}
    decision = place(pod(spec=spec), NODES, NodeAffinity())
    assert decision.node == "a"
    reason = ["node(s) didn't match Pod's node affinity/selector"]
    assert refused(decision, NODES) == {"b": reason, "c": reason}


def test_terms_are_alternatives():
    spec = affinity([on("disk", "ssd"), on("disk", "hdd")])
    assert place(pod(spec=spec), NODES, NodeAffinity()).feasible == ("a", "b")


def test_terms_that_all_name_nodes_restrict_to_those():
    decision = place(pod(spec=affinity([named("a"), named("c")])), NODES, NodeAffinity())
    assert decision.feasible == ("a", "c")
    assert decision.counts == {"node(s) didn't satisfy plugin(s) [NodeAffinity]": 1}
    mixed = affinity([named("a"), on("disk", "hdd")])
    assert place(pod(spec=mixed), NODES, NodeAffinity()).feasible == ("a", "b")


def test_names_that_contradict_each_other_are_a_conflict():
    decision = place(pod(spec=affinity([named("a", "b")])), NODES, NodeAffinity())
    assert decision.rejected == ("NodeAffinity", Rejected("pod affinity terms conflict"))
    assert fit_error(decision) == "0/3 nodes are available: pod affinity terms conflict."


def test_preferences_add_up():
    preferred = [
        {"weight": 40, "preference": on("disk", "ssd")},
        {"weight": 10, "preference": on("disk", "ssd", "hdd")},
    ]
    decision = place(pod(spec=affinity(preferred=preferred)), NODES, NodeAffinity(), NodeAffinity=2)
    assert scored(decision) == {"a": 200, "b": 40, "c": 0}


def test_without_preferences_nothing_is_scored():
    assert place(pod(), NODES, NodeAffinity()).scores == {}


def test_what_the_scheduler_adds_holds_for_every_pod_and_is_told_first():
    plugin = NodeAffinity(added=affinity([on("disk", "ssd", "hdd")])["affinity"]["nodeAffinity"])
    assert place(pod(), NODES, plugin).feasible == ("a", "b")
    decision = place(pod(spec={"nodeSelector": {"disk": "ssd"}}), NODES, plugin)
    assert decision.node == "a"
    assert refused(decision, NODES) == {
        "b": ["node(s) didn't match Pod's node affinity/selector"],
        "c": ["node(s) didn't match scheduler-enforced node affinity"],
    }


def test_what_the_scheduler_adds_counts_in_scores():
    added = affinity(preferred=[{"weight": 10, "preference": on("disk", "hdd")}])["affinity"]["nodeAffinity"]
    assert scored(place(pod(), NODES, NodeAffinity(added=added))) == {"a": 0, "b": 100, "c": 0}
