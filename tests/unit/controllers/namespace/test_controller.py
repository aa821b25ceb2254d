"""How a namespace goes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.pod import PODS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import NotFound
from steersman.client.discovery import Served, Surface
from steersman.client.request import Key, Ref
from steersman.controllers.namespace.controller import Namespaces, plan_order, settle_s

pytestmark = pytest.mark.virtual_time

N = Key("", "n")
DEFINITIONS = Ref("apiextensions.k8s.io", "v1", "customresourcedefinitions", False)
THINGS = Ref("example.com", "v1", "things", True, "Thing")
SPEC = {"containers": [{"name": "c", "image": "i"}]}
DELETED = datetime(2026, 1, 1, tzinfo=UTC)


def meta(name, **more):
    return {"metadata": {"namespace": "n", "name": name, **more}}


@pytest.fixture
async def namespace(client):
    made = await client.create(NAMESPACES, {"metadata": {"name": "n"}})
    await client.create(SERVICE_ACCOUNTS, meta("default"))
    return made


async def conditions(client):
    found = await client.get(NAMESPACES, N)
    return {each["type"]: each for each in found["status"].get("conditions", ())}


async def gone(client, resource, key):
    try:
        await client.get(resource, key)
    except NotFound:
        return True
    return False


def test_a_deleted_namespace_is_left_alone_for_a_moment():
    deleted = {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert settle_s(deleted, now=DELETED + timedelta(seconds=2)) == 3
    assert settle_s(deleted, now=DELETED + timedelta(seconds=9)) < 0
    assert settle_s(deleted, now=DELETED - timedelta(hours=1)) == 5, "clocks differ"


def test_pods_go_first_and_then_all_that_is_namespaced_and_can_go():
    def served(plural, *verbs, group="", namespaced=True):
        return Served(group, "v1", plural, namespaced, plural, frozenset(verbs))

    surface = Surface(
        (
            served("configmaps", "delete", "list"),
            served("pods", "delete", "list"),
            served("nodes", "delete", "list", namespaced=False),
            served("bindings", "create"),
            served("pods", "get", "list", group="metrics.k8s.io"),
            served("things", "delete", group="example.com"),
        )
    )
    pods, others = plan_order(surface)
    assert [str(each) for each in pods] == ["/v1, Resource=pods"]
    assert [each.plural for each in others] == ["configmaps", "things"]


async def test_an_empty_namespace_goes_after_a_moment(run, client, namespace):
    await run(Namespaces)
    await asyncio.sleep(60)
    assert not await gone(client, NAMESPACES, N), "it is not deleted"
    await client.delete(NAMESPACES, N)
    await asyncio.sleep(3)
    assert (await client.get(NAMESPACES, N))["status"]["phase"] == "Terminating"
    await asyncio.sleep(4)
    assert await gone(client, NAMESPACES, N)


async def test_all_that_is_in_it_goes_also_custom_resources(run, client, namespace):
    await run(Namespaces)
    schema = {"openAPIV3Schema": {"type": "object"}}
    await client.create(
        DEFINITIONS,
        {
            "metadata": {"name": "things.example.com"},
            "spec": {
                "group": "example.com",
                "scope": "Namespaced",
                "names": {"plural": "things", "kind": "Thing"},
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
            },
        },
    )
    await asyncio.sleep(1)
    for number in range(20):
        await client.create(CONFIG_MAPS, meta(f"c-{number}"))
    thing = {"apiVersion": "example.com/v1", "kind": "Thing"}
    await client.create(THINGS, meta("t") | thing)
    await client.create(THINGS, {"metadata": {"namespace": "default", "name": "other"}, **thing})
    await client.delete(NAMESPACES, N)
    await asyncio.sleep(7)
    assert await gone(client, NAMESPACES, N)
    assert (await client.list(CONFIG_MAPS, namespace="n"))["items"] == []
    assert [each["metadata"]["name"] for each in (await client.list(THINGS))["items"]] == ["other"]


async def test_nothing_else_goes_before_the_last_pod(run, client, namespace):
    await run(Namespaces)
    await client.create(CONFIG_MAPS, meta("c"))
    spec = SPEC | {"nodeName": "somewhere", "terminationGracePeriodSeconds": 600}
    await client.create(PODS, meta("p") | {"spec": spec})
    await client.delete(NAMESPACES, N)
    await asyncio.sleep(60)
    assert (await client.get(PODS, Key("n", "p")))["metadata"]["deletionTimestamp"]
    assert not await gone(client, CONFIG_MAPS, Key("n", "c"))
    assert {each["status"] for each in (await conditions(client)).values()} == {"False"}
    await client.delete(PODS, Key("n", "p"), grace_s=0)
    await asyncio.sleep(2)
    assert await gone(client, NAMESPACES, N), "what is next begins when the last pod has gone"


async def test_what_finalizers_hold_is_told_and_waited_for(run, client, namespace):
    await run(Namespaces)
    await client.create(CONFIG_MAPS, meta("a", finalizers=["x.io/f", "x.io/g"]))
    await client.create(CONFIG_MAPS, meta("b", finalizers=["x.io/f"]))
    await client.delete(NAMESPACES, N)
    await asyncio.sleep(7)
    told = await conditions(client)
    assert told["NamespaceContentRemaining"]["message"] == (
        "Some resources are remaining: configmaps. has 2 resource instances"
    )
    assert told["NamespaceFinalizersRemaining"]["message"] == (
        "Some content in the namespace has finalizers remaining: "
        "x.io/f in 2 resource instances, x.io/g in 1 resource instances"
    )
    for name in "ab":
        await client.patch(CONFIG_MAPS, Key("n", name), {"metadata": {"finalizers": None}})
    await asyncio.sleep(10)
    assert await gone(client, NAMESPACES, N)


async def test_finalizers_of_others_keep_a_namespace_that_is_empty(run, client, namespace):
    await run(Namespaces)
    spec = {"finalizers": ["kubernetes", "x.io/mine"]}
    await client.update(NAMESPACES, namespace | {"spec": spec}, subresource="finalize")
    await client.delete(NAMESPACES, N)
    await asyncio.sleep(20)
    left = await client.get(NAMESPACES, N)
    assert left["spec"]["finalizers"] == ["x.io/mine"]
    assert [each["status"] for each in left["status"]["conditions"]] == ["False"] * 5
    await client.update(NAMESPACES, left | {"spec": {}}, subresource="finalize")
    assert await gone(client, NAMESPACES, N)
