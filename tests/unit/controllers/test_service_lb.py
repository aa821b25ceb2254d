"""Services of type LoadBalancer get an address, keep it, and give it back."""

import pytest

from steersman.api.core.event import EVENTS
from steersman.api.core.node import NODES
from steersman.api.core.service import SERVICES
from steersman.api.errors import NotFound
from steersman.client.request import Key
from steersman.controllers.service_lb.address_pool import AddressPool
from steersman.controllers.service_lb.cloud import CloudError
from steersman.controllers.service_lb.controller import Balancing, ServiceLB
from steersman.controllers.service_lb.services import (
    EXCLUDED,
    FINALIZER,
    LEAVING,
    is_other_node,
    needs_cleanup,
    needs_update,
    takes_traffic,
    wants_balancer,
)

SERVICE = Key("default", "web")


# -- pure parts


def balanced(name="web", *, families=("IPv4",), had=(), metadata=None, **spec):
    fields = {"type": "LoadBalancer", "ports": [{"port": 80}], "ipFamilies": list(families), **spec}
    made = {
        "metadata": {"namespace": "default", "name": name, "uid": f"uid-{name}", **(metadata or {})},
        "spec": fields,
    }
    return made | {"status": {"loadBalancer": {"ingress": [{"ip": ip} for ip in had]}}}


def test_a_class_or_another_type_is_none_of_ours():
    assert wants_balancer(balanced())
    assert not wants_balancer(balanced(type="NodePort"))
    assert not wants_balancer(balanced(loadBalancerClass="x.io/y"))


def test_what_was_made_is_cleaned_up_when_the_service_goes_or_changes():
    marked = {"finalizers": [FINALIZER]}
    assert not needs_cleanup(balanced(metadata=marked))
    assert needs_cleanup(balanced(metadata=marked, type="ClusterIP"))
    assert needs_cleanup(balanced(metadata={**marked, "deletionTimestamp": "2026-01-01T00:00:00Z"}))
    assert not needs_cleanup(balanced(type="ClusterIP"))


@pytest.mark.parametrize(
    "change",
    [
        {"ports": [{"port": 81}]},
        {"type": "ClusterIP"},
        {"externalTrafficPolicy": "Local"},
        {"loadBalancerSourceRanges": ["10.0.0.0/8"]},
        {"families": ("IPv4", "IPv6")},
        {"metadata": {"annotations": {"a": "b"}}},
        {"metadata": {"uid": "other"}},
    ],
)
def test_changes_that_a_load_balancer_depends_on(change):
    assert needs_update(balanced(), balanced(**change))


def test_other_changes_are_nothing_to_it():
    assert not needs_update(balanced(), balanced(selector={"a": "b"}, metadata={"labels": {"c": "d"}}))
    assert not needs_update(balanced(type="ClusterIP"), balanced(type="ClusterIP", ports=[]))


def test_nodes_can_be_left_out():
    node = {"metadata": {"name": "n"}, "spec": {}}
    excluded = {"metadata": {"name": "n", "labels": {EXCLUDED: ""}}, "spec": {}}
    leaving = {"metadata": {"name": "n"}, "spec": {"taints": [{"key": LEAVING, "effect": "NoSchedule"}]}}
    assert [takes_traffic(each) for each in (node, excluded, leaving)] == [True, False, False]
    assert is_other_node(node, excluded)
    assert not is_other_node(node, leaving)
    assert is_other_node(None, node)


async def ips(pool, service):
    return [each["ip"] for each in await pool.ensure(service, [])]


async def test_addresses_are_given_once_and_again_only_after_all_others():
    pool = AddressPool(["192.0.2.0/29"])
    assert [await ips(pool, balanced(f"s{n}")) for n in range(6)] == [[f"192.0.2.{n}"] for n in range(1, 7)]
    with pytest.raises(CloudError, match=r"all addresses of the range 192.0.2.0/29 are in use"):
        await pool.ensure(balanced("s7"), [])
    await pool.delete(balanced("s3"))
    assert await ips(pool, balanced("s7")) == ["192.0.2.4"]
    await pool.delete(balanced("s0"))
    await pool.delete(balanced("s5"))
    assert await ips(pool, balanced("s8")) == ["192.0.2.6"]


async def test_a_service_keeps_its_address():
    pool = AddressPool(["192.0.2.0/29"])
    pool.notice(None, balanced("old", had=["192.0.2.1"]))
    assert await ips(pool, balanced("new")) == ["192.0.2.2"]
    assert await ips(pool, balanced("old")) == ["192.0.2.1"]
    assert await pool.exists(balanced("old"))
    await pool.delete(balanced("old"))
    pool.notice(balanced("old", had=["192.0.2.1"]), balanced("old", had=["192.0.2.1"], type="ClusterIP"))
    assert not await pool.exists(balanced("old"))


async def test_an_address_may_be_asked_for():
    pool = AddressPool(["192.0.2.0/29"])
    first = balanced("a")
    assert await ips(pool, first) == ["192.0.2.1"]
    assert await ips(pool, balanced("a", loadBalancerIP="192.0.2.5")) == ["192.0.2.5"]
    assert await ips(pool, balanced("b", loadBalancerIP="192.0.2.1")) == ["192.0.2.1"]
    with pytest.raises(CloudError, match=r"belongs to the load balancer of default/b"):
        await ips(pool, balanced("c", loadBalancerIP="192.0.2.1"))
    with pytest.raises(CloudError, match="is not in the range"):
        await ips(pool, balanced("c", loadBalancerIP="10.0.0.1"))


async def test_each_family_has_its_own_range():
    pool = AddressPool(["192.0.2.0/24", "2001:db8::/64"])
    assert await ips(pool, balanced("a", families=("IPv6", "IPv4"))) == ["2001:db8::1", "192.0.2.1"]
    assert await ips(pool, balanced("a", families=("IPv4",))) == ["192.0.2.1"]
    with pytest.raises(CloudError, match="no range of addresses for IPv6"):
        await AddressPool(["192.0.2.0/24"]).ensure(balanced("b", families=("IPv6",)), [])


# -- with an API server


class Cloud(AddressPool):
    """A pool that can fail, and remembers which nodes it was told of."""

    def __init__(self, cidrs=("192.0.2.0/24",)):
        super().__init__(cidrs)
        self.problem = ""
        self.nodes = []

    async def ensure(self, service, nodes):
        self._check()
        self.nodes = sorted(node["metadata"]["name"] for node in nodes)
        return await super().ensure(service, nodes)

    async def update(self, service, nodes):
        self._check()
        self.nodes = sorted(node["metadata"]["name"] for node in nodes)

    async def delete(self, service):
        self._check()
        await super().delete(service)

    def _check(self):
        if self.problem:
            raise CloudError(self.problem)


@pytest.fixture
def cloud():
    return Cloud()


async def make(client, **spec):
    fields = {"type": "LoadBalancer", "ports": [{"port": 80}], **spec}
    await client.create(SERVICES, {"metadata": {"namespace": "default", "name": "web"}, "spec": fields})


async def shown(client):
    service = await client.get(SERVICES, SERVICE)
    ingress = service["status"]["loadBalancer"].get("ingress") or []
    return [each["ip"] for each in ingress], service["metadata"].get("finalizers") or []


async def reasons(client):
    found = (await client.list(EVENTS, namespace="default"))["items"]
    return [each["reason"] for each in sorted(found, key=lambda each: each["metadata"]["name"])]


@pytest.mark.virtual_time
async def test_a_service_gets_an_address_and_a_finalizer(bench, cloud):
    client = bench.client
    await client.create(NODES, {"metadata": {"name": "n1"}})
    await make(client)
    await bench.start(ServiceLB, settings=Balancing(cloud))
    assert await shown(client) == (["192.0.2.1"], [FINALIZER])
    assert await reasons(client) == ["EnsuringLoadBalancer", "EnsuredLoadBalancer"]
    assert cloud.nodes == ["n1"]


@pytest.mark.virtual_time
async def test_without_nodes_a_warning_is_given(bench, cloud):
    await make(bench.client)
    await bench.start(ServiceLB, settings=Balancing(cloud))
    assert await reasons(bench.client) == ["EnsuringLoadBalancer", "UnAvailableLoadBalancer", "EnsuredLoadBalancer"]


@pytest.mark.virtual_time
async def test_a_deleted_service_gives_its_address_back_before_it_goes(bench, cloud):
    client = bench.client
    await make(client)
    await bench.start(ServiceLB, settings=Balancing(cloud))
    cloud.problem = "out of reach"
    await client.delete(SERVICES, SERVICE)
    await bench.settle(2)
    assert (await shown(client))[1] == [FINALIZER]
    cloud.problem = ""
    await bench.settle(10)
    with pytest.raises(NotFound):
        await client.get(SERVICES, SERVICE)
    told = await reasons(client)
    assert told[-2:] == ["DeletingLoadBalancer", "DeletedLoadBalancer"] or told[-1] == "DeletedLoadBalancer"
    assert "SyncLoadBalancerFailed" in told
    assert not await cloud.exists(balanced())


@pytest.mark.virtual_time
async def test_another_type_gives_the_address_back(bench, cloud):
    client = bench.client
    await make(client)
    await bench.start(ServiceLB, settings=Balancing(cloud))
    await client.patch(SERVICES, SERVICE, {"spec": {"type": "ClusterIP"}})
    await bench.settle()
    assert await shown(client) == ([], [])
    assert not await cloud.exists(balanced())
    await client.patch(SERVICES, SERVICE, {"spec": {"type": "LoadBalancer"}})
    await bench.settle()
    assert await shown(client) == (["192.0.2.2"], [FINALIZER])


@pytest.mark.virtual_time
async def test_a_class_is_left_to_others(bench, cloud):
    await make(bench.client, loadBalancerClass="x.io/y")
    await bench.start(ServiceLB, settings=Balancing(cloud))
    assert await shown(bench.client) == ([], [])
    assert await reasons(bench.client) == []


@pytest.mark.virtual_time
async def test_load_balancers_hear_of_nodes(bench, cloud):
    client = bench.client
    await client.create(NODES, {"metadata": {"name": "n1"}})
    await make(client)
    await bench.start(ServiceLB, settings=Balancing(cloud))
    await client.create(NODES, {"metadata": {"name": "n2"}})
    await bench.settle()
    assert cloud.nodes == ["n1", "n2"]
    assert (await reasons(client))[-1] == "UpdatedLoadBalancer"
    await client.patch(NODES, Key("", "n1"), {"metadata": {"labels": {EXCLUDED: ""}}})
    await bench.settle()
    assert cloud.nodes == ["n2"]


@pytest.mark.virtual_time
async def test_a_failure_is_told_and_tried_again(bench, cloud):
    client = bench.client
    cloud.problem = "no more"
    await make(client)
    await bench.start(ServiceLB, settings=Balancing(cloud))
    found = (await client.list(EVENTS, namespace="default"))["items"]
    messages = [each["message"] for each in found]
    assert "Error syncing load balancer: failed to ensure load balancer: no more" in messages
    cloud.problem = ""
    await bench.settle(6)
    assert (await shown(client))[0] == ["192.0.2.1"]


@pytest.mark.virtual_time
async def test_without_a_cloud_nothing_happens(bench):
    await make(bench.client)
    await bench.start(ServiceLB)
    assert await shown(bench.client) == ([], [])
