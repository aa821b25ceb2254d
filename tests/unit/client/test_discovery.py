"""What discovery tells, and when it is asked again."""

from __future__ import annotations

import asyncio
import random

import pytest

from steersman.client.discovery import Discovery, Surface, parse_surface, remote_versions, served_names
from steersman.client.informer import Informers
from steersman.client.request import Key, Ref

DEFINITIONS = Ref("apiextensions.k8s.io", "v1", "customresourcedefinitions", False)


def resource(plural, kind, verbs=("get", "list"), scope="Namespaced"):
    return {"resource": plural, "responseKind": {"kind": kind}, "scope": scope, "verbs": list(verbs)}


def version(name, *resources, freshness="Current"):
    return {"version": name, "resources": list(resources), "freshness": freshness}


def group(name, *versions):
    return {"metadata": {"name": name}, "versions": list(versions)}


def document(*groups):
    return {"kind": "APIGroupDiscoveryList", "items": list(groups)}


def definition(name="things", *, established=True, versions=(("v1", True), ("v2", False))):
    status = "True" if established else "False"
    return {
        "metadata": {"name": f"{name}.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"plural": name},
            "versions": [{"name": each, "served": served} for each, served in versions],
        },
        "status": {"conditions": [{"type": "Established", "status": status}]},
    }


def test_resources_are_found_by_kind_in_every_version():
    surface = parse_surface(
        [
            document(group("", version("v1", resource("pods", "Pod")))),
            document(group("a", version("v1"), version("v2"))),
        ]
    )
    pods = surface.of_kind("v1", "Pod")
    assert (pods.api_version, pods.plural, pods.namespaced) == ("v1", "pods", True)
    assert str(pods) == "/v1, Resource=pods"
    assert surface.of_kind("v2", "Pod") is None
    assert surface.of_kind("a/v1", "Pod") is None


def test_each_resource_is_preferred_in_one_version_if_that_has_the_verbs():
    surface = parse_surface(
        [
            document(
                group(
                    "a",
                    version("v2", resource("x", "X", ["get"]), resource("y", "Y", ["get", "list"])),
                    version("v1", resource("x", "X", ["get", "list"]), resource("old", "Old", ["get", "list"])),
                )
            )
        ]
    )
    assert [f"{each.plural} {each.version}" for each in surface.preferred("list")] == ["y v2", "old v1"]


def test_what_the_server_does_not_know_is_a_failure():
    stale = parse_surface(
        [document(group("m", version("v1beta1", freshness="Stale"), version("v1", resource("x", "X"))))]
    )
    assert stale.failures == {"m/v1beta1": "stale GroupVersion discovery: m/v1beta1"}
    assert stale.failure == (
        "unable to retrieve the complete list of server APIs: m/v1beta1: stale GroupVersion discovery: m/v1beta1"
    )
    assert Surface().failure == ""


def test_a_definition_serves_what_is_established_and_served():
    assert served_names(definition()) == {("example.com", "v1", "things")}
    assert served_names(definition(established=False)) == set()
    assert served_names(None) == set()


def test_only_available_extension_servers_are_expected_to_answer():
    spec = {"group": "m", "version": "v1"}
    available = {"status": {"conditions": [{"type": "Available", "status": "True"}]}}
    remote = {"spec": {**spec, "service": {"name": "s"}}, **available}
    assert remote_versions([remote, {"spec": spec, **available}, {**remote, "status": {}}]) == ["m/v1"]


@pytest.fixture
async def discovery(client):
    informers = Informers(client=client, rng=random.Random(1))
    made = Discovery(client=client, informers=informers)
    await informers.start(on_crash=lambda name, error: pytest.fail(f"{name}: {error!r}"))
    running = asyncio.get_running_loop().create_task(made.run())
    yield made
    running.cancel()
    await informers.stop()


async def test_what_is_served_is_what_the_server_says(discovery):
    surface = await discovery.fetch()
    pods = surface.of_kind("v1", "Pod")
    assert pods.verbs >= {"delete", "deletecollection", "list", "watch"}
    assert surface.of_kind("apps/v1", "Deployment").plural == "deployments"
    assert not surface.of_kind("v1", "Namespace").namespaced
    assert {each.plural for each in surface.preferred("delete", "list", "watch")} >= {"pods", "configmaps", "nodes"}
    assert "pods/status" not in {each.plural for each in surface.resources}


async def test_custom_resources_come_and_go(client, discovery):
    told = asyncio.Queue()
    discovery.on_change(told.put_nowait)
    first = await discovery.fetch()
    assert first.of_kind("example.com/v1", "Thing") is None
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
    surface = await asyncio.wait_for(told.get(), 10)
    while surface.of_kind("example.com/v1", "Thing") is None:
        surface = await asyncio.wait_for(told.get(), 10)
    await client.delete(DEFINITIONS, Key("", "things.example.com"))
    while surface.of_kind("example.com/v1", "Thing") is not None:
        surface = await asyncio.wait_for(told.get(), 10)
    assert discovery.surface is surface
