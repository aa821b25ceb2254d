from __future__ import annotations

import pytest

from steersman.scheduler.devices.model import PoolId, read_slice
from steersman.scheduler.devices.pools import Inventory, candidates

from .offers import DRIVER, NODE, device, offer

OTHER = {"metadata": {"name": "m", "labels": {"zone": "z2"}}}


def inventory(*slices):
    return Inventory(map(read_slice, slices))


def seen(found, node=NODE):
    """`pool: devices`, or what is wrong with the pool."""
    lines = {}
    for pool in found.pools(node):
        state = "incomplete" if pool.incomplete else pool.invalid
        lines[pool.id.pool] = state or " ".join(device.id.device for device in pool.devices)
    return lines


def zone(name):
    return {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": [name]}]}]}


def test_slices_reach_one_node_all_nodes_or_those_selected():
    found = inventory(
        offer("s", "a"),
        offer("t", "b", pool="net", allNodes=True),
        offer("u", "c", pool="z1", nodeSelector=zone("z1")),
        offer("v", device("d", nodeName="m"), device("e", nodeSelector=zone("z1")), device("f", allNodes=True),
              pool="each", perDeviceNodeSelection=True),
        offer("w", "g", pool="future", unheardOf=True),
    )  # fmt: skip
    assert seen(found) == {"p": "a", "net": "b", "z1": "c", "each": "e f"}
    assert seen(found, OTHER) == {"net": "b", "each": "d f"}


def test_slices_of_a_pool_stand_by_name():
    assert seen(inventory(offer("t", "a", of=2), offer("s", "b", of=2))) == {"p": "b a"}


@pytest.mark.parametrize(
    ("slices", "expected"),
    [
        ([offer("s", "a", of=2)], {"p": "incomplete"}),
        ([offer("s", "old"), offer("t", "new", generation=2)], {"p": "new"}),
        ([offer("s", "old", of=2), offer("t", "new", generation=2, of=2)], {"p": "incomplete"}),
        # the rest of the pool is elsewhere
        ([offer("s", "a", of=2), offer("t", "b", of=2, nodeName="m")], {"p": "a"}),
        # it is replaced by one that has nothing for this node
        ([offer("s", "a", of=2), offer("t", "b", of=2, nodeName="m", generation=2)], {}),
        ([offer("s", "a", "b", "a")], {"p": "duplicate device name a"}),
        ([offer("s", "a"), offer("t", "a", pool="q")], {"p": "a", "q": "a"}),
    ],
)
def test_what_is_known_of_a_pool(slices, expected):
    assert seen(inventory(*slices)) == expected


@pytest.mark.parametrize(
    ("consumed", "sets", "expected"),
    [
        ({"s": {"c": "1"}}, [{"s": {"c": "4"}}], "a"),
        ({"x": {"c": "1"}}, [{"s": {"c": "4"}}], "counter set x not found"),
        ({"s": {"x": "1"}}, [{"s": {"c": "4"}}], "counter x not found in counter set s"),
        ({}, [{"s": {"c": "4"}}, {"s": {"c": "4"}}], "duplicate counter set name s"),
    ],
)
def test_counters_must_be_there(consumed, sets, expected):
    def counters(amounts):
        return {name: {"value": amount} for name, amount in amounts.items()}

    uses = [{"counterSet": name, "counters": counters(amounts)} for name, amounts in consumed.items()]
    shared = [{"name": name, "counters": counters(amounts)} for each in sets for name, amounts in each.items()]
    slices = offer("s", device("a", consumesCounters=uses), of=2), offer("t", of=2, nodeName="m", sharedCounters=shared)
    assert seen(inventory(*slices)) == {"p": expected}


def test_what_a_node_sees_follows_the_slices():
    found = inventory(offer("s", "a", of=2))
    assert seen(found) == {"p": "incomplete"}
    found.add(read_slice(offer("t", "b", of=2, nodeName="m")))
    assert seen(found) == {"p": "a"}
    assert seen(found, OTHER) == {"p": "b"}
    found.remove("s")
    assert seen(found) == {}
    assert seen(found, OTHER) == {"p": "incomplete"}
    found.add(read_slice(offer("u", "net", pool="q", allNodes=True)))
    assert seen(found) == {"q": "net"}
    found.remove("unknown")


def test_what_a_node_sees_follows_its_labels():
    found = inventory(offer("u", "c", nodeSelector=zone("z1")))
    assert seen(found) == {"p": "c"}
    assert seen(found, {"metadata": {"name": "n", "labels": {"zone": "z2"}}}) == {}


def test_nodes_that_reach_the_same_share_one_pool():
    found = inventory(offer("s", "a", allNodes=True), offer("t", "b", pool="q"))
    (shared, _), (same,) = found.pools(NODE), found.pools(OTHER)
    assert shared is same


def told(found, *devices, pool="p"):
    """The nodes for which it matters that something is charged to devices."""
    then = found.news.now
    found.touched(PoolId(DRIVER, pool), devices)
    return sorted(set(found.news.since(then)))


def test_a_charge_matters_to_the_nodes_that_see_the_device():
    found = inventory(
        offer("s", "a", of=2), offer("t", "b", of=2, nodeName="m"), offer("u", "c", pool="net", allNodes=True)
    )
    seen(found), seen(found, OTHER)
    assert told(found, "a") == ["n"]
    assert told(found, "a", "b") == ["m", "n"]
    assert told(found, "c", pool="net") == ["m", "n"]
    assert told(found, "x", pool="unknown") == []


def test_a_charge_matters_to_all_that_share_counters():
    uses = [{"counterSet": "set", "counters": {"c": {"value": "1"}}}]
    sets = [{"name": "set", "counters": {"c": {"value": "1"}}}]
    found = inventory(
        offer("s", device("a", consumesCounters=uses), of=3),
        offer("t", device("b", consumesCounters=uses), of=3, nodeName="m"),
        offer("u", of=3, allNodes=True, sharedCounters=sets),
    )
    assert (seen(found), seen(found, OTHER)) == ({"p": "a"}, {"p": "b"})
    assert told(found, "a") == ["m", "n"]


def test_only_usable_pools_have_candidates():
    found = inventory(offer("s", "a", of=2), offer("t", "b", "b", pool="q"), offer("u", "c", pool="r"))
    assert [device.id.device for _, device in candidates(found.pools(NODE))] == ["c"]
