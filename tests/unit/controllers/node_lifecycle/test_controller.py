"""Nodes are watched, tainted and given up."""

from __future__ import annotations

import pytest

from steersman.api.coordination.lease import LEASES
from steersman.api.core.event import EVENTS
from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.meta.times import format_micro_time, format_time
from steersman.client.request import Key, PatchType
from steersman.controllers.node_lifecycle.controller import LEASE_NAMESPACE, NodeLifecycle, Patience

from .. import kubelets

pytestmark = pytest.mark.virtual_time
N = "node.kubernetes.io"


@pytest.fixture
async def cluster(bench):
    await kubelets.prepare(bench)
    await bench.start(NodeLifecycle)
    return bench


async def join(bench, name, *, ready="True", zone="z", **labels):
    """A node; `ready` None: that never tells anything."""
    metadata = {"name": name, "labels": {"topology.kubernetes.io/zone": zone, **labels}}
    await bench.client.create(NODES, {"metadata": metadata})
    if ready is not None:
        await tell(bench, name, ready)


async def tell(bench, name, ready="True"):
    """What a kubelet says in the status."""
    now = format_time(bench.clock.now())
    condition = {"type": "Ready", "status": ready, "reason": "R", "message": "m"}
    condition |= {"lastHeartbeatTime": now, "lastTransitionTime": now}
    patch = {"status": {"conditions": [condition]}}
    await bench.client.patch(NODES, Key("", name), patch, kind=PatchType.STRATEGIC, subresource="status")


async def renew(bench, name):
    """What a kubelet does meanwhile."""
    spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": format_micro_time(bench.clock.now())}
    metadata = {"name": name, "namespace": LEASE_NAMESPACE}
    found = (await bench.client.list(LEASES, namespace=LEASE_NAMESPACE))["items"]
    if any(each["metadata"]["name"] == name for each in found):
        await bench.client.patch(LEASES, Key(LEASE_NAMESPACE, name), {"spec": spec})
    else:
        await bench.client.create(LEASES, {"metadata": metadata, "spec": spec})


async def live(bench, *names, seconds):
    """Let time pass in which the kubelets of these nodes renew their leases."""
    for _ in range(seconds // 10):
        for name in names:
            await renew(bench, name)
        await bench.settle(10)


async def taints(bench, name):
    spec = (await bench.client.get(NODES, Key("", name)))["spec"]
    return {f"{each['key'].removeprefix(f'{N}/')}:{each['effect']}" for each in spec.get("taints") or ()}


async def ready(bench, name):
    conditions = (await bench.client.get(NODES, Key("", name)))["status"]["conditions"]
    condition = next(each for each in conditions if each["type"] == "Ready")
    return condition["status"], condition["reason"]


async def events(bench, name):
    found = (await bench.client.list(EVENTS, fields=f"involvedObject.name={name}"))["items"]
    return [(each["reason"], each["message"]) for each in found]


async def run_pod(bench, name, on):
    spec = {"containers": [{"name": "c", "image": "i"}], "nodeName": on}
    made = await bench.client.create(PODS, {"metadata": {"name": name, "namespace": kubelets.NAMESPACE}, "spec": spec})
    await kubelets.report(bench, made, "Running", ready=True)


async def is_ready(bench, name):
    conditions = (await kubelets.get(bench, PODS, name))["status"]["conditions"]
    return next(each["status"] for each in conditions if each["type"] == "Ready")


async def test_nodes_are_told_of_when_they_come_and_go(cluster):
    await join(cluster, "a")
    await cluster.settle(6)
    await cluster.client.delete(NODES, Key("", "a"))
    await cluster.settle(6)
    assert await events(cluster, "a") == [
        ("RegisteredNode", "Node a event: Registered Node a in Controller"),
        ("RemovingNode", "Node a event: Removing Node a from Controller"),
    ]


async def test_taints_and_labels_follow_at_once(cluster):
    await join(cluster, "a", **{"kubernetes.io/os": "linux"})
    await cluster.settle()
    assert await taints(cluster, "a") == set()
    labels = (await cluster.client.get(NODES, Key("", "a")))["metadata"]["labels"]
    assert labels["beta.kubernetes.io/os"] == "linux"
    await cluster.client.patch(NODES, Key("", "a"), {"spec": {"unschedulable": True}})
    await cluster.settle()
    assert await taints(cluster, "a") == {"unschedulable:NoSchedule"}


async def test_a_node_is_lost_when_neither_status_nor_lease_tell_of_it(cluster):
    for name in ("dead", "alive"):
        await join(cluster, name)
        await run_pod(cluster, f"on-{name}", name)
    await live(cluster, "dead", "alive", seconds=120)
    assert await ready(cluster, "dead") == ("True", "R")
    await live(cluster, "alive", seconds=40)
    assert await ready(cluster, "dead") == ("True", "R")
    await live(cluster, "alive", seconds=30)
    assert await ready(cluster, "dead") == ("Unknown", "NodeStatusUnknown")
    assert await taints(cluster, "dead") == {"unreachable:NoSchedule", "unreachable:NoExecute"}
    assert ("NodeNotReady", "Node dead status is now: NodeNotReady") in await events(cluster, "dead")
    assert (await is_ready(cluster, "on-dead"), await is_ready(cluster, "on-alive")) == ("False", "True")
    assert await kubelets.events(cluster, PODS, "on-dead") == [("NodeNotReady", "Node is not ready")]
    assert await ready(cluster, "alive") == ("True", "R")
    await tell(cluster, "dead")
    await live(cluster, "alive", "dead", seconds=10)
    assert await taints(cluster, "dead") == set()


async def test_a_node_that_never_tells_anything_has_longer(cluster):
    await join(cluster, "other")
    await join(cluster, "silent", ready=None)
    await live(cluster, "other", seconds=50)
    assert (await cluster.client.get(NODES, Key("", "silent")))["status"].get("conditions") is None
    await live(cluster, "other", seconds=20)
    assert await ready(cluster, "silent") == ("Unknown", "NodeStatusNeverUpdated")
    assert await taints(cluster, "silent") == {"unreachable:NoSchedule", "unreachable:NoExecute"}
    await live(cluster, "other", seconds=200)
    assert await ready(cluster, "silent") == ("Unknown", "NodeStatusNeverUpdated")


async def test_a_pod_that_comes_to_a_lost_node_is_not_ready(cluster):
    await join(cluster, "a", ready="Unknown")
    spec = {"containers": [{"name": "c", "image": "i"}]}
    made = await cluster.client.create(PODS, {"metadata": {"name": "p", "namespace": "default"}, "spec": spec})
    await kubelets.report(cluster, made, "Running", ready=True)
    await kubelets.assign(cluster, made, "a")
    await cluster.settle()
    assert await is_ready(cluster, "p") == "False"


async def test_nodes_of_a_zone_are_given_up_one_after_the_other(cluster):
    for name in ("a", "b", "other"):
        await join(cluster, name, zone="y" if name == "other" else "z")
    for name in ("c", "d", "e"):
        await join(cluster, name)
    await live(cluster, "a", "b", "c", "d", "e", "other", seconds=20)
    for name in ("a", "b"):
        await tell(cluster, name, "False")
    found = []
    for _ in range(3):
        await live(cluster, "c", "d", "e", "other", seconds=10)
        given_up = ["not-ready:NoExecute" in await taints(cluster, name) for name in ("a", "b")]
        found.append(sum(given_up))
    assert found == [1, 2, 2]
    await tell(cluster, "a", "Unknown")
    await live(cluster, "c", "d", "e", "other", seconds=10)
    assert await taints(cluster, "a") == {"unreachable:NoSchedule", "unreachable:NoExecute"}


async def test_when_no_node_is_alive_none_is_given_up(cluster):
    for name in ("a", "b"):
        await join(cluster, name, zone=name)
    await live(cluster, "a", "b", seconds=20)
    await cluster.settle(300)
    for name in ("a", "b"):
        assert await ready(cluster, name) == ("Unknown", "NodeStatusUnknown")
        assert await taints(cluster, name) == {"unreachable:NoSchedule"}
    await tell(cluster, "a")
    await live(cluster, "a", seconds=30)
    assert await taints(cluster, "a") == set()
    assert await taints(cluster, "b") == {"unreachable:NoSchedule", "unreachable:NoExecute"}


async def test_graces_can_be_chosen(bench):
    await join(bench, "a")
    await bench.start(NodeLifecycle, settings=Patience(grace_s=3600, startup_s=10))
    await join(bench, "b", ready=None)
    await bench.settle(20)
    assert await ready(bench, "a") == ("True", "R")
    assert await ready(bench, "b") == ("Unknown", "NodeStatusNeverUpdated")


async def test_while_leases_may_be_out_of_date_no_node_is_lost(bench):
    controller = await bench.start(NodeLifecycle)
    await join(bench, "a")
    await live(bench, "a", seconds=10)
    version = int((await bench.client.get(LEASES, Key(LEASE_NAMESPACE, "a")))["metadata"]["resourceVersion"])
    controller._leases_version = version + 1000
    await bench.settle(200)
    assert await ready(bench, "a") == ("True", "R")
    controller._leases_version = version
    await bench.settle(10)
    assert await ready(bench, "a") == ("Unknown", "NodeStatusUnknown")
