"""Pods are placed on an API server inside the test, in virtual time."""

from __future__ import annotations

import pytest

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.client.request import Key

pytestmark = pytest.mark.virtual_time


async def test_pods_go_to_nodes_that_have_room(bench):
    await bench.node("a")
    await bench.node("b")
    for name in ("p", "q", "r"):
        await bench.pod(name, cpu="1")
    placed = await bench.nodes()
    assert set(placed.values()) == {"a", "b"}
    assert (await bench.condition("p"))["status"] == "True"
    assert await bench.events("p") == [("Normal", "Scheduled", f"Successfully assigned default/p to {placed['p']}")]


async def test_more_pods_than_fit_are_placed_as_they_leave(bench):
    await bench.node("a")
    for number in range(4):
        await bench.pod(f"p{number}", cpu="1")
    assert list((await bench.nodes()).values()) == ["a", "a", None, None]
    await bench.delete("p0", grace_s=0)
    assert list((await bench.nodes(1.5)).values()).count("a") == 2
    assert bench.scheduler.snapshot.pods_count.tolist() == [2]


async def test_a_pod_that_does_not_fit_says_why_and_is_placed_when_it_does(bench):
    await bench.node("a", cpu="500m")
    await bench.pod("p")
    assert await bench.nodes() == {"p": None}
    condition = await bench.condition("p")
    assert (condition["status"], condition["reason"]) == ("False", "Unschedulable")
    assert condition["message"] == (
        "0/1 nodes are available: 1 Insufficient cpu. "
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )
    assert await bench.events("p") == [("Warning", "FailedScheduling", condition["message"])]
    await bench.node("b")
    assert await bench.nodes(1.5) == {"p": "b"}


async def test_without_nodes_a_pod_waits_for_one(bench):
    await bench.pod("p")
    assert await bench.nodes() == {"p": None}
    assert (await bench.condition("p"))["message"] == "no nodes available to schedule pods"
    await bench.node("a")
    assert await bench.nodes(3) == {"p": "a"}


async def test_what_cannot_help_wakes_nobody(bench):
    await bench.node("a", cpu="500m")
    await bench.pod("p")
    await bench.nodes()
    tried = bench.scheduler.queue.next_at()
    await bench.node("b", cpu="600m")
    await bench.pod("small", cpu="100m")
    await bench.nodes(200)
    (waiting,) = (each for each in bench.scheduler.queue._waiting.values())
    assert waiting.failures == 1, tried


async def test_gates_keep_a_pod_until_they_are_gone(bench):
    await bench.node("a")
    await bench.pod("p", schedulingGates=[{"name": "example.com/g"}])
    assert await bench.nodes() == {"p": None}
    assert (await bench.condition("p"))["reason"] == "SchedulingGated"
    await bench.patch(PODS, Key("default", "p"), {"spec": {"schedulingGates": None}})
    assert await bench.nodes() == {"p": "a"}


async def test_pods_of_other_schedulers_are_theirs(bench):
    await bench.node("a")
    await bench.pod("p", schedulerName="other")
    assert await bench.nodes() == {"p": None}
    assert await bench.condition("p") is None


async def test_higher_priority_goes_first(bench):
    await bench.pod("low", cpu="2")
    await bench.pod("high", cpu="2", priorityClassName="system-node-critical")
    await bench.node("a")
    assert await bench.nodes(2) == {"low": None, "high": "a"}


async def test_a_cordoned_node_takes_pods_when_it_is_opened(bench):
    await bench.node("a", unschedulable=True)
    await bench.pod("p")
    assert await bench.nodes() == {"p": None}
    await bench.patch(NODES, Key("", "a"), {"spec": {"unschedulable": None, "taints": None}})
    assert await bench.nodes(1.5) == {"p": "a"}


async def test_a_pod_that_is_bound_by_hand_counts(bench):
    await bench.node("a")
    await bench.pod("p", cpu="2", nodeName="a")
    await bench.pod("q")
    assert await bench.nodes() == {"p": "a", "q": None}


async def test_a_binding_that_fails_is_tried_again(bench):
    bench.cable.cut = True
    await bench.node("a")
    await bench.pod("p")
    assert await bench.nodes() == {"p": None}
    condition = await bench.condition("p")
    assert condition["reason"] == "SchedulerError"
    assert condition["message"] == 'running Bind plugin "DefaultBinder": the cable is cut'
    assert bench.scheduler.snapshot.pods_count.tolist() == [0]
    bench.cable.cut = False
    assert await bench.nodes(2) == {"p": "a"}
    assert bench.scheduler.snapshot.pods_count.tolist() == [1]


async def test_a_pod_that_goes_while_it_cannot_be_bound_leaves_nothing(bench):
    bench.cable.cut = True
    await bench.node("a")
    await bench.pod("p")
    await bench.nodes()
    await bench.delete("p", grace_s=0)
    assert await bench.nodes(20) == {}
    assert len(bench.scheduler.queue) == 0
    assert bench.scheduler.snapshot.pods_count.tolist() == [0]
