"""Node selectors and node affinity."""

from __future__ import annotations

import pytest

from steersman.api.core.node_affinity import (
    compile_node_selector,
    compile_preferred,
    compile_required,
    only_on,
    target_node,
)


def node(name="n1", **labels):
    return {"metadata": {"name": name, "labels": labels}}


def expression(key, operator, *values):
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def selector(*terms):
    return compile_node_selector({"nodeSelectorTerms": list(terms)})


@pytest.mark.parametrize(
    ("requirement", "labels", "matches"),
    [
        (expression("zone", "In", "a", "b"), {"zone": "b"}, True),
        (expression("zone", "In", "a", "b"), {}, False),
        (expression("zone", "NotIn", "a"), {}, True),
        (expression("zone", "NotIn", "a"), {"zone": "a"}, False),
        (expression("zone", "Exists"), {"zone": ""}, True),
        (expression("zone", "DoesNotExist"), {"zone": ""}, False),
        (expression("cores", "Gt", "4"), {"cores": "8"}, True),
        (expression("cores", "Lt", "4"), {"cores": "8"}, False),
        (expression("cores", "Gt", "4"), {"cores": "many"}, False),
    ],
)
def test_an_expression_is_about_labels(requirement, labels, matches):
    assert selector({"matchExpressions": [requirement]})(node(**labels)) is matches


def test_terms_are_alternatives_and_their_requirements_are_not():
    zone_a, ssd = expression("zone", "In", "a"), expression("disk", "In", "ssd")
    both = selector({"matchExpressions": [zone_a, ssd]})
    either = selector({"matchExpressions": [zone_a]}, {"matchExpressions": [ssd]})
    assert (both(node(zone="a")), either(node(zone="a"))) == (False, True)
    assert both(node(zone="a", disk="ssd"))


def test_a_term_without_requirements_matches_nothing():
    assert not selector({})(node())
    assert not selector()(node())


def test_a_term_that_cannot_be_understood_matches_nothing():
    assert not selector({"matchExpressions": [expression("zone", "Near", "a")]})(node(zone="a"))
    assert not selector({"matchFields": [expression("metadata.name", "In", "n1", "n2")]})(node("n1"))
    assert selector(
        {"matchExpressions": [expression("a b", "Exists")]}, {"matchExpressions": [expression("z", "Exists")]}
    )(node(z="1"))


def test_a_node_can_be_asked_for_by_name():
    assert selector({"matchFields": [expression("metadata.name", "In", "n1")]})(node("n1"))
    assert not selector({"matchFields": [expression("metadata.name", "NotIn", "n1")]})(node("n1"))
    assert not selector({"matchFields": [expression("spec.unschedulable", "In", "true")]})(node("n1"))
    mixed = {
        "matchFields": [expression("metadata.name", "In", "n1")],
        "matchExpressions": [expression("zone", "Exists")],
    }
    assert not selector(mixed)(node("n1"))


def test_selector_and_affinity_must_both_hold():
    term = {"matchExpressions": [expression("disk", "Exists")]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}
    fits = compile_required({"nodeSelector": {"zone": "a"}, "affinity": affinity})
    assert [fits(node(zone="a")), fits(node(disk="")), fits(node(zone="a", disk=""))] == [False, False, True]
    assert compile_required({})(node())
    assert not compile_required(
        {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}}}
    )(node())


def test_preferences_add_up():
    score = compile_preferred(
        [
            {"weight": 10, "preference": {"matchExpressions": [expression("zone", "In", "a")]}},
            {"weight": 5, "preference": {"matchExpressions": [expression("disk", "Exists")]}},
            {"weight": 7, "preference": {}},
        ]
    )
    assert [score(node()), score(node(zone="a")), score(node(zone="a", disk=""))] == [0, 10, 15]


def test_a_pod_can_be_bound_to_one_node_by_affinity():
    given = {
        "podAffinity": {"x": 1},
        "nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [1],
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": []}]},
        },
    }
    bound = only_on(given, "n1")
    assert target_node({"affinity": bound}) == "n1"
    assert bound["podAffinity"] == {"x": 1}
    assert bound["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] == [1]
    assert target_node({"affinity": only_on(None, "n2")}) == "n2"
    assert target_node({}) is None
    assert target_node({"affinity": given}) is None
