"""Pods leave devices with taints that they do not tolerate."""

from __future__ import annotations

import pytest

from steersman.api.core.pod import PODS
from steersman.api.dra.device_taint_rule import DEVICE_TAINT_RULES
from steersman.api.dra.resource_claim import RESOURCE_CLAIMS
from steersman.api.dra.resource_slice import RESOURCE_SLICES
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.device_taint_eviction import DeviceTaintEviction

from . import kubelets

pytestmark = pytest.mark.virtual_time
MARKED = ("DeviceTaintManagerEviction", "Marking for deletion")


@pytest.fixture
async def cluster(bench):
    await kubelets.prepare(bench)
    await publish(bench)
    await bench.start(DeviceTaintEviction)
    return bench


async def publish(bench):
    pool = {"name": "pool", "generation": 1, "resourceSliceCount": 1}
    spec = {"driver": "d.example.com", "nodeName": "n", "pool": pool, "devices": [{"name": "gpu-0"}]}
    await bench.client.create(RESOURCE_SLICES, {"metadata": {"name": "s"}, "spec": spec})


async def taint(bench, *taints):
    await bench.client.patch(
        RESOURCE_SLICES, Key("", "s"), {"spec": {"devices": [{"name": "gpu-0", "taints": list(taints)}]}}
    )
    await bench.settle()


async def run_pod(bench, *tolerations):
    """One that was given the device."""
    exactly = {"deviceClassName": "gpu", "tolerations": list(tolerations)}
    metadata = {"name": "c", "namespace": kubelets.NAMESPACE}
    spec = {"devices": {"requests": [{"name": "r", "exactly": exactly}]}}
    made = await bench.client.create(RESOURCE_CLAIMS, {"metadata": metadata, "spec": spec})
    spec = {"containers": [{"name": "c", "image": "i"}], "nodeName": "n"}
    spec["resourceClaims"] = [{"name": "gpu", "resourceClaimName": "c"}]
    pod = await bench.client.create(PODS, {"metadata": {"name": "p", "namespace": "default"}, "spec": spec})
    result = {"request": "r", "driver": "d.example.com", "pool": "pool", "device": "gpu-0"}
    result["tolerations"] = list(tolerations)
    reserved = [{"resource": "pods", "name": "p", "uid": pod["metadata"]["uid"]}]
    status = {"allocation": {"devices": {"results": [result]}}, "reservedFor": reserved}
    await bench.client.patch(RESOURCE_CLAIMS, key_of(made), {"status": status}, subresource="status")
    await bench.settle()


async def rule(bench, effect="NoExecute"):
    spec = {"deviceSelector": {"driver": "d.example.com"}, "taint": {"key": "k", "effect": effect}}
    await bench.client.create(DEVICE_TAINT_RULES, {"metadata": {"name": "r"}, "spec": spec})
    await bench.settle()


async def said(bench):
    """By the rule."""
    (condition,) = (await bench.client.get(DEVICE_TAINT_RULES, Key("", "r")))["status"]["conditions"]
    return condition["status"], condition["reason"], condition["message"]


async def leaves(bench):
    return "deletionTimestamp" in (await kubelets.get(bench, PODS, "p"))["metadata"]


async def test_a_pod_that_does_not_tolerate_is_told_of_and_deleted(cluster):
    await run_pod(cluster)
    await taint(cluster, {"key": "k", "effect": "NoExecute"})
    assert await leaves(cluster)
    (condition,) = (await kubelets.get(cluster, PODS, "p"))["status"]["conditions"]
    assert (condition["type"], condition["status"]) == ("DisruptionTarget", "True")
    assert condition["reason"] == "DeletionByDeviceTaintManager"
    assert condition["message"] == "Device Taint manager: deleting due to NoExecute taint"
    assert await kubelets.events(cluster, PODS, "p") == [MARKED]


async def test_a_pod_that_is_given_a_tainted_device_is_deleted_too(cluster):
    await taint(cluster, {"key": "k", "effect": "NoExecute"})
    await run_pod(cluster)
    assert await leaves(cluster)


async def test_other_taints_and_tolerated_ones_do_not_matter(cluster):
    await run_pod(cluster, {"key": "k", "operator": "Exists", "effect": "NoExecute"})
    await taint(cluster, {"key": "k", "effect": "NoExecute"}, {"key": "l", "effect": "NoSchedule"})
    await cluster.settle(60)
    assert not await leaves(cluster)


async def test_it_may_stay_for_as_long_as_it_tolerates_unless_the_taint_goes(cluster):
    await run_pod(cluster, {"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 20})
    await taint(cluster, {"key": "k", "effect": "NoExecute"})
    await taint(cluster)
    await cluster.settle(60)
    assert not await leaves(cluster)
    assert await kubelets.events(cluster, PODS, "p") == [("DeviceTaintManagerEviction", "Cancelling deletion")]
    await taint(cluster, {"key": "k", "effect": "NoExecute"})
    await cluster.settle(15)
    assert not await leaves(cluster)
    await cluster.settle(10)
    assert await leaves(cluster)


async def test_a_rule_evicts_and_says_so(cluster):
    await rule(cluster)
    assert await said(cluster) == ("False", "NotStarted", "")
    await run_pod(cluster)
    assert await leaves(cluster)
    await cluster.settle(25)
    assert await said(cluster) == ("False", "Completed", "1 pod evicted since starting the controller.")


async def test_a_rule_without_effect_says_what_it_would_do(cluster):
    await run_pod(cluster)
    await rule(cluster, "None")
    status, reason, message = await said(cluster)
    assert (status, reason) == ("False", "NoEffect")
    assert message.startswith(
        "1 published device selected. 1 allocated device selected. 1 pod would be evicted in 1 namespace"
    )
    assert not await leaves(cluster)
    await cluster.client.patch(DEVICE_TAINT_RULES, Key("", "r"), {"spec": {"taint": {"effect": "NoExecute"}}})
    await cluster.settle()
    assert await leaves(cluster)
