"""Which pods nobody else will delete, and how they go."""

from __future__ import annotations

import pytest

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.pod_garbage_collector import (
    OUT_OF_SERVICE,
    Limits,
    PodGarbageCollector,
    never_scheduled,
    out_of_service,
    render_failure,
    surplus,
)

from . import kubelets
from .objects import node, pod

pytestmark = pytest.mark.virtual_time
DELETED = "2026-01-01T00:00:00Z"


def names(pods):
    return [each["metadata"]["name"] for each in pods]


def ended(name, *, reason="", **more):
    made = pod(name, phase="Failed" if reason else "Succeeded", **more)
    made["status"] |= {"reason": reason}
    return made


def test_of_too_many_ended_pods_evicted_ones_go_first_then_the_oldest():
    pods = [
        ended("b", creationTimestamp="2026-01-01T00:00:02Z"),
        ended("a", creationTimestamp="2026-01-01T00:00:02Z"),
        ended("old", creationTimestamp="2026-01-01T00:00:01Z"),
        ended("evicted", reason="Evicted", creationTimestamp="2026-01-01T00:00:09Z"),
        pod("running"),
        pod("unknown", phase="Unknown"),
    ]
    assert names(surplus(pods, 1)) == ["evicted", "old", "a"]
    assert surplus(pods, 4) == []
    assert surplus(pods, 0) == []


def test_terminating_pods_go_with_a_node_that_is_out_of_service_and_not_ready():
    nodes = {
        "dead": node("dead", f"{OUT_OF_SERVICE}:NoExecute", ready="Unknown"),
        "alive": node("alive", f"{OUT_OF_SERVICE}:NoExecute"),
        "lost": node("lost", ready="Unknown"),
    }
    pods = [pod(f"{name}-{at}", node=name, **at_all) for name in nodes for at, at_all in (
        ("stays", {}), ("goes", {"deletionTimestamp": DELETED}),
    )]  # fmt: skip
    assert names(out_of_service([*pods, pod("x", node="", deletionTimestamp=DELETED)], nodes)) == ["dead-goes"]
    assert out_of_service(pods, {}) == []


def test_terminating_pods_go_that_never_got_a_node():
    pods = [pod("a", node=""), pod("b", node="", deletionTimestamp=DELETED), pod("c", deletionTimestamp=DELETED)]
    assert names(never_scheduled(pods)) == ["b"]


def test_a_pod_is_made_failed_and_told_why():
    assert render_failure(pod("p", generation=2), orphaned=False, timestamp=DELETED)["status"] == {
        "phase": "Failed",
        "observedGeneration": 2,
    }
    (condition,) = render_failure(pod("p"), orphaned=True, timestamp=DELETED)["status"]["conditions"]
    assert (condition["type"], condition["reason"]) == ("DisruptionTarget", "DeletionByPodGC")
    assert condition["message"] == "PodGC: node no longer exists"


async def make(bench, name, *, node="", finalizers=()):
    spec = {"containers": [{"name": "c", "image": "i"}], **({"nodeName": node} if node else {})}
    metadata = {"name": name, "namespace": kubelets.NAMESPACE, "finalizers": list(finalizers)}
    return await bench.client.create(PODS, {"metadata": metadata, "spec": spec})


async def test_pods_of_a_node_that_is_gone_are_deleted_after_the_quarantine(bench):
    await kubelets.prepare(bench)
    for name in ("here", "gone"):
        await bench.client.create(NODES, {"metadata": {"name": name}})
        await make(bench, f"on-{name}", node=name, finalizers=["example.com/keep"])
    await bench.start(PodGarbageCollector)
    await bench.client.delete(NODES, Key("", "gone"))
    await bench.settle(55)
    assert all("deletionTimestamp" not in each["metadata"] for each in await kubelets.pods(bench))
    await bench.settle(30)
    gone, here = await kubelets.pods(bench)
    assert gone["status"]["phase"] == "Failed"
    assert gone["metadata"]["deletionGracePeriodSeconds"] == 0
    assert gone["status"]["conditions"][0]["reason"] == "DeletionByPodGC"
    assert here["status"]["phase"] == "Pending"


async def test_a_node_that_comes_back_in_time_keeps_its_pods(bench):
    await kubelets.prepare(bench)
    await make(bench, "p", node="n")
    await bench.start(PodGarbageCollector)
    await bench.settle(30)
    await bench.client.create(NODES, {"metadata": {"name": "n"}})
    await bench.settle(100)
    assert await kubelets.names(bench) == ["p"]


async def test_what_is_too_much_or_never_got_a_node_is_deleted(bench):
    await kubelets.prepare(bench)
    for name in ("a", "b"):
        await kubelets.report(bench, await make(bench, name), "Succeeded")
    waiting = await make(bench, "waiting", finalizers=["example.com/keep"])
    await bench.client.delete(PODS, key_of(waiting))
    await bench.start(PodGarbageCollector, settings=Limits(terminated_max=1))
    assert await kubelets.names(bench) == ["b", "waiting"]
    assert (await kubelets.get(bench, PODS, "waiting"))["status"]["phase"] == "Failed"
