"""Entries in the versions in which they are served."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from steersman.api.apiextensions.custom_resource import records_of
from steersman.api.errors import ApiError, ServiceUnavailable
from steersman.apiserver.conversion.review import CALL, ConversionError
from steersman.apiserver.conversion.views import BATCH, BATCH_BYTES, VersionedEntry, View, Views
from steersman.apiserver.objects import ObjectIndex
from steersman.lib.aio import Tasks
from steersman.store.watchcache import Change, Collection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.store.watchcache import Entry

pytestmark = pytest.mark.virtual_time
V1, V2 = "example.com/v1", "example.com/v2"
PREFIX = "/registry/example.com/things/"


def version(name: str, field: str, *, storage: bool = False) -> dict[str, Any]:
    spec = {"type": "object", "properties": {field: {"type": "string"}, "on": {"type": "boolean", "default": True}}}
    schema = {"type": "object", "properties": {"spec": spec}}
    return {
        "name": name,
        "served": True,
        "storage": storage,
        "schema": {"openAPIV3Schema": schema},
        "selectableFields": [{"jsonPath": f".spec.{field}"}],
    }


DEFINITION = {
    "metadata": {"name": "things.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "things", "kind": "Thing"},
        "versions": [version("v1", "old", storage=True), version("v2", "new")],
        "conversion": {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"]}},
    },
    "status": {
        "acceptedNames": {"plural": "things", "kind": "Thing"},
        "conditions": [{"type": "NamesAccepted", "status": "True"}],
    },
}


class Renaming:
    """Stands for the server of a webhook: moves `spec.old` to `spec.new`, and back."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.problem = ""
        self.slow_s = 0.0

    async def convert(self, objects: Sequence[dict[str, Any]], *, to: str) -> list[dict[str, Any]]:
        self.asked.append([obj["metadata"]["name"] for obj in objects])
        assert not any("resourceVersion" in obj["metadata"] for obj in objects)
        await asyncio.sleep(self.slow_s)
        if self.problem:
            raise ConversionError(self.problem, CALL)
        return [self._renamed(obj, to) for obj in objects]

    @staticmethod
    def _renamed(obj: dict[str, Any], to: str) -> dict[str, Any]:
        before, after = ("old", "new") if to == V2 else ("new", "old")
        spec = {("x" if name == "unknown" else after if name == before else name): v for name, v in obj["spec"].items()}
        metadata = obj["metadata"] | {"labels": {"seen-as": to.rpartition("/")[2]}}
        return obj | {"apiVersion": to, "spec": spec, "metadata": metadata}


class World:
    """One definition, its cache, and the webhook."""

    def __init__(self) -> None:
        records = records_of(DEFINITION)
        assert records is not None
        self.records = records
        self.webhook = Renaming()
        self.tasks = Tasks()
        self.reloaded = asyncio.Event()
        self.reloaded.set()
        self.views = self.renewed()
        self.collection = Collection(PREFIX, self.views.index)

    def renewed(self) -> Views:
        return Views(records=self.records, webhook=self.webhook, tasks=self.tasks, reloaded=self.reloaded)

    def view(self, name: str, views: Views | None = None) -> View:
        resource = next(each for each in self.records.served if each.version == name)
        return (views or self.views).view(resource, self.collection)

    def entry(self, name: str, spec: dict[str, Any], *, api_version: str = V1, revision: int = 5) -> VersionedEntry:
        return self.views.index.entry(f"{PREFIX}n/{name}", stored(name, spec, api_version), revision, None)

    def object(self, entry: Entry) -> dict[str, Any]:
        return self.views.index.decode(entry)


def stored(name: str, spec: dict[str, Any], api_version: str = V1) -> bytes:
    metadata = {"name": name, "namespace": "n", "uid": "u"}
    return orjson.dumps({"kind": "Thing", "apiVersion": api_version, "metadata": metadata, "spec": spec})


@pytest.fixture
async def world() -> World:
    return World()


async def test_an_entry_keeps_the_version_it_was_stored_in(world: World) -> None:
    mine, foreign = world.entry("a", {"old": "x"}), world.entry("b", {"new": "y"}, api_version=V2)
    assert (mine.api_version, foreign.api_version) == (V1, V2)
    assert world.object(foreign)["spec"] == {"new": "y", "on": True}
    assert (mine.fields, foreign.fields) == ({"spec.old": "x", "spec.new": ""}, {"spec.old": "", "spec.new": "y"})
    view = world.view("v1")
    assert (view.is_outdated(mine), view.is_outdated(foreign)) == (False, True)
    assert view.is_outdated(await view.one(foreign)), "it is still stored in another version"
    again = world.views.index.restamp(foreign, 9)
    assert world.object(again) == world.object(foreign) | {
        "metadata": {"resourceVersion": "9", "name": "b", "namespace": "n", "uid": "u"}
    }


async def test_only_what_is_in_another_version_is_converted(world: World) -> None:
    entries = [world.entry("a", {"old": "1"}), world.entry("b", {"new": "2"}, api_version=V2)]
    seen = await world.view("v2").of(entries)
    assert [world.object(entry)["spec"] for entry in seen] == [{"new": "1", "on": True}, {"new": "2", "on": True}]
    assert world.webhook.asked == [["a"]]
    assert seen[0].revision == 5
    assert (seen[0].labels, seen[0].fields["spec.new"]) == ({"seen-as": "v2"}, "1"), "selectors look at what is seen"


async def test_what_the_target_does_not_know_is_pruned(world: World) -> None:
    seen = await world.view("v2").one(world.entry("a", {"unknown": "1"}))
    assert world.object(seen)["spec"] == {"on": True}


async def test_a_conversion_is_made_once(world: World) -> None:
    entry, view = world.entry("a", {"old": "1"}), world.view("v2")
    world.webhook.slow_s = 1.0
    first, second = await asyncio.gather(view.one(entry), view.one(entry))
    assert first is second is await view.one(entry)
    assert world.webhook.asked == [["a"]]
    await view.one(entry, anew=True)
    assert len(world.webhook.asked) == 2
    await world.view("v2", world.renewed()).one(entry)
    assert len(world.webhook.asked) == 3, "another definition, another conversion"


async def test_whoever_asked_first_may_go_away(world: World) -> None:
    entry, view = world.entry("a", {"old": "1"}), world.view("v2")
    world.webhook.slow_s = 1.0
    first = world.tasks.start(view.one(entry), name="reader")
    second = world.tasks.start(view.one(entry), name="reader")
    await asyncio.sleep(0.5)
    first.cancel()
    assert (await second).api_version == V2
    assert world.webhook.asked == [["a"]]


async def test_long_lists_are_converted_in_batches(world: World) -> None:
    entries = [world.entry(f"a{number:04}", {"old": "1"}) for number in range(BATCH + 2)]
    seen = await world.view("v2").of(entries)
    assert [entry.key for entry in seen] == [entry.key for entry in entries]
    assert [len(names) for names in world.webhook.asked] == [BATCH, 2]
    long = [world.entry(f"b{number}", {"old": "x" * (BATCH_BYTES // 2)}) for number in range(3)]
    await world.view("v2").of(long)
    assert [len(names) for names in world.webhook.asked[2:]] == [2, 1]


async def test_a_failure_is_told_and_tried_again(world: World) -> None:
    entry, view = world.entry("a", {"old": "1"}), world.view("v2")
    world.webhook.problem = "conversion webhook failed"
    with pytest.raises(ApiError, match="conversion webhook failed") as caught:
        await view.one(entry)
    assert (caught.value.code, caught.value.reason) == (500, "")
    world.webhook.problem = ""
    assert (await view.one(entry)).api_version == V2


async def test_the_failure_of_others_is_not_ours(world: World) -> None:
    bad, good = world.entry("bad", {"old": "1"}), world.entry("good", {"old": "1"})
    view = world.view("v2")
    world.webhook.problem, world.webhook.slow_s = "no", 1.0
    both = world.tasks.start(view.of([bad, good]), name="reader")
    await asyncio.sleep(0.5)
    ours = world.tasks.start(view.one(good), name="reader")
    await asyncio.sleep(0)
    with pytest.raises(ApiError):
        await both
    world.webhook.problem = ""
    assert (await ours).api_version == V2


async def test_changes_are_seen_in_the_version(world: World) -> None:
    old, new = world.entry("a", {"old": "1"}), world.entry("a", {"old": "2"}, revision=6)
    gone = world.views.index.restamp(new, 7)
    changes = [
        Change(revision=5, entry=old, previous=None, deleted=False),
        Change(revision=6, entry=new, previous=old, deleted=False),
        Change(revision=7, entry=gone, previous=new, deleted=True),
    ]
    seen = await world.view("v2").changes(changes)
    assert [world.object(change.entry)["spec"]["new"] for change in seen] == ["1", "2", "2"]
    assert [change.previous is not None for change in seen] == [False, True, True]
    assert world.object(seen[2].entry)["metadata"]["resourceVersion"] == "7"
    assert [change.frames for change in seen] == [change.frames for change in changes]
    assert seen[0].frames is changes[0].frames
    assert world.webhook.asked == [["a", "a"]]


async def test_entries_of_an_older_definition_wait_until_they_are_read_again(world: World) -> None:
    world.reloaded.clear()
    plain = ObjectIndex(world.records.stored).entry(f"{PREFIX}n/a", stored("a", {"old": "1"}), 5, None)
    view = world.view("v2")
    asking = world.tasks.start(view.one(plain), name="reader")
    await asyncio.sleep(1)
    assert not asking.done()
    world.collection.load([world.entry("a", {"new": "2"}, api_version=V2)], 5)
    world.reloaded.set()
    assert world.object(await asking)["spec"]["new"] == "2"
    world.reloaded.clear()
    with pytest.raises(ServiceUnavailable):
        await view.one(plain)


async def test_what_is_written_is_converted_there_and_back(world: World) -> None:
    view = world.view("v2")
    obj = world.object(world.entry("a", {"new": "1"}, api_version=V2))
    kept = await view.to_stored(obj)
    assert (kept["apiVersion"], kept["spec"]) == (V1, {"old": "1", "on": True})
    del obj["spec"]["on"]
    bare = await view.to_stored(obj)
    assert bare["spec"] == {"old": "1"}, "defaults of the storage version are put in where it is read"
    assert (await view.from_stored(bare))["spec"] == {"new": "1", "on": True}
    again = await view.from_stored(kept)
    assert (again["apiVersion"], again["spec"]) == (V2, {"new": "1", "on": True})
    assert obj["metadata"]["resourceVersion"] == "5"
    same = world.object(world.entry("a", {"old": "1"}))
    assert await world.view("v1").to_stored(same) is same
