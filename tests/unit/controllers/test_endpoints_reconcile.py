"""The controllers of endpoints on a real API server: who makes what of a service, and cleans it up."""

from __future__ import annotations

import pytest

from steersman.api.core.endpoints import ENDPOINTS
from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.core.service import SERVICES
from steersman.api.discovery.endpoint_slice import ENDPOINT_SLICES
from steersman.api.errors import NotFound
from steersman.api.networking.service_cidr import SERVICE_CIDRS
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.endpoints import Endpoints
from steersman.controllers.endpointslice.controller import EndpointSlices
from steersman.controllers.endpointslice_mirroring import MirroredSlices
from steersman.controllers.service_cidr import FINALIZER, ServiceCIDRs

from .kubelets import NAMESPACE, events, get, prepare

pytestmark = pytest.mark.virtual_time
NAME = {"name": "s", "namespace": NAMESPACE}
S = Key(NAMESPACE, "s")


@pytest.fixture
async def cluster(bench):
    await prepare(bench)
    await bench.client.create(NODES, {"metadata": {"name": "n1"}})
    await bench.start(Endpoints, EndpointSlices, MirroredSlices)
    return bench


async def make_service(bench, selector=("app", "web"), **spec):
    selectors = {"selector": dict([selector])} if selector else {}
    body = {"metadata": NAME, "spec": {"ports": [{"port": 80}], **selectors, **spec}}
    made = await bench.client.create(SERVICES, body)
    await bench.settle()
    return made


async def make_pod(bench, name, number, *, node="n1", ready="True"):
    spec = {"containers": [{"name": "c", "image": "i"}], "nodeName": node}
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"app": "web"}}
    made = await bench.client.create(PODS, {"metadata": metadata, "spec": spec})
    ip = f"10.0.0.{number}"
    conditions = [{"type": "Ready", "status": ready, "lastTransitionTime": "2026-01-01T00:00:00Z"}]
    status = {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "conditions": conditions}
    await bench.client.patch(PODS, key_of(made), {"status": status}, subresource="status")
    await bench.settle()
    return made


async def slices(bench):
    return (await bench.client.list(ENDPOINT_SLICES, namespace=NAMESPACE))["items"]


async def shown(bench):
    """Addresses in all slices, and in Endpoints."""
    of_slices = [
        each["addresses"][0] for found in await slices(bench) for each in found["endpoints"] or () if is_ready(each)
    ]
    of_subsets = [
        address["ip"]
        for subset in (await get(bench, ENDPOINTS, "s")).get("subsets") or ()
        for address in subset.get("addresses") or ()
    ]
    return sorted(of_slices), sorted(of_subsets)


def is_ready(endpoint):
    return endpoint["conditions"]["ready"]


async def test_pods_come_and_go_behind_a_service(cluster):
    await make_service(cluster)
    assert await shown(cluster) == ([], [])
    await make_pod(cluster, "a", 1)
    await make_pod(cluster, "b", 2)
    await make_pod(cluster, "c", 3, ready="False")
    assert await shown(cluster) == (["10.0.0.1", "10.0.0.2"], ["10.0.0.1", "10.0.0.2"])
    await cluster.client.patch(PODS, Key(NAMESPACE, "a"), {"metadata": {"labels": None}})
    await cluster.client.delete(PODS, Key(NAMESPACE, "b"), grace_s=0)
    await cluster.settle()
    assert await shown(cluster) == ([], [])


async def test_nothing_is_written_when_nothing_changes(cluster):
    await make_service(cluster)
    await make_pod(cluster, "a", 1)
    before = [
        each["metadata"]["resourceVersion"] for each in (*await slices(cluster), await get(cluster, ENDPOINTS, "s"))
    ]
    await cluster.client.patch(PODS, Key(NAMESPACE, "a"), {"metadata": {"annotations": {"n": "1"}}})
    await cluster.client.patch(SERVICES, S, {"metadata": {"annotations": {"n": "1"}}})
    await cluster.settle()
    after = [
        each["metadata"]["resourceVersion"] for each in (*await slices(cluster), await get(cluster, ENDPOINTS, "s"))
    ]
    assert after == before


async def test_what_somebody_deletes_or_edits_is_put_right(cluster):
    await make_service(cluster)
    await make_pod(cluster, "a", 1)
    [found] = await slices(cluster)
    await cluster.client.delete(ENDPOINT_SLICES, key_of(found))
    await cluster.client.delete(ENDPOINTS, S)
    await cluster.settle()
    assert await shown(cluster) == (["10.0.0.1"], ["10.0.0.1"])
    [found] = await slices(cluster)
    await cluster.client.patch(ENDPOINT_SLICES, key_of(found), {"endpoints": []})
    await cluster.settle()
    assert await shown(cluster) == (["10.0.0.1"], ["10.0.0.1"])


async def test_endpoints_go_with_their_service_and_slices_are_its_dependents(cluster):
    made = await make_service(cluster)
    [found] = await slices(cluster)
    assert found["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]
    await cluster.client.delete(SERVICES, S)
    await cluster.settle()
    with pytest.raises(NotFound):
        await get(cluster, ENDPOINTS, "s")


async def test_a_pod_on_a_missing_node_joins_when_the_node_does(cluster):
    await make_service(cluster)
    await make_pod(cluster, "a", 1, node="n2")
    assert (await shown(cluster))[0] == []
    text = f"Error updating Endpoint Slices for Service {S}: skipping Pod a for Service {S}: Node n2 Not Found"
    assert ("FailedToUpdateEndpointSlices", text) in await events(cluster, SERVICES, "s")
    await cluster.client.create(NODES, {"metadata": {"name": "n2"}})
    await cluster.settle()
    assert (await shown(cluster))[0] == ["10.0.0.1"]


async def test_zones_share_endpoints_when_nodes_tell_theirs(cluster):
    for number, zone in ((2, "a"), (3, "b")):
        labels = {"topology.kubernetes.io/zone": zone}
        made = await cluster.client.create(NODES, {"metadata": {"name": f"n{number}", "labels": labels}})
        ready = [{"type": "Ready", "status": "True"}]
        await cluster.client.update_status(NODES, made | {"status": {"allocatable": {"cpu": "1"}, "conditions": ready}})
        await make_pod(cluster, zone, number, node=f"n{number}")
    await make_service(cluster)
    auto = {"service.kubernetes.io/topology-mode": "Auto"}
    await cluster.client.patch(SERVICES, S, {"metadata": {"annotations": auto}})
    await cluster.settle()
    [found] = await slices(cluster)
    assert sorted(each["hints"]["forZones"][0]["name"] for each in found["endpoints"]) == ["a", "b"]
    enabled = ("TopologyAwareHintsEnabled", "Topology Aware Hints has been enabled, addressType: IPv4")
    assert enabled in await events(cluster, SERVICES, "s")


async def test_endpoints_kept_by_hand_are_mirrored_until_they_or_the_service_go(cluster):
    await make_service(cluster, selector=None)
    subset = {"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 80}]}
    await cluster.client.create(ENDPOINTS, {"metadata": NAME, "subsets": [subset]})
    await cluster.settle()
    assert await shown(cluster) == (["192.0.2.1"], ["192.0.2.1"])
    other = {"addresses": [{"ip": "192.0.2.2"}], "ports": [{"port": 81}]}
    await cluster.client.patch(ENDPOINTS, S, {"subsets": [other]})
    await cluster.settle()
    assert await shown(cluster) == (["192.0.2.2"], ["192.0.2.2"])
    await cluster.client.delete(ENDPOINTS, S)
    await cluster.settle()
    assert await slices(cluster) == []


async def test_endpoints_without_a_service_are_left_alone(cluster):
    subset = {"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 80}]}
    await cluster.client.create(ENDPOINTS, {"metadata": NAME, "subsets": [subset]})
    await cluster.settle()
    assert await shown(cluster) == ([], ["192.0.2.1"])


async def test_a_range_is_kept_while_it_is_used_and_goes_after_a_while(bench):
    await bench.start(ServiceCIDRs)
    key = Key("", "more")
    await bench.client.create(SERVICE_CIDRS, {"metadata": {"name": "more"}, "spec": {"cidrs": ["10.97.55.0/24"]}})
    await bench.settle()
    ready = (await bench.client.get(SERVICE_CIDRS, key))["status"]["conditions"][0]
    assert (ready["status"], ready["message"]) == ("True", "Kubernetes Service CIDR is ready")
    await make_service(bench, clusterIP="10.97.55.7")
    await bench.client.delete(SERVICE_CIDRS, key)
    await bench.settle()
    kept = await bench.client.get(SERVICE_CIDRS, key)
    assert kept["metadata"]["finalizers"] == [FINALIZER]
    assert (kept["status"]["conditions"][0]["status"], kept["status"]["conditions"][0]["reason"]) == (
        "False",
        "Terminating",
    )
    await bench.client.delete(SERVICES, S)
    await bench.settle(20)
    with pytest.raises(NotFound):
        await bench.client.get(SERVICE_CIDRS, key)


async def test_endpoints_whose_service_went_unseen_are_deleted_at_the_start(bench):
    leader = {"control-plane.alpha.kubernetes.io/leader": "{}"}
    for name, notes in (("s", {}), ("lock", leader)):
        metadata = {"name": name, "namespace": NAMESPACE, "annotations": notes}
        await bench.client.create(ENDPOINTS, {"metadata": metadata})
    await bench.start(Endpoints)
    kept = (await bench.client.list(ENDPOINTS, namespace=NAMESPACE))["items"]
    assert "lock" in [each["metadata"]["name"] for each in kept]
    assert "s" not in [each["metadata"]["name"] for each in kept]
