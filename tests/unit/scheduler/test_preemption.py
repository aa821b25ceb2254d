"""Who has to leave which node."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from steersman.scheduler.cycle import Profile, decide
from steersman.scheduler.plugins.inter_pod_affinity import InterPodAffinity
from steersman.scheduler.plugins.node_ports import NodePorts
from steersman.scheduler.plugins.node_resources_fit import NodeResourcesFit
from steersman.scheduler.plugins.taint_toleration import TaintToleration
from steersman.scheduler.pod_info import read_pod
from steersman.scheduler.preemption import (
    LEAVING,
    NEVER,
    NO_VICTIMS,
    NOT_HELPFUL,
    Budget,
    Shortlist,
    choose,
    find,
    guarded,
    ineligible,
)
from steersman.scheduler.snapshot import snapshot_of

from .nodes import node

PLUGINS = (TaintToleration(), NodePorts(), NodeResourcesFit(), InterPodAffinity(namespace_labels=lambda _name: {}))
A, B = node("a", cpu="4"), node("b", cpu="4")


def pod(name, cpu="4", priority=100, *, started=None, labels=None, status=None, **spec):
    container = {"name": "c", "resources": {"requests": {"cpu": cpu}}, "ports": spec.pop("ports", [])}
    metadata = {"namespace": "ns", "name": name, "uid": name, "labels": labels or {}}
    status = {**(status or {}), **({"startTime": f"2026-01-01T{started}:00Z"} if started else {})}
    whole = {"containers": [container], "priority": priority, **spec}
    return read_pod({"metadata": metadata, "spec": whole, "status": status})


HIGH = pod("high", priority=1000)


def refusal(wanted, nodes, placed, *, nominated=None):
    decision = decide(wanted, snapshot_of(nodes, placed), Profile(PLUGINS), random.Random(1), nominated=nominated)
    assert decision.node is None
    return decision


def candidates(nodes, placed, *, wanted=HIGH, budgets=(), **options):
    """Victims by node, and why other nodes are none."""
    found, reasons = find(refusal(wanted, nodes, placed, **options), budgets, random.Random(1))
    return {each.node: [victim.uid for victim in each.victims] for each in found}, +reasons


def best(nodes, placed, *, wanted=HIGH, budgets=()):
    """The node that is cleared in every case: that it does not depend on chance."""
    chosen = set()
    for seed in range(5):
        rng = random.Random(seed)
        found, _ = find(refusal(wanted, nodes, placed), budgets, rng)
        chosen.add(choose(found, rng).node)
    (node_,) = chosen
    return node_


def budget(allowed, app="web", *, namespace="ns", leaving=()):
    status = {"disruptionsAllowed": allowed, "disruptedPods": dict.fromkeys(leaving, "now")}
    spec = {"selector": {"matchLabels": {"app": app}} if app else {}}
    return {"metadata": {"namespace": namespace, "name": app}, "spec": spec, "status": status}


# -- victims


def test_less_important_pods_leave():
    assert candidates([A, B], [(pod("x"), "a"), (pod("y", priority=1000), "b")]) == (
        {"a": ["x"]},
        Counter({NO_VICTIMS: 1}),
    )


def test_no_more_than_needed_and_rather_the_least_important():
    placed = [(pod(name, "1", priority), "a") for name, priority in (("w", 4), ("x", 1), ("y", 3), ("z", 2))]
    assert candidates([A], placed, wanted=pod("p", "2", 1000)) == ({"a": ["z", "x"]}, Counter())


def test_of_equals_those_that_have_run_for_longest_stay():
    times = {"x": "12:00", "y": "09:00", "z": "10:30", "new": None}
    placed = [(pod(name, "1", started=time), "a") for name, time in times.items()]
    assert candidates([A], placed, wanted=pod("p", "2", 1000))[0] == {"a": ["x", "new"]}


def test_where_removing_pods_does_not_help_nobody_is_removed():
    tainted = node("c", cpu="4", taints=[{"key": "k", "effect": "NoSchedule"}])
    small = node("d", cpu="2")
    placed = [(pod("x"), "c"), (pod("y", "2"), "d")]
    assert candidates([tainted, small], placed) == ({}, Counter({NOT_HELPFUL: 2}))


def test_a_node_that_would_not_do_without_them_says_why():
    placed = [(pod("x", "1"), "a"), (pod("y", "3", priority=1000), "a")]
    assert candidates([A], placed) == ({}, Counter({"Insufficient cpu": 1}))


def test_ports_are_freed_too():
    port = [{"hostPort": 80}]
    placed = [(pod("x", "1", ports=port), "a"), (pod("y", "1"), "a")]
    assert candidates([A], placed, wanted=pod("p", "1", 1000, ports=port))[0] == {"a": ["x"]}


def term(app, key="zone"):
    selector = {"matchLabels": {"app": app}}
    return {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": key, "labelSelector": selector}]}


def test_who_wants_to_be_near_a_victim_gets_nothing():
    wanted = pod("p", "3", 1000, affinity={"podAffinity": term("web", "host")})
    nodes = [node("a", labels={"host": "a"}, cpu="4")]
    found, reasons = candidates(nodes, [(pod("x", "3", labels={"app": "web"}), "a")], wanted=wanted)
    assert (found, reasons) == ({}, Counter({"node(s) didn't match pod affinity rules": 1}))


def test_victims_on_one_node_are_no_help_where_others_of_their_zone_stay():
    nodes = [node(name, labels={"zone": zone}, cpu="4") for name, zone in (("a", "1"), ("b", "1"), ("c", "2"))]
    placed = [(pod(f"on-{name}", "1", labels={"app": "web"}), name) for name in "abc"]
    wanted = pod("p", "1", 1000, affinity={"podAntiAffinity": term("web")})
    assert candidates(nodes, placed, wanted=wanted)[0] == {"c": ["on-c"]}


def test_a_node_that_is_promised_to_an_equal_has_room_for_the_rest_only():
    placed = [(pod("x", "2"), "a"), (pod("y", "2"), "a")]
    promised = {"a": (pod("q", "2", 1000),)}
    assert candidates([A], placed, wanted=pod("p", "2", 1000), nominated=promised)[0] == {"a": ["x", "y"]}
    assert candidates([A], placed, wanted=pod("p", "3", 1000), nominated=promised) == (
        {},
        Counter({"Insufficient cpu": 1}),
    )


def test_enough_candidates_are_enough():
    nodes = [node(f"n{at}", cpu="4") for at in range(40)]
    placed = [(pod(f"x{at}"), f"n{at}") for at in range(40)]
    decision = refusal(HIGH, nodes, placed)
    assert len(find(decision, (), random.Random(1))[0]) == 40
    found, _ = find(decision, (), random.Random(1), Shortlist(percentage=10, at_least=5))
    assert len(found) == 5
    guarding = [budget(0, app="")]
    assert len(find(decision, guarding, random.Random(1), Shortlist(10, 5))[0]) == 5


def test_candidates_that_violate_budgets_are_not_enough():
    nodes = [node(f"n{at}", cpu="4") for at in range(8)]
    placed = [(pod(f"x{at}", labels={"app": "web" if at else "db"}), f"n{at}") for at in range(8)]
    for seed in range(8):
        found, _ = find(refusal(HIGH, nodes, placed), [budget(0)], random.Random(seed), Shortlist(0, 2))
        assert choose(found, random.Random(1)).node == "n0"


# -- budgets


def test_pods_that_a_budget_keeps_are_let_back_in_first():
    placed = [(pod("x", "2", 100, labels={"app": "web"}), "a"), (pod("y", "2", 500), "a")]
    assert candidates([A], placed, wanted=pod("p", "2", 1000), budgets=[budget(0)])[0] == {"a": ["y"]}
    assert candidates([A], placed, wanted=pod("p", "2", 1000), budgets=[budget(1)])[0] == {"a": ["x"]}


@pytest.mark.parametrize(
    ("budgets", "violating"),
    [
        ([], []),
        ([budget(0)], ["x", "y"]),
        ([budget(1)], ["y"]),
        ([budget(1, leaving=["x"])], []),
        ([budget(0, namespace="other")], []),
        ([budget(0, app="")], []),
        ([budget(1), budget(0)], ["x", "y"]),
    ],
)
def test_a_budget_allows_so_many_of_its_pods_to_leave(budgets, violating):
    pods = [pod("x", labels={"app": "web"}), pod("y", labels={"app": "web"}), pod("z", labels={"app": "db"}), pod("w")]
    found, others = guarded(pods, [Budget.of(each) for each in budgets])
    assert [each.uid for each in found] == violating
    assert [each.uid for each in others] == [uid for uid in "xyzw" if uid not in violating]


def test_no_violation_before_all_else():
    placed = [(pod("x", priority=100, labels={"app": "web"}), "a"), (pod("y", priority=500), "b")]
    assert best([A, B], placed, budgets=[budget(0)]) == "b"
    assert best([A, B], placed) == "a"


# -- the choice


def test_the_most_important_victim_decides_before_their_number():
    placed = [(pod(f"x{at}", "1", 100), "a") for at in range(4)] + [(pod("y", "4", 500), "b")]
    assert best([A, B], placed) == "a"


def test_then_the_sum_of_priorities():
    placed = [
        *((pod(f"x{at}", "2", priority), "a") for at, priority in enumerate((100, 50))),
        *((pod(f"y{at}", "2", priority), "b") for at, priority in enumerate((100, 80))),
    ]
    assert best([A, B], placed) == "a"


def test_of_negative_priorities_too_fewer_are_better():
    placed = [*((pod(f"x{at}", "2", -100), "a") for at in range(2)), (pod("y", "4", -100), "b")]
    assert best([A, B], placed) == "b"


def test_then_whose_victims_started_last():
    placed = [(pod("x", started="09:00"), "a"), (pod("y", started="11:00"), "b")]
    assert best([A, B], placed) == "b"


def test_equals_are_drawn_from():
    decision = refusal(HIGH, [A, B], [(pod("x"), "a"), (pod("y"), "b")])
    drawn = set()
    for seed in range(20):
        rng = random.Random(seed)
        drawn.add(choose(find(decision, (), rng)[0], rng).node)
    assert drawn == {"a", "b"}


# -- who may


def leaving(name, reason="PreemptionByScheduler"):
    conditions = [{"type": "DisruptionTarget", "status": "True", "reason": reason}]
    found = pod(name, status={"conditions": conditions})
    found.pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return found


def test_a_pod_whose_policy_is_never_waits():
    wanted = pod("p", priority=1000, preemptionPolicy="Never")
    assert ineligible(refusal(wanted, [A], [(pod("x"), "a")])) == NEVER


def test_a_pod_whose_victims_are_leaving_waits_for_them():
    wanted = pod("p", priority=1000, status={"nominatedNodeName": "a"})
    assert ineligible(refusal(wanted, [A, B], [(leaving("x"), "a"), (pod("y"), "b")])) == LEAVING
    assert ineligible(refusal(wanted, [A, B], [(pod("y"), "a"), (leaving("x"), "b")])) == ""
    assert ineligible(refusal(wanted, [A], [(leaving("x", "EvictionByEvictionAPI"), "a")])) == ""
    assert ineligible(refusal(wanted, [B], [(pod("x"), "b")])) == ""


def test_unless_its_node_cannot_take_it_any_more():
    wanted = pod("p", priority=1000, status={"nominatedNodeName": "a"})
    tainted = node("a", cpu="4", taints=[{"key": "k", "effect": "NoSchedule"}])
    assert ineligible(refusal(wanted, [tainted], [(leaving("x"), "a")])) == ""
