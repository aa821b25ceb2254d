"""How fast nodes are given up."""

from __future__ import annotations

import pytest

from steersman.controllers.node_lifecycle.zones import Queue, Rates, Zones, zone_of, zone_state

from ..objects import node

UP, DOWN = True, False


@pytest.mark.parametrize(
    ("labels", "zone"),
    [
        ({}, ""),
        ({"topology.kubernetes.io/zone": "z"}, ":\0:z"),
        ({"topology.kubernetes.io/zone": "z", "topology.kubernetes.io/region": "r"}, "r:\0:z"),
        ({"topology.kubernetes.io/zone": "z", "failure-domain.beta.kubernetes.io/zone": "old"}, ":\0:old"),
    ],
)
def test_zones_are_named_by_labels(labels, zone):
    assert zone_of(node("n", labels=labels)) == zone


@pytest.mark.parametrize(
    ("ready", "state"),
    [
        ([UP], "Normal"),
        ([DOWN], "FullDisruption"),
        ([DOWN] * 3, "FullDisruption"),
        ([DOWN] * 2 + [UP], "Normal"),
        ([DOWN] * 3 + [UP] * 2, "PartialDisruption"),
        ([DOWN] * 3 + [UP] * 3, "Normal"),
        ([DOWN] * 11 + [UP] * 9, "PartialDisruption"),
    ],
)
def test_the_state_of_a_zone_is_that_of_its_nodes(ready, state):
    assert zone_state(ready, 0.55) == state


def test_nodes_wait_for_each_other():
    queue = Queue(rate=0.1, now=5)
    assert queue.free_in_s(5) == 0
    queue.take(5)
    assert queue.free_in_s(6) == pytest.approx(9)
    assert queue.free_in_s(20) == 0


def test_another_rate_makes_those_wait_who_had_to():
    queue = Queue(rate=0.1, now=0)
    queue.change_rate(0.01, 0)
    assert queue.free_in_s(0) == 0
    queue.take(0)
    queue.change_rate(0.01, 50)
    assert queue.free_in_s(50) == 50
    queue.change_rate(0.1, 60)
    assert queue.free_in_s(60) == pytest.approx(10)
    queue.change_rate(0, 100)
    assert queue.free_in_s(1000) is None
    queue.change_rate(0.1, 1000)
    assert queue.free_in_s(1000) == pytest.approx(10)


def rates(zones):
    return {zone: queue._rate for zone, queue in zones.queues.items()}


def test_when_nothing_is_ready_any_more_nothing_is_given_up():
    zones = Zones(rates=Rates())
    assert zones.settle({"a": [UP], "b": [UP]}, 0) == ""
    assert zones.settle({"a": [DOWN], "b": [UP]}, 5) == ""
    assert rates(zones) == {"a": 0.1, "b": 0.1}
    assert zones.settle({"a": [DOWN], "b": [DOWN]}, 10) == "lost"
    assert zones.settle({"a": [DOWN], "b": [DOWN]}, 15) == ""
    assert rates(zones) == {"a": 0, "b": 0}
    assert zones.settle({"a": [DOWN], "b": [UP]}, 20) == "found"
    assert rates(zones) == {"a": 0.1, "b": 0.1}
    assert zones.states == {"a": "FullDisruption", "b": "Normal"}


def test_a_cluster_that_begins_without_a_ready_node_gives_up_nothing():
    zones = Zones(rates=Rates())
    assert zones.settle({}, 0) == ""
    assert zones.settle({"": [DOWN]}, 5) == "lost"
    assert zones.settle({"": [UP]}, 10) == "found"


@pytest.mark.parametrize(("size", "rate"), [(10, 0), (100, 0.01)])
def test_a_partially_disrupted_zone_is_slow_or_stops(size, rate):
    zones = Zones(rates=Rates())
    zones.settle({"a": [UP] * size, "b": [UP]}, 0)
    zones.settle({"a": [UP] * 2 + [DOWN] * (size - 2), "b": [UP]}, 5)
    assert rates(zones) == {"a": rate, "b": 0.1}
    zones.settle({"a": [UP] * size, "b": [UP]}, 10)
    assert rates(zones) == {"a": 0.1, "b": 0.1}


def test_a_zone_without_nodes_is_forgotten():
    zones = Zones(rates=Rates())
    zones.settle({"a": [DOWN], "b": [UP]}, 0)
    zones.settle({"b": [UP]}, 5)
    assert zones.states == {"b": "Normal"}
