"""Pods leave nodes with taints that they do not tolerate."""

from __future__ import annotations

import pytest

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.client.request import Key
from steersman.controllers.taint_eviction import TaintEviction, no_execute_taints, plan_eviction

from . import kubelets
from .objects import node

pytestmark = pytest.mark.virtual_time
A, B = {"key": "a", "effect": "NoExecute"}, {"key": "b", "effect": "NoExecute"}


def tolerate(key, seconds=None):
    return {"key": key, "operator": "Exists", "effect": "NoExecute"} | (
        {} if seconds is None else {"tolerationSeconds": seconds}
    )


@pytest.mark.parametrize(
    ("taints", "tolerations", "planned", "due"),
    [
        ([], [], None, None),
        ([], [tolerate("a", 5)], 103, None),
        ([A], [], None, 100),
        ([A, B], [tolerate("a")], 500, 100),
        ([A], [tolerate("a")], 103, None),
        ([A], [tolerate("a", 7)], None, 107),
        ([A, B], [tolerate("a", 7), tolerate("b", 3)], None, 103),
        ([A, B], [tolerate("a"), tolerate("b", 3)], None, 103),
        ([A], [tolerate("a", -1)], None, 100),
        ([A], [tolerate("a", 7), tolerate("a", 3)], None, 107),
        ([A], [tolerate("a", 7)], 101, 101),
        ([A, B], [tolerate("a", 7), tolerate("b", 0)], 109, 109),
    ],
)
def test_when_a_pod_is_to_be_evicted(taints, tolerations, planned, due):
    assert plan_eviction(taints, tolerations, now=100.0, planned=planned) == due


def test_only_taints_that_end_pods_count():
    assert no_execute_taints(node("n", "a:NoExecute", "b:NoSchedule")) == [A]
    assert no_execute_taints(None) == []


@pytest.fixture
async def cluster(bench):
    await kubelets.prepare(bench)
    await bench.client.create(NODES, {"metadata": {"name": "n"}})
    await bench.start(TaintEviction)
    return bench


async def make(bench, *tolerations):
    spec = {"containers": [{"name": "c", "image": "i"}], "nodeName": "n", "tolerations": list(tolerations)}
    metadata = {"name": "p", "namespace": kubelets.NAMESPACE}
    await bench.client.create(PODS, {"metadata": metadata, "spec": spec})


async def taint(bench, *taints):
    await bench.client.patch(NODES, Key("", "n"), {"spec": {"taints": list(taints)}})
    await bench.settle()


async def leaves(bench):
    return "deletionTimestamp" in (await kubelets.get(bench, PODS, "p"))["metadata"]


async def test_a_pod_that_does_not_tolerate_is_told_of_and_deleted(cluster):
    await make(cluster)
    await taint(cluster, A)
    pod = await kubelets.get(cluster, PODS, "p")
    assert pod["metadata"]["deletionGracePeriodSeconds"] == 30
    (condition,) = pod["status"]["conditions"]
    assert condition | {"lastTransitionTime": ""} == {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "DeletionByTaintManager",
        "message": "Taint manager: deleting due to NoExecute taint",
        "observedGeneration": 1,
        "lastProbeTime": None,
        "lastTransitionTime": "",
    }
    told = [("TaintManagerEviction", "Marking for deletion Pod default/p")]
    assert await kubelets.events(cluster, PODS, "p") == told
    await taint(cluster, A, B)
    assert await kubelets.events(cluster, PODS, "p") == told


async def test_a_pod_that_comes_to_a_tainted_node_is_deleted_too(cluster):
    await taint(cluster, A)
    await make(cluster)
    await cluster.settle()
    assert await leaves(cluster)


async def test_it_may_stay_for_as_long_as_it_tolerates(cluster):
    await make(cluster, tolerate("a", 10), tolerate("b", 2))
    await taint(cluster, A)
    await cluster.settle(5)
    await taint(cluster, A, B)
    await cluster.settle(2.5)
    assert not await leaves(cluster)
    await cluster.settle(2)
    assert await leaves(cluster)


async def test_the_eviction_is_off_when_the_taint_goes(cluster):
    await make(cluster, tolerate("a", 10))
    await taint(cluster, A)
    await taint(cluster)
    assert await kubelets.events(cluster, PODS, "p") == [
        ("TaintManagerEviction", "Cancelling deletion of Pod default/p")
    ]
    await cluster.settle(60)
    assert not await leaves(cluster)
    await taint(cluster, A)
    await cluster.settle(8)
    assert not await leaves(cluster)
    await cluster.settle(3)
    assert await leaves(cluster)


async def test_an_eviction_goes_on_without_the_node_and_ends_with_the_pod(cluster):
    await make(cluster, tolerate("a", 10))
    await taint(cluster, A)
    await cluster.client.delete(NODES, Key("", "n"))
    await cluster.client.delete(PODS, Key(kubelets.NAMESPACE, "p"), grace_s=0)
    await cluster.settle()
    assert await kubelets.events(cluster, PODS, "p") == [
        ("TaintManagerEviction", "Cancelling deletion of Pod default/p")
    ]
    await make(cluster, tolerate("a", 10))
    await cluster.settle(60)
    assert not await leaves(cluster)
