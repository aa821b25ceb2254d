"""Whom endpoints should serve: by spec.trafficDistribution, or by zones' shares of CPUs."""

from __future__ import annotations

import pytest

from steersman.client.request import Key
from steersman.controllers.endpointslice.topology import Told, Topology, compute_ratios, compute_shares, wants_shares
from steersman.controllers.endpointslice.traffic_distribution import distribution_of, hint_nearest, remove_hints
from steersman.controllers.slices import Changes

from .objects import service

KEY = Key("ns", "s")
AUTO = {"service.kubernetes.io/topology-mode": "Auto"}
A, B, C = ({"forZones": [{"name": zone}]} for zone in "abc")


def node(name, zone="a", cpu="1", *, ready="True", **labels):
    zones = {"topology.kubernetes.io/zone": zone} if zone else {}
    return {
        "metadata": {"name": name, "labels": zones | labels},
        "status": {"allocatable": {"cpu": cpu}, "conditions": [{"type": "Ready", "status": ready}]},
    }


def endpoint(zone="a", *, ready=True, hints=None, node="n"):
    made = {"addresses": ["10.0.0.1"], "conditions": {"ready": ready}, "zone": zone, "nodeName": node}
    return {name: value for name, value in (made | {"hints": hints}).items() if value is not None}


def slice_of(*endpoints, name="s-1"):
    return {"metadata": {"name": name}, "addressType": "IPv4", "endpoints": list(endpoints)}


def hints(each):
    return [endpoint.get("hints") for endpoint in each["endpoints"]]


def zones(*slices):
    """What each slice's endpoints serve, a letter for each."""
    return ["".join(hint["forZones"][0]["name"] if hint else "-" for hint in hints(each)) for each in slices]


# -- spec.trafficDistribution


@pytest.mark.parametrize(
    ("given", "meant"),
    [("PreferClose", "PreferClose"), ("PreferSameNode", "PreferSameNode"), ("Whatever", ""), (None, "")],
)
def test_a_distribution_that_is_not_known_is_none(given, meant):
    assert distribution_of(service(trafficDistribution=given)) == meant


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        ("PreferClose", A),
        ("PreferSameZone", A),
        ("PreferSameNode", A | {"forNodes": [{"name": "n"}]}),
    ],
)
def test_ready_endpoints_serve_what_is_near(distribution, expected):
    changes = Changes(create=[slice_of(endpoint(), endpoint(zone=None, node=None), endpoint(ready=False))])
    assert hints(hint_nearest(changes, [], distribution).create[0]) == [expected, None, None]


def test_a_slice_whose_hints_are_right_is_not_written():
    right = slice_of(endpoint(hints=A), endpoint(ready=False), name="right")
    wrong = slice_of(endpoint(hints=A), endpoint(hints=B), endpoint(), name="wrong")
    update = hint_nearest(Changes(), [right, wrong], "PreferClose").update
    assert [each["metadata"]["name"] for each in update] == ["wrong"]
    assert hints(update[0]) == [A, A, A]
    assert hints(wrong) == [A, B, None]


def test_a_slice_that_goes_gets_no_hints():
    going = slice_of(endpoint())
    assert hint_nearest(Changes(delete=[going]), [going], "PreferClose") == Changes(delete=[going])


def test_without_a_distribution_hints_are_removed():
    with_hints, without = slice_of(endpoint(hints=A), endpoint(), name="with"), slice_of(endpoint(), name="without")
    made = remove_hints(Changes(create=[slice_of(endpoint(hints=B))]), [with_hints, without])
    assert hints(made.create[0]) == [None]
    assert [(each["metadata"]["name"], hints(each)) for each in made.update] == [("with", [None, None])]


# -- shares of zones


@pytest.mark.parametrize(
    ("annotations", "wanted"),
    [
        (AUTO, True),
        ({"service.kubernetes.io/topology-mode": "auto"}, True),
        ({"service.kubernetes.io/topology-mode": "Disabled"}, False),
        ({"service.kubernetes.io/topology-aware-hints": "auto"}, True),
        (AUTO | {"service.kubernetes.io/topology-aware-hints": "Disabled"}, False),
        ({}, False),
    ],
)
def test_the_annotation_asks_for_shares_and_the_older_one_comes_first(annotations, wanted):
    assert wants_shares(service(metadata={"annotations": annotations})) is wanted


def test_a_zones_share_is_that_of_its_cpus():
    nodes = [node("1", "a", "1"), node("2", "a", "2"), node("3", "b", "1000m")]
    assert compute_ratios(nodes) == {"a": 0.75, "b": 0.25}


@pytest.mark.parametrize(
    "nodes",
    [
        [],
        [node("1"), node("2")],
        [node("1"), node("2", "b", ready="False")],
        [node("1"), node("2", "b", **{"node-role.kubernetes.io/control-plane": ""})],
        [node("1"), node("2", "b"), node("3", "")],
        [node("1"), node("2", "b"), node("3", "c", "0")],
    ],
)
def test_without_two_zones_or_with_a_node_that_is_not_known_there_are_none(nodes):
    assert compute_ratios(nodes) == {}


def test_shares_need_endpoints_for_every_zone():
    even = {"a": 0.5, "b": 0.5}
    assert compute_shares({}, 9)[1].startswith("Insufficient Node information")
    assert compute_shares(even, 1)[1] == "Insufficient number of endpoints (1 endpoints, 2 zones)"
    assert compute_shares({"a": 0.98, "b": 0.01, "c": 0.01}, 3)[1] == (
        "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold "
        "(3 endpoints, 3 zones)"
    )
    assert [share.minimum for share in compute_shares(even, 4)[0].values()] == [2, 2]


def topology(**cpus):
    made = Topology()
    made.set_nodes([node(zone, zone, str(cpu)) for zone, cpu in cpus.items()])
    return made


def test_endpoints_serve_their_own_zone_and_the_service_is_told_once():
    shares = topology(a=1, b=1)
    made, told = shares.hint(KEY, "IPv4", Changes(create=[slice_of(endpoint("a"), endpoint("b"))]), [])
    assert zones(*made.create) == ["ab"]
    enabled = "Topology Aware Hints has been enabled, addressType: IPv4"
    assert told == [Told("Normal", "TopologyAwareHintsEnabled", enabled)]
    existing = [slice_of(*made.create[0]["endpoints"])]
    assert shares.hint(KEY, "IPv4", Changes(), existing) == (Changes(), [])


def test_a_zone_with_too_many_gives_to_one_with_too_few():
    crowded = slice_of(*(endpoint("a") for _ in range(4)), endpoint("a", ready=False))
    made, _ = topology(a=1, b=1).hint(KEY, "IPv4", Changes(create=[crowded]), [])
    assert zones(*made.create) == ["bbaa-"]


def test_slices_with_bad_hints_are_written_and_good_ones_are_not():
    good = slice_of(endpoint("a", hints=A), endpoint("b", hints=B), name="good")
    gone = slice_of(endpoint("a", hints=C), endpoint("b", hints=B), name="gone zone")
    bare = slice_of(endpoint("a"), endpoint("b"), name="bare")
    made, _ = topology(a=1, b=1).hint(KEY, "IPv4", Changes(), [good, gone, bare])
    assert [(each["metadata"]["name"], zones(each)) for each in made.update] == [
        ("gone zone", ["ab"]),
        ("bare", ["ab"]),
    ]


def test_a_slice_that_gives_one_zone_too_much_is_written():
    crowded = slice_of(*(endpoint("a", hints=A) for _ in range(4)))
    made, _ = topology(a=1, b=1).hint(KEY, "IPv4", Changes(), [crowded])
    assert zones(*made.update) == ["bbaa"]


@pytest.mark.parametrize(
    ("endpoints", "reason"),
    [
        ([endpoint("a", hints=A)], "Insufficient number of endpoints (1 endpoints, 2 zones)"),
        ([endpoint("a", hints=A), endpoint(None)], "One or more endpoints do not have a zone specified"),
    ],
)
def test_where_shares_cannot_be_given_hints_are_removed_and_it_is_told(endpoints, reason):
    made, told = topology(a=1, b=1).hint(KEY, "IPv4", Changes(), [slice_of(*endpoints)])
    assert hints(made.update[0]) == [None] * len(endpoints)
    assert told == [Told("Warning", "TopologyAwareHintsDisabled", f"{reason}, addressType: IPv4")]


def test_a_service_that_does_not_ask_any_more_is_told_once():
    shares = topology(a=1, b=1)
    shares.hint(KEY, "IPv4", Changes(create=[slice_of(endpoint("a"), endpoint("b"))]), [])
    disabled = "Topology Aware Hints has been disabled, addressType: IPv4"
    assert shares.disable(KEY, "IPv4") == [Told("Warning", "TopologyAwareHintsDisabled", disabled)]
    assert shares.disable(KEY, "IPv4") == []


def test_services_are_looked_at_again_when_nodes_leave_a_zone_with_too_few():
    shares = topology(a=1, b=1)
    shares.hint(KEY, "IPv4", Changes(create=[slice_of(*(endpoint(zone) for zone in "aabb"))]), [])
    assert shares.overloaded() == []
    shares.set_nodes([node("1", "a"), node("2", "b", "5")])
    assert shares.overloaded() == [KEY]
    shares.set_nodes([node("1", "a"), node("2", "b"), node("3", "c")])
    assert shares.overloaded() == [KEY]
    shares.set_nodes([])
    assert shares.overloaded() == [KEY]
    shares.forget(KEY)
    assert shares.overloaded() == []
