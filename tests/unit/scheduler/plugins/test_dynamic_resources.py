"""Pods get the devices that they claim, on an API server inside the test, in virtual time."""

from __future__ import annotations

import asyncio
import random

import pytest

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.dra.device_class import DEVICE_CLASSES
from steersman.api.dra.device_taint_rule import DEVICE_TAINT_RULES
from steersman.api.dra.resource_claim import RESOURCE_CLAIMS
from steersman.api.dra.resource_slice import RESOURCE_SLICES
from steersman.client.informer import Informers
from steersman.client.request import Key
from steersman.lib.aio import Tasks
from steersman.lib.clock import SystemClock
from steersman.scheduler.device_view import DeviceView
from steersman.scheduler.framework import PluginError
from steersman.scheduler.plugins.dynamic_resources.commitment import Commitment

from ..devices.offers import DRIVER, claim, device, either, offer, request

pytestmark = pytest.mark.virtual_time

OF_DRIVER = {"cel": {"expression": f'device.driver == "{DRIVER}"'}}
HELPLESS = "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."


def named(name):
    return Key("default", name)


def selecting(expression):
    return [{"cel": {"expression": expression}}]


class Shop:
    """Terse verbs about devices."""

    def __init__(self, bench):
        self.bench, self.client = bench, bench.client

    async def opens(self, *slices, nodes=("n",)):
        """With a class `any`."""
        await self.client.create(DEVICE_CLASSES, {"metadata": {"name": "any"}, "spec": {"selectors": [OF_DRIVER]}})
        for name in nodes:
            await self.bench.node(name, cpu="10")
        for each in slices:
            await self.client.create(RESOURCE_SLICES, each)

    async def claim(self, name, *requests, **more):
        made = claim(*(requests or (request(),)), name=name, **more)
        made["metadata"] = {"namespace": "default", "name": name}
        await self.client.create(RESOURCE_CLAIMS, made)

    async def pod(self, name, *claims):
        listed = [{"name": f"c{at}", "resourceClaimName": each} for at, each in enumerate(claims)]
        await self.bench.pod(name, resourceClaims=listed)

    async def where(self, name, seconds=0.5):
        return (await self.bench.nodes(seconds))[name]

    async def state(self, name):
        """`request=pool/device ... for pods` of a claim."""
        status = (await self.client.get(RESOURCE_CLAIMS, named(name))).get("status") or {}
        results = ((status.get("allocation") or {}).get("devices") or {}).get("results") or ()
        given = [f"{each['request']}={each['pool']}/{each['device']}" for each in results]
        return " ".join([*given, *(f"for {each['name']}" for each in status.get("reservedFor") or ())])

    async def why(self, name):
        condition = await self.bench.condition(name)
        return condition and condition["message"]

    async def release(self, name):
        """As the controller does when the last pod has ended."""
        found = await self.client.get(RESOURCE_CLAIMS, named(name))
        await self.client.update_status(RESOURCE_CLAIMS, found | {"status": {}})


@pytest.fixture
def shop(bench):
    return Shop(bench)


async def test_a_claim_is_allocated_and_reserved_before_its_pod_is_bound(shop):
    await shop.opens(offer("s", "a", "b"))
    await shop.claim("c")
    await shop.pod("p", "c")
    assert await shop.where("p") == "n"
    assert await shop.state("c") == "r=p/a for p"
    found = await shop.client.get(RESOURCE_CLAIMS, named("c"))
    assert found["metadata"]["finalizers"] == ["resource.kubernetes.io/delete-protection"]
    assert found["status"]["allocation"]["allocationTimestamp"]
    assert (await shop.bench.status("p"))["nominatedNodeName"] == "n"


async def test_pods_that_share_a_claim_go_where_it_is(shop):
    await shop.opens(offer("s", "a", nodeName="m"), nodes=("n", "m", "o"))
    await shop.claim("c")
    for name in ("p", "q", "r"):
        await shop.pod(name, "c")
    assert await shop.bench.nodes(3) == {"p": "m", "q": "m", "r": "m"}
    assert (await shop.state("c")).startswith("r=p/a for p")


async def test_a_device_is_given_once_and_again_when_it_is_free(shop):
    await shop.opens(offer("s", "a"))
    for at in ("1", "2"):
        await shop.claim(f"c{at}")
        await shop.pod(f"p{at}", f"c{at}")
    assert await shop.bench.nodes() == {"p1": "n", "p2": None}
    assert await shop.why("p2") == f"0/1 nodes are available: 1 cannot allocate all claims. {HELPLESS}"
    await shop.release("c1")
    assert await shop.where("p2", 2) == "n"
    assert await shop.state("c2") == "r=p/a for p2"


async def test_many_pods_that_come_at_once_get_a_device_each(shop):
    await shop.opens(*(offer(f"s-{node}", "a", "b", "c", nodeName=node, pool=node) for node in "nm"), nodes="nm")
    for at in range(6):
        await shop.claim(f"c{at}")
    await asyncio.gather(*(shop.pod(f"p{at}", f"c{at}") for at in range(6)))
    assert sorted((await shop.bench.nodes(3)).values()) == ["m"] * 3 + ["n"] * 3
    states = [(await shop.state(f"c{at}")).split()[0] for at in range(6)]
    assert len(set(states)) == 6


async def test_the_better_alternative_decides(shop):
    slices = [offer(f"s-{node}", device("g", x_model=node), nodeName=node, pool=node) for node in "nm"]
    await shop.opens(*slices, nodes="nm")
    best = request(selectors=selecting(f'device.attributes["{DRIVER}"].model == "m"'))
    await shop.claim("c", either("r", best=best, other=request()))
    await shop.pod("p", "c")
    assert await shop.where("p") == "m"
    assert await shop.state("c") == "r/best=m/g for p"


async def test_a_pod_waits_for_its_claim_without_a_word(shop):
    await shop.opens(offer("s", "a"))
    await shop.pod("p", "c")
    assert await shop.where("p") is None
    assert await shop.why("p") is None
    await shop.claim("c")
    assert await shop.where("p") == "n"


async def test_a_pod_waits_until_the_claim_of_its_template_is_known(shop):
    await shop.opens(offer("s", "a"))
    await shop.bench.pod("p", resourceClaims=[{"name": "c", "resourceClaimTemplateName": "t"}])
    assert await shop.where("p") is None
    pod = await shop.client.get(PODS, named("p"))
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": pod["metadata"]["uid"], "controller": True}
    made = claim(request())
    made["metadata"] = {"namespace": "default", "name": "p-c-x", "ownerReferences": [owner]}
    await shop.client.create(RESOURCE_CLAIMS, made)
    assert await shop.where("p") is None
    pod["status"]["resourceClaimStatuses"] = [{"name": "c", "resourceClaimName": "p-c-x"}]
    await shop.client.update_status(PODS, pod)
    assert await shop.where("p") == "n"


async def test_a_class_that_is_missing_is_told_and_waited_for(shop):
    await shop.opens(offer("s", "a"))
    await shop.claim("c", request(deviceClassName="late"))
    await shop.pod("p", "c")
    assert await shop.where("p") is None
    told = "0/1 nodes are available: request r: device class late does not exist."
    assert await shop.why("p") == f"{told} {HELPLESS}"
    await shop.client.create(DEVICE_CLASSES, {"metadata": {"name": "late"}, "spec": {"selectors": [OF_DRIVER]}})
    assert await shop.where("p", 2) == "n"


async def test_a_pod_that_another_plugin_refuses_is_not_helped_in_upstreams_words(shop):
    await shop.opens(offer("s", "a"))
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]} for name in "ab"]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    await shop.bench.pod("p", affinity={"nodeAffinity": required})
    assert await shop.where("p") is None
    assert await shop.why("p") == "0/1 nodes are available: pod affinity terms conflict. not found"


async def test_devices_that_come_later_are_found(shop):
    await shop.opens()
    await shop.claim("c")
    await shop.pod("p", "c")
    assert await shop.where("p") is None
    await shop.client.create(RESOURCE_SLICES, offer("s", "a"))
    assert await shop.where("p", 2) == "n"


async def test_a_selector_that_fails_keeps_the_pod_and_says_where(shop):
    await shop.opens(offer("s", "a"))
    await shop.claim("c", request(selectors=selecting(f'device.attributes["{DRIVER}"].nope == "z"')))
    await shop.pod("p", "c")
    assert await shop.where("p") is None
    assert (await shop.bench.condition("p"))["reason"] == "SchedulerError"
    where = f"claim default/c: selector #0 on device {DRIVER}/p/a: CEL runtime error: no such key: nope. consider"
    assert (await shop.why("p")).startswith(f'running "DynamicResources" filter plugin: {where}')


async def test_rules_taint_devices_until_they_are_gone(shop):
    await shop.opens(offer("s", "a"))
    rule = {"deviceSelector": {"driver": DRIVER}, "taint": {"key": "k", "effect": "NoSchedule"}}
    await shop.client.create(DEVICE_TAINT_RULES, {"metadata": {"name": "rule"}, "spec": rule})
    await shop.claim("c")
    await shop.pod("p", "c")
    assert await shop.where("p") is None
    await shop.client.delete(DEVICE_TAINT_RULES, Key("", "rule"))
    assert await shop.where("p", 2) == "n"


async def test_what_cannot_be_bound_is_reserved_no_more_and_keeps_its_devices(shop):
    await shop.opens(offer("s", "a"))
    await shop.claim("c")
    shop.bench.cable.cut = True
    await shop.pod("p", "c")
    assert await shop.where("p") is None
    assert await shop.state("c") == "r=p/a"
    shop.bench.cable.cut = False
    assert await shop.where("p", 3) == "n"
    assert await shop.state("c") == "r=p/a for p"


async def test_a_claim_in_the_way_is_given_up(shop):
    """It is allocated on a node that is not there any more, and nobody uses it."""
    await shop.opens(offer("s", "a", nodeName="m"), offer("t", "b", pool="q"), nodes=("m",))
    await shop.claim("c")
    await shop.pod("p", "c")
    assert await shop.where("p") == "m"
    await shop.bench.delete("p", grace_s=0)
    found = await shop.client.get(RESOURCE_CLAIMS, named("c"))
    status = {key: value for key, value in found["status"].items() if key != "reservedFor"}
    await shop.client.update_status(RESOURCE_CLAIMS, found | {"status": status})
    await shop.bench.patch(NODES, Key("", "m"), {"spec": {"unschedulable": True}})
    await shop.bench.node("n", cpu="10")
    await shop.pod("q", "c")
    assert await shop.where("q", 3) == "n"
    assert await shop.state("c") == "r=q/b for q"


# --- Writes that meet others -------------------------------------------------------------------------------------


@pytest.fixture
def commitment(shop):
    view = DeviceView(informers=Informers(client=shop.client, rng=random.Random(1)))
    return Commitment(client=shop.client, view=view, recorder=None, clock=SystemClock(), writes=Tasks(), timeout_s=1)


async def stale(shop, **status):
    """A claim as it was before somebody wrote it."""
    await shop.claim("c")
    before = await shop.client.get(RESOURCE_CLAIMS, named("c"))
    written = before | {"metadata": before["metadata"] | {"labels": {"touched": "yes"}}}
    after = await shop.client.update(RESOURCE_CLAIMS, written)
    if status:
        await shop.client.update_status(RESOURCE_CLAIMS, after | {"status": status})
    return before


GIVEN = {"devices": {"results": [{"request": "r", "driver": DRIVER, "pool": "p", "device": "a"}]}}
POD = {"metadata": {"namespace": "default", "name": "p", "uid": "u"}}


async def test_a_claim_that_changed_is_read_again(shop, commitment):
    bound = await commitment.bind(await stale(shop), GIVEN, POD)
    assert bound["metadata"]["labels"] == {"touched": "yes"}
    assert await shop.state("c") == "r=p/a for p"


async def test_a_claim_that_another_has_allocated_is_left_alone(shop, commitment):
    claimed = await stale(shop, allocation=GIVEN)
    with pytest.raises(PluginError, match="claim default/c got allocated elsewhere in the meantime"):
        await commitment.bind(claimed, GIVEN, POD)


async def test_a_claim_that_was_given_up_cannot_be_reserved(shop, commitment):
    claimed = await stale(shop)
    with pytest.raises(PluginError, match="claim default/c got deallocated elsewhere in the meantime"):
        await commitment.bind(claimed, None, POD)


async def test_a_claim_that_is_gone_is_an_error(shop, commitment):
    claimed = await stale(shop)
    await shop.client.delete(RESOURCE_CLAIMS, named("c"))
    with pytest.raises(PluginError, match=r"add finalizer to claim default/c: .*not found"):
        await commitment.bind(claimed, GIVEN, POD)


# --- Devices that are not ready at once --------------------------------------------------------------------------


def waiting(name):
    return device(name, bindingConditions=["attached"], bindingFailureConditions=["broken"])


async def report(shop, name, kind):
    """What the driver says of the first device of a claim."""
    found = await shop.client.get(RESOURCE_CLAIMS, named(name))
    result = found["status"]["allocation"]["devices"]["results"][0]
    condition = {"type": kind, "status": "True", "reason": "R", "message": "m"}
    condition["lastTransitionTime"] = "2026-01-01T00:00:00Z"
    told = {key: result[key] for key in ("driver", "pool", "device")} | {"conditions": [condition]}
    await shop.client.update_status(RESOURCE_CLAIMS, found | {"status": found["status"] | {"devices": [told]}})


async def test_a_pod_is_bound_when_its_devices_are_ready(shop):
    await shop.opens(offer("s", waiting("a")))
    await shop.claim("c")
    await shop.pod("p", "c")
    assert await shop.where("p", 60) is None
    assert await shop.state("c") == "r=p/a for p"
    message = "waiting for binding conditions for device on node n"
    assert ("Normal", "BindingConditionsPending", message) in await shop.bench.events("p")
    await report(shop, "c", "attached")
    assert await shop.where("p") == "n"


async def test_a_device_that_fails_is_given_up_for_another(shop):
    await shop.opens(offer("s", waiting("a"), nodeName="n"), offer("t", waiting("b"), pool="q", nodeName="n"))
    await shop.claim("c")
    await shop.pod("p", "c")
    assert await shop.where("p") is None
    rule = {"deviceSelector": {"device": "a"}, "taint": {"key": "k", "effect": "NoSchedule"}}
    await shop.client.create(DEVICE_TAINT_RULES, {"metadata": {"name": "rule"}, "spec": rule})
    await report(shop, "c", "broken")
    await asyncio.sleep(0.1)
    told = 'running PreBind plugin "DynamicResources": device binding failed: claim=c, reason=R, message="m"'
    assert await shop.why("p") == told
    assert await shop.where("p", 5) is None
    assert await shop.state("c") == "r=q/b for p"
    await report(shop, "c", "attached")
    assert await shop.where("p") == "n"


async def test_devices_are_not_waited_for_for_ever(shop):
    await shop.opens(offer("s", waiting("a")))
    await shop.claim("c")
    await shop.pod("p", "c")
    await asyncio.sleep(599)
    assert await shop.why("p") is None
    await asyncio.sleep(1.5)
    assert (await shop.why("p")).startswith('running PreBind plugin "DynamicResources": device binding timeout: ')


# --- Extended resources ------------------------------------------------------------------------------------------

GPU = "example.com/gpu"


async def opens_gpus(shop, *slices, **nodes):
    """`nodes`: what a device plugin offers there."""
    spec = {"selectors": [OF_DRIVER], "extendedResourceName": GPU}
    await shop.client.create(DEVICE_CLASSES, {"metadata": {"name": "gpu"}, "spec": spec})
    for name, amount in nodes.items():
        await shop.bench.node(name, **({GPU: amount} if amount else {}))
    for each in slices:
        await shop.client.create(RESOURCE_SLICES, each)


async def gpu_pod(shop, name, amount="1"):
    amounts = {"cpu": "100m", GPU: amount}
    containers = [{"name": "c", "image": "i", "resources": {"requests": amounts, "limits": amounts}}]
    await shop.bench.pod(name, containers=containers)


async def special_claims(shop):
    return (await shop.client.list(RESOURCE_CLAIMS, namespace="default"))["items"]


async def test_an_extended_resource_comes_from_devices(shop):
    await opens_gpus(shop, offer("s", "a", "b"), n=None)
    await gpu_pod(shop, "p", "2")
    assert await shop.where("p") == "n"
    (made,) = await special_claims(shop)
    status = (await shop.bench.status("p"))["extendedResourceClaimStatus"]
    assert made["metadata"]["name"].startswith("p-extended-resources-")
    assert made["metadata"]["annotations"] == {"resource.kubernetes.io/extended-resource-claim": "true"}
    assert status == {
        "resourceClaimName": made["metadata"]["name"],
        "requestMappings": [{"containerName": "c", "resourceName": GPU, "requestName": "container-0-request-1"}],
    }
    assert await shop.state(made["metadata"]["name"]) == ("container-0-request-1=p/a container-0-request-1=p/b for p")
    await gpu_pod(shop, "q")
    assert await shop.where("q") is None
    assert await shop.why("q") == f"0/1 nodes are available: 1 cannot allocate all claims. {HELPLESS}"


async def test_a_device_plugin_comes_before_devices(shop):
    await opens_gpus(shop, n="1")
    await gpu_pod(shop, "p")
    assert await shop.where("p") == "n"
    assert await special_claims(shop) == []
    await gpu_pod(shop, "q")
    assert await shop.where("q") is None
    assert (await shop.why("q")).startswith(f"0/1 nodes are available: 1 Insufficient {GPU}.")


async def test_the_claim_of_a_pod_that_is_not_bound_is_deleted(shop):
    await opens_gpus(shop, offer("s", "a"), n=None)
    shop.bench.cable.cut = True
    await gpu_pod(shop, "p")
    assert await shop.where("p") is None
    assert await special_claims(shop) == []
    shop.bench.cable.cut = False
    assert await shop.where("p", 3) == "n"
    assert len(await special_claims(shop)) == 1
