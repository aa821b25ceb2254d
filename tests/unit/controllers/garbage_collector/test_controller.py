"""What becomes of objects when their owners go, on a real API server in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.event import EVENTS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.node import NODES
from steersman.api.core.secret import SECRETS
from steersman.api.errors import NotFound
from steersman.client.request import Key, Propagation, Ref
from steersman.controllers.garbage_collector.controller import GarbageCollector

pytestmark = pytest.mark.virtual_time

DEFINITIONS = Ref("apiextensions.k8s.io", "v1", "customresourcedefinitions", False)
THINGS = Ref("example.com", "v1", "things", True, "Thing")
THING = {"apiVersion": "example.com/v1", "kind": "Thing"}
NOWHERE = "11111111-2222-3333-4444-555555555555"
BACKGROUND, FOREGROUND, ORPHAN = Propagation.BACKGROUND, Propagation.FOREGROUND, Propagation.ORPHAN


def ref(owner, *, blocks=False, kind="ConfigMap", api_version="v1"):
    metadata = owner["metadata"]
    made = {"apiVersion": api_version, "kind": kind, "name": metadata["name"], "uid": metadata["uid"]}
    return made | ({"blockOwnerDeletion": True} if blocks else {})


class World:
    """ConfigMaps by name, in the namespace default unless said otherwise."""

    def __init__(self, client):
        self.client = client

    async def make(self, name, *owners, namespace="default", finalizers=(), resource=CONFIG_MAPS, **more):
        metadata = {"namespace": namespace, "name": name, "ownerReferences": list(owners)}
        metadata["finalizers"] = list(finalizers)
        return await self.client.create(resource, {"metadata": metadata, **more})

    async def delete(self, name, propagation=BACKGROUND):
        await self.client.delete(CONFIG_MAPS, Key("default", name), propagation=propagation)
        await asyncio.sleep(5)

    async def get(self, name, namespace="default", resource=CONFIG_MAPS):
        try:
            found = await self.client.get(resource, Key(namespace, name))
        except NotFound:
            return None
        return found["metadata"]

    async def names(self, resource=CONFIG_MAPS, namespace="default"):
        listed = await self.client.list(resource, namespace=namespace)
        return [each["metadata"]["name"] for each in listed["items"]]

    async def set_free(self, name):
        await self.client.patch(CONFIG_MAPS, Key("default", name), {"metadata": {"finalizers": None}})
        await asyncio.sleep(5)


@pytest.fixture
def world(client):
    return World(client)


@pytest.fixture
async def things(client):
    """A custom resource."""
    schema = {"openAPIV3Schema": {"type": "object"}}
    names = {"plural": "things", "kind": "Thing"}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": versions}

    async def define():
        await client.create(DEFINITIONS, {"metadata": {"name": "things.example.com"}, "spec": spec})
        await asyncio.sleep(5)

    return define


async def test_dependents_go_after_their_owner_and_theirs_after_them(run, world):
    await run(GarbageCollector)
    a = await world.make("a")
    b = await world.make("b", ref(a))
    await world.make("c", ref(b), resource=SECRETS)
    await world.make("d")
    await asyncio.sleep(5)
    assert await world.names() == ["a", "b", "d"]
    await world.delete("a")
    assert await world.names() == ["d"]
    assert await world.names(SECRETS) == []


async def test_what_was_left_behind_before_the_start_goes_too(run, world):
    a = await world.make("a")
    await world.make("b", ref(a))
    await world.delete("a")
    assert await world.names() == ["b"]
    await run(GarbageCollector)
    await asyncio.sleep(5)
    assert await world.names() == []


async def test_an_owner_that_never_was(run, world):
    await run(GarbageCollector)
    await world.make("b", {"apiVersion": "v1", "kind": "ConfigMap", "name": "none", "uid": NOWHERE})
    a = await world.make("a")
    await world.make("c", ref(a) | {"uid": NOWHERE})
    await asyncio.sleep(5)
    assert await world.names() == ["a"], "one of that name is not the one that was meant"


async def test_another_owner_keeps_it_and_the_reference_to_the_first_goes(run, world):
    await run(GarbageCollector)
    a, a2 = await world.make("a"), await world.make("a2")
    await world.make("b", ref(a), ref(a2))
    await world.delete("a")
    assert (await world.get("b"))["ownerReferences"] == [ref(a2)]
    await world.delete("a2")
    assert await world.get("b") is None


async def test_an_owner_that_is_kept_by_a_finalizer_keeps_its_dependents(run, world):
    await run(GarbageCollector)
    a = await world.make("a", finalizers=["x.io/f"])
    await world.make("b", ref(a))
    await world.delete("a")
    assert await world.names() == ["a", "b"]
    await world.set_free("a")
    assert await world.names() == []


async def test_in_the_foreground_dependents_that_block_go_first(run, world):
    await run(GarbageCollector)
    a = await world.make("a")
    await world.make("b", ref(a, blocks=True), finalizers=["x.io/f"])
    await world.make("c", ref(a), finalizers=["x.io/f"])
    await world.delete("a", FOREGROUND)
    assert (await world.get("a"))["finalizers"] == ["foregroundDeletion"]
    assert (await world.get("b"))["deletionTimestamp"]
    assert (await world.get("c"))["deletionTimestamp"]
    await world.set_free("b")
    assert await world.names() == ["c"]


async def test_in_the_foreground_dependents_with_dependents_go_in_the_foreground(run, world):
    await run(GarbageCollector)
    a = await world.make("a")
    b = await world.make("b", ref(a, blocks=True))
    await world.make("c", ref(b, blocks=True), finalizers=["x.io/f"])
    await world.delete("a", FOREGROUND)
    assert (await world.get("b"))["finalizers"] == ["foregroundDeletion"]
    await world.set_free("c")
    assert await world.names() == []


async def test_objects_that_wait_for_each_other_go(run, world, client):
    await run(GarbageCollector)
    a = await world.make("a")
    b = await world.make("b", ref(a, blocks=True))
    await client.patch(CONFIG_MAPS, Key("default", "a"), {"metadata": {"ownerReferences": [ref(b, blocks=True)]}})
    await world.delete("a", FOREGROUND)
    await asyncio.sleep(30)
    assert await world.names() == []


async def test_orphans_are_set_free_and_stay(run, world):
    await run(GarbageCollector)
    a = await world.make("a")
    for number in range(50):
        await world.make(f"b-{number}", ref(a))
    await world.delete("a", ORPHAN)
    names = await world.names()
    assert len(names) == 50
    assert "a" not in names
    assert "ownerReferences" not in await world.get("b-7")


async def test_orphans_of_custom_kinds_are_set_free_too(run, world, things):
    await things()
    await run(GarbageCollector)
    a = await world.make("a")
    await world.make("b", ref(a))
    await world.make("t", ref(a), resource=THINGS, **THING)
    await world.delete("a", ORPHAN)
    assert await world.get("a") is None
    assert "ownerReferences" not in await world.get("t", resource=THINGS)


async def test_an_owner_in_another_namespace_is_none(run, world, client):
    await run(GarbageCollector)
    await client.create(NAMESPACES, {"metadata": {"name": "other"}})
    a = await world.make("a")
    await world.make("b", ref(a), namespace="other")
    await asyncio.sleep(5)
    assert await world.get("b", "other") is None
    assert await world.get("a")
    (event,) = (await client.list(EVENTS, namespace="other"))["items"]
    uid = a["metadata"]["uid"]
    assert (event["type"], event["reason"]) == ("Warning", "OwnerRefInvalidNamespace")
    assert event["message"] == (
        f'ownerRef [v1/ConfigMap, namespace: other, name: a, uid: {uid}] does not exist in namespace "other"'
    )
    assert event["source"]["component"] == "garbage-collector-controller"
    assert event["involvedObject"]["name"] == "b"


async def test_a_cluster_wide_object_with_a_namespaced_owner_stays(run, world, client):
    await run(GarbageCollector)
    a = await world.make("a")
    await client.create(NODES, {"metadata": {"name": "node", "ownerReferences": [ref(a)]}})
    await asyncio.sleep(60)
    assert await client.get(NODES, Key("", "node"))
    (event,) = (await client.list(EVENTS, namespace="default"))["items"]
    assert event["reason"] == "OwnerRefInvalidNamespace"


async def test_a_cluster_wide_owner_has_dependents_everywhere(run, world, client):
    await run(GarbageCollector)
    node = await client.create(NODES, {"metadata": {"name": "node"}})
    await world.make("b", ref(node, kind="Node"))
    await world.make("c", ref(node, kind="Node"), namespace="kube-system")
    await asyncio.sleep(5)
    assert await world.names() == ["b"]
    await client.delete(NODES, Key("", "node"))
    await asyncio.sleep(5)
    assert await world.names() == []
    assert "c" not in await world.names(namespace="kube-system")


async def test_an_owner_of_an_unknown_kind_keeps_it_until_the_kind_is_known(run, world, things):
    await run(GarbageCollector)
    reference = {**THING, "name": "t", "uid": NOWHERE}
    await world.make("b", reference)
    await asyncio.sleep(3600)
    assert await world.get("b")
    await things()
    assert await world.get("b") is None


async def test_custom_resources_own_and_are_owned(run, world, client, things):
    await run(GarbageCollector)
    await things()
    t = await world.make("t", resource=THINGS, **THING)
    await world.make("b", ref(t, kind="Thing", api_version="example.com/v1"))
    a = await world.make("a")
    await world.make("u", ref(a), resource=THINGS, **THING)
    await asyncio.sleep(5)
    assert await world.names() == ["a", "b"]
    await client.delete(THINGS, Key("default", "t"))
    await world.delete("a")
    assert await world.names() == []
    assert await world.names(THINGS) == []


async def test_two_owners_of_a_custom_resource_and_one_goes(run, world, things):
    await run(GarbageCollector)
    await things()
    a, a2 = await world.make("a"), await world.make("a2")
    await world.make("t", ref(a), ref(a2), resource=THINGS, **THING)
    await world.delete("a")
    assert (await world.get("t", resource=THINGS))["ownerReferences"] == [ref(a2)]


async def test_a_definition_that_goes_takes_its_objects_and_what_they_own(run, world, client, things):
    await run(GarbageCollector)
    await things()
    t = await world.make("t", resource=THINGS, **THING)
    await world.make("b", ref(t, kind="Thing", api_version="example.com/v1"))
    await client.delete(DEFINITIONS, Key("", "things.example.com"))
    await asyncio.sleep(30)
    first = await world.get("b")
    await things()
    await world.make("t", resource=THINGS, **THING)
    await asyncio.sleep(5)
    assert first is None or await world.get("b") is None


async def test_what_is_written_all_the_time_goes_nevertheless(run, world, client):
    await run(GarbageCollector)
    a = await world.make("a")
    await world.make("b", ref(a))

    async def write():
        for number in range(100):
            await client.patch(CONFIG_MAPS, Key("default", "b"), {"data": {"x": str(number)}})
            await asyncio.sleep(0)

    await client.delete(CONFIG_MAPS, Key("default", "a"))
    with pytest.raises(NotFound):
        await write()
    assert await world.names() == []
