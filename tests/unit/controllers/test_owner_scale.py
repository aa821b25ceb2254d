"""How many pods an owner wants."""

from __future__ import annotations

import pytest

from steersman.api.apiextensions.custom_resource_definition import CUSTOM_RESOURCE_DEFINITIONS
from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.api.apps.stateful_set import STATEFUL_SETS
from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.replication_controller import REPLICATION_CONTROLLERS
from steersman.client.request import Ref
from steersman.controllers.disruption import Disruptions
from steersman.controllers.owner_scale import OwnerScales, Scale, ScaleError
from steersman.controllers.ownership import reference_to

pytestmark = pytest.mark.virtual_time
TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
GADGETS = Ref("example.com", "v1", "gadgets", namespaced=True, kind="Gadget")


@pytest.fixture
async def scales(bench):
    controller = await bench.start(Disruptions)
    return OwnerScales(client=bench.client, view=controller.view, discovery=controller.discovery)


async def make(bench, resource, replicas=4, owner=None, owners=None):
    selector = {"app": "web"} if resource is REPLICATION_CONTROLLERS else {"matchLabels": {"app": "web"}}
    metadata = {"name": "web", "namespace": "default"}
    if owner is not None:
        metadata["ownerReferences"] = [reference_to(owner, owners)]
    body = {"metadata": metadata, "spec": {"replicas": replicas, "selector": selector, "template": TEMPLATE}}
    made = await bench.client.create(resource, body)
    await bench.settle()
    return made


@pytest.mark.parametrize("resource", [REPLICATION_CONTROLLERS, REPLICA_SETS, STATEFUL_SETS], ids=lambda each: each.kind)
async def test_workloads_say_it_in_their_spec(bench, scales, resource):
    made = await make(bench, resource)
    reference = reference_to(made, resource)
    assert await scales.find(reference, "default") == Scale(made["metadata"]["uid"], 4)
    assert await scales.find(reference | {"uid": "another"}, "default") is None
    assert await scales.find(reference | {"name": "another"}, "default") is None


async def test_a_replica_set_of_a_deployment_stands_for_the_deployment(bench, scales):
    deployment = await make(bench, DEPLOYMENTS, 6)
    replica_set = await make(bench, REPLICA_SETS, 2, owner=deployment, owners=DEPLOYMENTS)
    reference = reference_to(replica_set, REPLICA_SETS)
    assert await scales.find(reference, "default") == Scale(deployment["metadata"]["uid"], 6)


async def test_without_the_deployment_it_stands_for_itself(bench, scales):
    deployment = {"metadata": {"name": "gone", "uid": "gone"}}
    replica_set = await make(bench, REPLICA_SETS, 2, owner=deployment, owners=DEPLOYMENTS)
    reference = reference_to(replica_set, REPLICA_SETS)
    assert await scales.find(reference, "default") == Scale(replica_set["metadata"]["uid"], 2)


async def define(bench, *, scale):
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    if scale:
        paths = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
        version["subresources"] = {"status": {}, "scale": paths}
    names = {"plural": "gadgets", "kind": "Gadget"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    await bench.client.create(CUSTOM_RESOURCE_DEFINITIONS, {"metadata": {"name": "gadgets.example.com"}, "spec": spec})
    await bench.settle(5)
    gadget = {"apiVersion": "example.com/v1", "kind": "Gadget", "spec": {"size": 3}}
    made = await bench.client.create(GADGETS, gadget | {"metadata": {"name": "g", "namespace": "default"}})
    return {"apiVersion": "example.com/v1", "kind": "Gadget", "name": "g", "uid": made["metadata"]["uid"]}


async def test_anything_else_is_asked_for_its_scale(bench, scales):
    reference = await define(bench, scale=True)
    assert await scales.find(reference, "default") == Scale(reference["uid"], 3)
    assert await scales.find(reference | {"uid": "another"}, "default") is None
    assert await scales.find(reference | {"name": "gone"}, "default") is None


async def test_what_cannot_be_scaled_is_an_error(bench, scales):
    reference = await define(bench, scale=False)
    with pytest.raises(ScaleError, match=r"^gadgets\.example\.com does not implement the scale subresource$"):
        await scales.find(reference, "default")
    made = await bench.client.create(CONFIG_MAPS, {"metadata": {"name": "c", "namespace": "default"}})
    with pytest.raises(ScaleError, match=r"^configmaps does not implement the scale subresource$"):
        await scales.find(reference_to(made, CONFIG_MAPS), "default")


async def test_an_unknown_kind_is_an_error(scales):
    reference = {"apiVersion": "example.com/v9", "kind": "Nobody", "name": "x", "uid": "x"}
    with pytest.raises(ScaleError, match=r'^no matches for kind "Nobody" in version "example.com/v9"$'):
        await scales.find(reference, "default")
