"""What is followed, and what the graph hears of it."""

from __future__ import annotations

import asyncio
import random

import pytest

from steersman.client.discovery import Served, Surface
from steersman.client.informer import Informers
from steersman.client.transport import WatchEvent
from steersman.controllers.garbage_collector.graph import Graph
from steersman.controllers.garbage_collector.monitors import Monitors

pytestmark = pytest.mark.virtual_time

VERBS = frozenset({"delete", "get", "list", "watch"})


def served(plural, kind, *, group="", version="v1", verbs=VERBS):
    return Served(group, version, plural, True, kind, verbs)


MAPS, SECRETS = served("configmaps", "ConfigMap"), served("secrets", "Secret")
THINGS = served("things", "Thing", group="example.com")


def obj(name, *, uid="", version="1", owner="", **metadata):
    made = {"namespace": "n", "name": name, "uid": uid or name, "resourceVersion": version, **metadata}
    if owner:
        made["ownerReferences"] = [{"apiVersion": "v1", "kind": "ConfigMap", "name": owner, "uid": owner}]
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": made}


class World:
    """Informers that nobody but the test feeds."""

    def __init__(self, client):
        self.informers = Informers(client=client, rng=random.Random(1))
        self.graph = Graph()
        self.effects = []
        self.monitors = Monitors(informers=self.informers, graph=self.graph, then=self.effects.append)

    def tell(self, resource, kind, told):
        self.informers.of_metadata(resource).apply([WatchEvent(kind, told)], told["metadata"]["resourceVersion"])

    def seen(self):
        return {str(node.identity)[1:].partition(",")[0] for node in self.graph.nodes() if not node.virtual}


@pytest.fixture
def world(client):
    return World(client)


async def test_what_can_be_listed_watched_and_deleted_is_followed_but_events(world):
    world.monitors.follow(
        Surface((MAPS, served("bindings", "Binding", verbs=frozenset({"create"})), served("events", "Event")))
    )
    for resource in (MAPS, served("bindings", "Binding"), served("events", "Event")):
        world.tell(resource, "ADDED", obj(resource.plural))
    assert world.seen() == {"v1/ConfigMap"}


async def test_what_does_not_matter_is_not_told(world):
    world.monitors.follow(Surface((MAPS,)))
    world.tell(MAPS, "ADDED", obj("a"))
    assert len(world.effects) == 1
    world.tell(MAPS, "MODIFIED", obj("a", version="2", labels={"a": "b"}))
    assert len(world.effects) == 1
    world.tell(MAPS, "MODIFIED", obj("a", version="3", finalizers=["x.io/f"]))
    world.tell(MAPS, "MODIFIED", obj("a", version="4", owner="o"))
    world.tell(MAPS, "DELETED", obj("a", version="5"))
    assert len(world.effects) == 4
    assert world.graph.get("a") is None


async def test_an_object_that_was_replaced_unseen_has_gone(world):
    world.monitors.follow(Surface((MAPS,)))
    world.tell(MAPS, "ADDED", obj("a", uid="first"))
    world.tell(MAPS, "ADDED", obj("b", owner="first"))
    world.tell(MAPS, "MODIFIED", obj("a", uid="second", version="2"))
    assert world.graph.get("first") is None
    assert "second" in world.graph


async def test_a_resource_that_goes_is_followed_no_more_and_its_objects_are_doubtful(world):
    world.monitors.follow(Surface((MAPS, THINGS)))
    world.tell(THINGS, "ADDED", obj("t"))
    world.tell(THINGS, "ADDED", obj("u", owner="t"))
    informer = world.informers.of_metadata(THINGS)
    world.monitors.follow(Surface((MAPS,)))
    assert world.seen() == set()
    informer.apply([WatchEvent("ADDED", obj("late"))], "9")
    assert world.graph.get("late") is None
    world.monitors.follow(Surface((MAPS, THINGS)))
    world.tell(THINGS, "ADDED", obj("t"))
    assert "t" in world.graph


async def test_a_resource_that_comes_in_another_version_stays(world):
    world.monitors.follow(Surface((THINGS,)))
    world.tell(THINGS, "ADDED", obj("t"))
    newer = served("things", "Thing", group="example.com", version="v2")
    world.monitors.follow(Surface((newer, THINGS)))
    assert "t" in world.graph
    world.tell(newer, "ADDED", obj("t"))
    world.tell(newer, "DELETED", obj("t"))
    assert world.graph.get("t") is None


async def test_what_the_server_cannot_ask_about_stays(world):
    world.monitors.follow(Surface((MAPS, THINGS)))
    world.tell(THINGS, "ADDED", obj("t"))
    world.monitors.follow(Surface((MAPS,), {"example.com/v1": "stale"}))
    world.tell(THINGS, "ADDED", obj("u"))
    assert "t" in world.graph
    assert "u" in world.graph


async def test_first_contents_are_waited_for(world):
    waiting = asyncio.get_running_loop().create_task(world.monitors.synced())
    await asyncio.sleep(0)
    world.monitors.follow(Surface((MAPS, SECRETS)))
    world.informers.of_metadata(MAPS).replace([], "1")
    await asyncio.sleep(0)
    assert not waiting.done()
    world.informers.of_metadata(SECRETS).replace([], "1")
    await asyncio.wait_for(waiting, 1)
