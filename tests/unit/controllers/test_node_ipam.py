"""Networks for the pods of nodes."""

from __future__ import annotations

import pytest

from steersman.api.core.event import EVENTS
from steersman.api.core.node import NODES
from steersman.client.request import Key
from steersman.controllers.cidr_set import CidrError, parse_network
from steersman.controllers.node_ipam import NodeIPAM, PodNetworks, allocate, make_sets, occupy, release

pytestmark = pytest.mark.virtual_time
DUAL = PodNetworks(cluster_cidrs=("10.0.0.0/23", "fd00::/63"), service_cidrs=())


def texts(networks):
    return [str(network) for network in networks]


def test_a_block_of_each_network_is_given():
    assert texts(allocate(make_sets(DUAL))) == ["10.0.0.0/24", "fd00::/64"]
    assert texts(allocate(make_sets(PodNetworks(cluster_cidrs=("10.0.0.0/16",), mask_bits=(20,))))) == ["10.0.0.0/20"]


def test_what_services_have_is_not_given():
    for services in ("10.0.0.0/25", "10.0.0.0/24"):
        sets = make_sets(PodNetworks(cluster_cidrs=("10.0.0.0/23",), service_cidrs=(services, "fd00::/112")))
        assert texts(allocate(sets)) == ["10.0.1.0/24"]


def test_where_one_network_is_used_up_nothing_of_the_other_stays_taken():
    sets = make_sets(PodNetworks(cluster_cidrs=("10.0.0.0/22", "fd00::/63"), service_cidrs=()))
    for _ in range(2):
        allocate(sets)
    with pytest.raises(CidrError, match=r"failed to allocate cidr from cluster cidr at idx:1: .*"):
        allocate(sets)
    assert len(sets[0]) == 2


def test_what_nodes_have_is_taken_and_given_back():
    sets = make_sets(DUAL)
    networks = [parse_network("10.0.0.0/24"), parse_network("fd00::/64")]
    occupy(sets, networks)
    assert texts(allocate(sets)) == ["10.0.1.0/24", "fd00:0:0:1::/64"]
    release(sets, networks)
    assert texts(allocate(sets)) == ["10.0.0.0/24", "fd00::/64"]
    with pytest.raises(CidrError, match="at index:2"):
        occupy(sets, [*networks, networks[0]])


async def blocks(bench):
    nodes = (await bench.client.list(NODES))["items"]
    return {each["metadata"]["name"]: each["spec"].get("podCIDRs") for each in nodes}


async def make(bench, name, **spec):
    await bench.client.create(NODES, {"metadata": {"name": name}, "spec": spec})


async def test_every_node_gets_blocks_that_no_other_has(bench):
    await make(bench, "old", podCIDRs=["10.0.0.0/24", "fd00::/64"])
    await make(bench, "new")
    await bench.start(NodeIPAM, settings=DUAL)
    assert await blocks(bench) == {"old": ["10.0.0.0/24", "fd00::/64"], "new": ["10.0.1.0/24", "fd00:0:0:1::/64"]}
    assert (await bench.client.get(NODES, Key("", "new")))["spec"]["podCIDR"] == "10.0.1.0/24"


async def test_a_node_for_which_nothing_is_left_is_told_so_and_waits(bench):
    for name in ("a", "b", "c"):
        await make(bench, name)
    await bench.start(NodeIPAM, settings=DUAL)
    found = await blocks(bench)
    (waiting,) = [name for name, networks in found.items() if networks is None]
    events = (await bench.client.list(EVENTS, namespace="default"))["items"]
    assert {(each["reason"], each["message"], each["source"]["component"]) for each in events} == {
        ("CIDRNotAvailable", f"Node {waiting} status is now: CIDRNotAvailable", "cidrAllocator")
    }
    gone = next(name for name in found if name != waiting)
    await bench.client.delete(NODES, Key("", gone))
    await bench.settle(10)
    assert (await blocks(bench))[waiting] == found[gone]


async def test_a_node_with_blocks_of_another_cluster_keeps_them(bench, caplog):
    await make(bench, "alien", podCIDRs=["192.168.0.0/24"])
    await bench.start(NodeIPAM, settings=DUAL)
    assert "node alien: cidr 192.168.0.0/24 is out the range" in caplog.text
    await bench.client.delete(NODES, Key("", "alien"))
    await make(bench, "a")
    await bench.settle()
    assert await blocks(bench) == {"a": ["10.0.0.0/24", "fd00::/64"]}
