from __future__ import annotations

import pytest

from steersman.scheduler.plugins.inter_pod_affinity import FAR, NEAR, THEIRS, InterPodAffinity
from steersman.scheduler.pod_info import read_pod

from ..nodes import node, place, refused, refused_in_trial, scored

LABELS = {"ns": {"team": "a"}, "other": {"team": "b"}}
PLUGIN = InterPodAffinity(namespace_labels=lambda name: LABELS.get(name, {}))


def zoned(name, zone):
    return node(name, labels={"zone": zone})


NODES = [zoned("a", "1"), zoned("b", "1"), zoned("c", "2"), node("d")]


def term(app="db", **more):
    return {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": app}}, **more}


def weighted(weight, **more):
    return {"weight": weight, "podAffinityTerm": term(**more)}


def pod(name="p", *, app="web", namespace="ns", near=(), far=(), rather_near=(), rather_far=()):
    def of(required, preferred):
        return {
            "requiredDuringSchedulingIgnoredDuringExecution": list(required),
            "preferredDuringSchedulingIgnoredDuringExecution": list(preferred),
        }

    affinity = {"podAffinity": of(near, rather_near), "podAntiAffinity": of(far, rather_far)}
    metadata = {"namespace": namespace, "name": name, "uid": name, "labels": {"app": app}}
    return read_pod({"metadata": metadata, "spec": {"containers": [{"name": "c"}], "affinity": affinity}})


DB = (pod("db", app="db"), "a")


def test_near_means_in_the_same_domain():
    decision = place(pod(near=[term()]), NODES, PLUGIN, (DB,))
    assert decision.feasible == ("a", "b")
    assert refused(decision, NODES) == {"c": [NEAR], "d": [NEAR]}


def test_the_first_of_its_kind_needs_nobody():
    decision = place(pod(app="db", near=[term()]), NODES, PLUGIN)
    assert decision.feasible == ("a", "b", "c")
    assert place(pod(app="web", near=[term()]), NODES, PLUGIN).node is None


def test_far_means_in_another_domain_or_none():
    decision = place(pod(far=[term()]), NODES, PLUGIN, (DB,))
    assert decision.feasible == ("c", "d")
    assert refused(decision, NODES) == {"a": [FAR], "b": [FAR]}


def test_pods_that_are_there_keep_others_away():
    hermit = (pod("db", app="db", far=[term("web")]), "a")
    decision = place(pod(), NODES, PLUGIN, (hermit,))
    assert refused(decision, NODES) == {"a": [THEIRS], "b": [THEIRS]}
    assert place(pod(app="else"), NODES, PLUGIN, (hermit,)).feasible == ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({}, False),
        ({"namespaces": ["other"]}, True),
        ({"namespaceSelector": {}}, True),
        ({"namespaceSelector": {"matchLabels": {"team": "b"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"team": "a"}}}, False),
    ],
)
def test_a_term_speaks_of_its_namespaces(where, found):
    elsewhere = (pod("db", app="db", namespace="other"), "a")
    decision = place(pod(far=[term(**where)]), NODES, PLUGIN, (elsewhere,))
    assert ("a" not in decision.feasible) is found


def test_preferences_are_scaled_between_the_least_and_the_most():
    wish = pod(rather_near=[weighted(5)], rather_far=[weighted(5, app="noise")])
    placed = (DB, (pod("n", app="noise"), "c"))
    assert scored(place(wish, NODES, PLUGIN, placed)) == {"a": 100, "b": 100, "c": 0, "d": 50}


def test_what_others_prefer_counts_too():
    fan = (pod("db", app="db", rather_near=[weighted(3, app="web")]), "c")
    assert scored(place(pod(), NODES, PLUGIN, (fan,))) == {"a": 0, "b": 0, "c": 100, "d": 0}
    bound = (pod("db", app="db", near=[term("web")]), "c")
    assert scored(place(pod(), NODES, PLUGIN, (bound,)))["c"] == 100


def test_without_any_wish_nothing_is_scored():
    assert place(pod(), NODES, PLUGIN, (DB,)).scores == {}


def test_in_a_trial_a_node_sees_its_own_pods_changed_and_those_of_others_as_they_are():
    """`a` and `b` are in one zone: what leaves `a` is still there for `b`."""
    db_far = (pod("x", app="db", far=[term(app="web")]), "a")
    for wanted, placed, stays_with in (
        (pod(far=[term()]), DB, {"b": [FAR]}),
        (pod(), db_far, {"b": [THEIRS]}),
        (pod(near=[term()]), DB, {"a": [NEAR], "c": [NEAR], "d": [NEAR]}),
    ):
        assert refused_in_trial(wanted, NODES, PLUGIN, (placed,), without=(placed,)) == stays_with


def test_the_last_of_its_kind_gone_a_pod_is_the_first_again():
    wanted = pod(app="db", near=[term()])
    assert refused_in_trial(wanted, NODES, PLUGIN, (DB,), without=(DB,)) == {"c": [NEAR], "d": [NEAR]}


def test_in_a_trial_what_comes_to_a_node_keeps_the_pod_off_this_node_alone():
    assert refused_in_trial(pod(far=[term()]), NODES, PLUGIN, (), also=(DB,)) == {"a": [FAR]}


@pytest.mark.parametrize(("weight", "expected"), [(0, None), (5, {"a": 100, "b": 100, "c": 0, "d": 0})])
def test_required_affinity_of_others_counts_as_much_as_is_said(weight, expected):
    plugin = InterPodAffinity(namespace_labels=lambda _name: {}, hard_weight=weight)
    decision = place(pod(app="db"), NODES, plugin, ((pod("x", near=[term("db")]), "a"),))
    assert (scored(decision) if decision.scores else None) == expected


def test_whoever_wishes_nothing_may_be_deaf_to_the_wishes_of_others():
    deaf = InterPodAffinity(namespace_labels=lambda _name: {}, deaf=True)
    placed = ((pod("x", rather_near=[weighted(5)]), "a"),)
    assert not place(pod(app="db"), NODES, deaf, placed).scores
    assert scored(place(pod(app="db", rather_far=[weighted(1, app="none")]), NODES, deaf, placed))["a"] == 100
