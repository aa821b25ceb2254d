"""Pods leave for more important ones, on an API server inside the test, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from steersman.api.core.node import NODES
from steersman.api.policy.pod_disruption_budget import POD_DISRUPTION_BUDGETS
from steersman.client.request import Key
from steersman.scheduler.evictions import remaining
from steersman.scheduler.framework import Eviction

from .nodes import pod

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def full(bench):
    """One node, and a pod on it that takes all of it and half a minute to leave."""
    await bench.priorities(low=100, mid=500, high=1000)
    await bench.node("a")
    await bench.pod("x", cpu="2", priorityClassName="low")
    assert await bench.nodes() == {"x": "a"}
    return bench


async def test_room_is_made_and_the_pod_gets_it(full):
    await full.pod("p", cpu="2", priorityClassName="high")
    assert await full.nodes() == {"x": "a", "p": None}
    told = await full.condition("x", "DisruptionTarget")
    assert (told["status"], told["reason"]) == ("True", "PreemptionByScheduler")
    assert told["message"] == "default-scheduler: preempting to accommodate a higher priority pod"
    (uid,) = full.scheduler.queue._waiting
    assert ("Normal", "Preempted", f"Preempted by pod {uid} on node a") in await full.events("x")
    assert (await full.status("p"))["nominatedNodeName"] == "a"
    await full.delete("x", grace_s=0)
    assert await full.nodes(2) == {"p": "a"}


async def test_nobody_as_important_or_less_takes_the_room(full):
    await full.pod("p", cpu="2", priorityClassName="mid")
    await full.nodes()
    await full.pod("q", cpu="1", priorityClassName="mid")
    await full.pod("r", cpu="1")
    await full.nodes()
    await full.delete("x", grace_s=0)
    assert await full.nodes(5) == {"p": "a", "q": None, "r": None}


async def test_somebody_more_important_takes_it_and_the_nomination_is_taken_back(full):
    await full.node("b", cpu="1")
    await full.pod("y", cpu="1", priorityClassName="low")
    await full.pod("p", cpu="2", priorityClassName="mid")
    await full.nodes()
    await full.pod("h", cpu="2", priorityClassName="high")
    await full.nodes()
    assert (await full.status("h"))["nominatedNodeName"] == "a"
    await full.delete("x", grace_s=0)
    placed = await full.nodes(5)
    assert (placed["h"], placed["p"]) == ("a", None)
    assert "nominatedNodeName" not in await full.status("p")


async def test_while_its_victims_leave_a_pod_chooses_no_others(full):
    await full.node("b")
    await full.pod("y", cpu="2", priorityClassName="mid")
    await full.nodes()
    await full.pod("p", cpu="2", priorityClassName="high")
    await full.nodes()
    await full.node("c", cpu="100m")
    await full.node("d")  # worth a try: by then it could take the pod
    assert (await full.nodes(3))["p"] == "d"
    assert await full.condition("y", "DisruptionTarget") is None


async def test_a_pod_waits_while_victims_cannot_be_deleted_and_is_tried_again(full):
    full.cable.jammed = True
    await full.pod("p", cpu="2", priorityClassName="high")
    await full.nodes()
    assert (await full.status("p"))["nominatedNodeName"] == "a"
    full.cable.jammed = False
    await asyncio.sleep(5)
    await full.delete("x", grace_s=0)
    assert await full.nodes(5) == {"p": "a"}


async def test_pods_of_a_budget_are_spared_if_others_do(bench):
    await bench.priorities(low=100, mid=500, high=1000)
    for name, priority in (("a", "low"), ("b", "mid")):
        await bench.node(name)
        await bench.pod(f"on-{name}", cpu="2", priorityClassName=priority)
        await bench.nodes()
    await bench.patch_labels("on-a", app="web")
    spec = {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "web"}}}
    await bench.client.create(POD_DISRUPTION_BUDGETS, {"metadata": {"namespace": "default", "name": "b"}, "spec": spec})
    await bench.pod("p", cpu="2", priorityClassName="high")
    await bench.nodes()
    assert (await bench.status("p"))["nominatedNodeName"] == "b"
    assert await bench.condition("on-a", "DisruptionTarget") is None
    assert await bench.condition("on-b", "DisruptionTarget") is not None


async def test_a_nominated_pod_that_goes_leaves_room_for_others(full):
    await full.pod("p", cpu="2", priorityClassName="high")
    await full.nodes()
    await full.pod("q", cpu="2", priorityClassName="mid")
    await full.delete("x", grace_s=0)
    await full.delete("p", grace_s=0)
    assert await full.nodes(5) == {"q": "a"}


async def test_a_node_that_goes_is_no_promise(full):
    await full.pod("p", cpu="2", priorityClassName="high")
    await full.nodes()
    await full.client.delete(NODES, Key("", "a"))
    await full.delete("x", grace_s=0)
    await full.node("b")
    assert await full.nodes(5) == {"p": "b"}


def test_who_is_leaving_already_is_not_asked_again():
    gone = pod("gone")
    gone.pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    stays = pod("stays")
    assert remaining(Eviction("a", (gone, stays))) == (stays,)
