from __future__ import annotations

import pytest

from steersman.api.meta.labels import selector_of, selector_of_labels
from steersman.scheduler.plugins.pod_topology_spread import PodTopologySpread, default_selector
from steersman.scheduler.pod_info import read_pod

from ..nodes import node, place, refused, refused_in_trial, scored

UNEVEN = "node(s) didn't match pod topology spread constraints"
EVERYTHING = selector_of(())
PLUGIN = PodTopologySpread(selecting=lambda _pod: EVERYTHING)


def zoned(name, zone, **labels):
    return node(name, labels={"zone": zone, "kubernetes.io/hostname": name, **labels})


NODES = [zoned("a", "1"), zoned("b", "1"), zoned("c", "2"), node("d")]


def web(name="p", *, labels=None, namespace="ns", **constraint):
    spec = {"containers": [{"name": "c"}]}
    if constraint:
        whole = {"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule", **constraint}
        spec["topologySpreadConstraints"] = [{"labelSelector": {"matchLabels": {"app": "web"}}, **whole}]
    labels = {"app": "web"} if labels is None else labels
    return read_pod({"metadata": {"namespace": namespace, "name": name, "uid": name, "labels": labels}, "spec": spec})


def test_no_domain_may_be_ahead_by_more_than_the_skew():
    decision = place(web(maxSkew=1), NODES, PLUGIN, ((web("x"), "a"),))
    assert decision.feasible == ("c",)
    assert refused(decision, NODES) == {"a": [UNEVEN], "b": [UNEVEN], "d": [f"{UNEVEN} (missing required label)"]}
    assert place(web(maxSkew=2), NODES, PLUGIN, ((web("x"), "a"),)).feasible == ("a", "b", "c")


@pytest.mark.parametrize(
    "other",
    [
        web("x", namespace="elsewhere"),
        web("x", labels={"app": "db"}),
        read_pod({"metadata": {**web("x").pod["metadata"], "deletionTimestamp": "now"}, "spec": web("x").spec}),
    ],
)
def test_only_live_pods_of_the_namespace_that_are_selected_count(other):
    assert place(web(maxSkew=1), NODES, PLUGIN, ((other, "a"),)).feasible == ("a", "b", "c")


def test_a_pod_that_does_not_select_itself_adds_nothing():
    decision = place(web(labels={}, maxSkew=1), NODES, PLUGIN, ((web("x"), "a"),))
    assert decision.feasible == ("a", "b", "c")


def test_with_fewer_domains_than_wanted_the_least_is_none():
    placed = ((web("x"), "a"), (web("y"), "c"))
    assert place(web(maxSkew=1, minDomains=2), NODES, PLUGIN, placed).feasible == ("a", "b", "c")
    assert place(web(maxSkew=1, minDomains=3), NODES, PLUGIN, placed).node is None


def test_nodes_that_the_pod_cannot_go_to_anyway_do_not_count():
    nodes = [zoned("a", "1", disk="ssd"), zoned("c", "2")]
    spec = {"nodeSelector": {"disk": "ssd"}}
    pod = web(maxSkew=1)
    pod.pod["spec"].update(spec)
    assert "a" in place(pod, nodes, PLUGIN, ((web("x"), "a"),)).feasible
    ignoring = web(maxSkew=1, nodeAffinityPolicy="Ignore")
    ignoring.pod["spec"].update(spec)
    assert "a" not in place(ignoring, nodes, PLUGIN, ((web("x"), "a"),)).feasible


def test_soft_constraints_prefer_the_emptier_domain():
    nodes = [zoned("a", "1"), zoned("b", "2"), zoned("c", "3")]
    placed = ((web("x"), "a"), (web("y"), "b"), (web("z"), "b"))
    decision = place(web(whenUnsatisfiable="ScheduleAnyway"), nodes, PLUGIN, placed, PodTopologySpread=2)
    assert scored(decision) == {"a": 66, "b": 0, "c": 200}


def test_nodes_without_the_label_score_nothing():
    decision = place(web(whenUnsatisfiable="ScheduleAnyway"), NODES, PLUGIN)
    assert scored(decision) == {"a": 100, "b": 100, "c": 100, "d": 0}


def test_by_default_pods_of_a_service_are_spread_over_hosts_and_zones():
    selecting = PodTopologySpread(selecting=lambda _pod: selector_of_labels({"app": "web"}))
    hosts = [zoned("a", "1"), zoned("b", "1")]
    found = scored(place(web(), hosts, selecting, ((web("x"), "a"),)))
    assert found["b"] > found["a"]
    assert place(web(), hosts, PLUGIN).scores == {}


def test_what_selects_a_pod_is_added_up():
    services = [{"spec": {"selector": {"app": "web"}}}, {"spec": {"selector": {"app": "db"}}}, {"spec": {}}]
    owner = selector_of_labels({"tier": "front"})
    assert str(default_selector(web(), services, owner)) == "app=web,tier=front"
    assert default_selector(web(labels={}), services, None).everything


def test_in_a_trial_a_node_sees_its_own_pods_changed_and_those_of_others_as_they_are():
    """`a` and `b` are in one zone: what leaves `a` is still there for `b`, and what `c` gets makes it no emptier."""
    x, y, z = ((web(name), where) for name, where in zip("xyz", "abc", strict=True))
    missing = {"d": [f"{UNEVEN} (missing required label)"]}
    assert refused_in_trial(web(maxSkew=1), NODES, PLUGIN, (x,), without=(x,)) == {"b": [UNEVEN], **missing}
    assert refused_in_trial(web(maxSkew=1), NODES, PLUGIN, (x, y, z)) == {"a": [UNEVEN], "b": [UNEVEN], **missing}
    assert refused_in_trial(web(maxSkew=1), NODES, PLUGIN, (x, y, z), without=(y,)) == {"a": [UNEVEN], **missing}
    assert refused_in_trial(web(maxSkew=1), NODES, PLUGIN, (), also=(z,)) == {"c": [UNEVEN], **missing}
    assert refused_in_trial(web(maxSkew=1), NODES, PLUGIN, (x, z), without=(z,)) == missing
    assert refused_in_trial(web(maxSkew=1), NODES[:2], PLUGIN, (x,), also=(y,)) == {}


def listed(**constraint):
    whole = {"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule", **constraint}
    return PodTopologySpread(selecting=lambda _pod: selector_of_labels({"app": "web"}), defaults=[whole])


def test_listed_constraints_hold_for_pods_that_have_none():
    decision = place(web(), NODES, listed(), ((web("x"), "a"),))
    assert decision.feasible == ("c",)
    assert refused(decision, NODES)["d"] == [f"{UNEVEN} (missing required label)"]


def test_nodes_without_the_label_of_a_listed_soft_constraint_score_nothing():
    placed = ((web("x"), "a"), (web("y"), "a"), (web("z"), "c"))
    scores = scored(place(web(), NODES, listed(whenUnsatisfiable="ScheduleAnyway"), placed))
    assert scores["c"] > scores["a"] > scores["d"] == 0


def test_listed_constraints_say_nothing_of_pods_that_nothing_selects():
    plugin = PodTopologySpread(
        selecting=lambda _pod: EVERYTHING,
        defaults=[{"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}],
    )
    assert place(web(), NODES, plugin, ((web("x"), "a"),)).feasible == ("a", "b", "c", "d")
