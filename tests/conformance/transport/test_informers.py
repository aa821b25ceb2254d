"""Informers on both ways: whatever becomes of the connection, copy and handlers end up with what is there."""

from __future__ import annotations

import asyncio
import random

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.secret import SECRETS
from steersman.client import reflector
from steersman.client.informer import MutatedError
from steersman.client.request import Key

STATES = [
    {},
    {"a": "1"},
    {"a": "1", "b": "1"},
    {"a": "2", "b": "1"},
    {"b": "1", "c": "1"},
    {"a": "9", "b": "1", "c": "1"},
    {"a": "9"},
    {},
    {"a": "1", "b": "2", "c": "3", "d": "4"},
]
"""Names and what is in them."""


@pytest.fixture(autouse=True)
def _hurried(monkeypatch):
    monkeypatch.setattr(reflector, "BACKOFF_S", 0.01)


class Told:
    """A handler that believes only what it is told."""

    def __init__(self):
        self.objects = {}
        self.versions = []

    def __call__(self, old, new):
        present = new or old
        name = present["metadata"]["name"]
        if old is None:
            assert name not in self.objects, "told twice that it is new"
        else:
            assert name in self.objects, "told of a change of what it has never heard of"
        if new is None:
            del self.objects[name]
        else:
            self.objects[name] = (new["metadata"]["uid"], (new.get("data") or {}).get("x"))

    @property
    def state(self):
        return {name: x for name, (_, x) in self.objects.items()}


class World:
    """What is in the cluster, made to be as a state says."""

    def __init__(self, bench):
        self._client = bench.insider()
        self._now = {}

    async def become(self, state):
        for name in self._now.keys() - state.keys():
            await self._client.delete(SECRETS, Key("default", name))
        for name, x in state.items():
            obj = {"metadata": {"namespace": "default", "name": name}, "stringData": {"x": x}}
            if name not in self._now:
                await self._client.create(SECRETS, obj)
            elif self._now[name] != x:
                await self._client.patch(SECRETS, Key("default", name), {"stringData": {"x": x}})
        self._now = dict(state)


def seen(state):
    from base64 import b64encode

    return {name: b64encode(x.encode()).decode() for name, x in state.items()}


async def followed(informers):
    informer, told = informers.of(SECRETS), Told()
    informer.add_handler(told)
    await informers.start(on_crash=lambda name, error: pytest.fail(f"{name}: {error!r}"))
    return informer, told


def content(informer):
    return {obj["metadata"]["name"]: obj["data"]["x"] for obj in informer.list("default")}


async def check(informer, told, state, until):
    await until(lambda: content(informer) == seen(state) == told.state)
    informer.check_unchanged()


async def test_every_state_is_followed(client, bench, informers, until):
    world = World(bench)
    informer, told = await followed(informers)
    for state in (*STATES, *reversed(STATES)):
        await world.become(state)
        await check(informer, told, state, until)


async def test_what_there_is_at_the_start_is_told(client, bench, informers, until):
    await World(bench).become(STATES[-1])
    informer, told = await followed(informers)
    assert content(informer) == seen(STATES[-1]), "start returns when the content is here"
    await check(informer, told, STATES[-1], until)


@pytest.mark.parametrize("forgotten", [False, True], ids=["history kept", "history forgotten"])
async def test_states_that_passed_while_nobody_listened_are_told_as_the_difference(
    client, bench, informers, until, forgotten
):
    """Each step hides up to three states behind a restart of the server."""
    world, rng = World(bench), random.Random(3)
    informer, told = await followed(informers)
    position = 0
    while position < len(STATES) - 1:
        steps = STATES[position + 1 : position + 1 + rng.randint(1, 3)]
        restarting = asyncio.get_running_loop().create_task(bench.restart())
        for state in steps:
            await world.become(state)
        if forgotten:
            await bench.forget_history()
        await restarting
        position += len(steps)
        await check(informer, told, STATES[position], until)


async def test_an_object_that_was_replaced_unseen_is_the_new_one(client, bench, informers, until):
    world = World(bench)
    informer, told = await followed(informers)
    await world.become({"a": "1"})
    await check(informer, told, {"a": "1"}, until)
    before = informer.get(Key("default", "a"))["metadata"]["uid"]
    bench.parts.service.end_watches()
    await world.become({})
    await world.become({"a": "1"})
    await bench.forget_history()
    await until(lambda: informer.get(Key("default", "a")) and told.objects["a"][0] != before)
    assert informer.get(Key("default", "a"))["metadata"]["uid"] == told.objects["a"][0]


async def test_the_revision_reaches_what_was_written(client, bench, informers, until):
    informer, _ = await followed(informers)
    obj = {"metadata": {"namespace": "default", "name": "a"}}
    made = await client.create(SECRETS, obj)
    await until(lambda: informer.revision >= int(made["metadata"]["resourceVersion"]))
    assert informer.get(Key("default", "a")) == made


async def test_an_informer_that_is_wished_for_later_follows_too(client, informers, until):
    await informers.start(on_crash=lambda name, error: pytest.fail(f"{name}: {error!r}"))
    informer = informers.of(CONFIG_MAPS, fields="metadata.name=a")
    await informer.synced.wait()
    await client.create(CONFIG_MAPS, {"metadata": {"namespace": "default", "name": "b"}})
    await client.create(CONFIG_MAPS, {"metadata": {"namespace": "default", "name": "a"}})
    await until(lambda: len(informer) == 1)


async def test_a_reader_that_changes_what_it_was_given_is_found_out(client, bench, informers, until):
    informer, told = await followed(informers)
    await World(bench).become({"a": "1"})
    await check(informer, told, {"a": "1"}, until)
    informer.get(Key("default", "a"))["data"]["x"] = "mine"
    with pytest.raises(MutatedError, match="default/a"):
        informers.check_unchanged()
    informer.get(Key("default", "a"))["data"]["x"] = seen({"a": "1"})["a"]


async def test_metadata_is_followed_without_the_rest(client, bench, informers, until):
    world = World(bench)
    await world.become({"a": "1"})
    informer = informers.of_metadata(SECRETS)
    await informers.start(on_crash=lambda name, error: pytest.fail(f"{name}: {error!r}"))
    await world.become({"a": "2", "b": "1"})
    await until(lambda: len(informer.list("default")) == 2)
    for obj in informer.list("default"):
        assert obj.keys() == {"kind", "apiVersion", "metadata"}
        assert obj["kind"] == "PartialObjectMetadata"
        assert "managedFields" not in obj["metadata"]
    await world.become({"b": "1"})
    await until(lambda: len(informer.list("default")) == 1)


async def test_whole_objects_serve_those_who_want_metadata(informers):
    whole = informers.of(SECRETS)
    assert informers.of_metadata(SECRETS) is whole
    informers.drop_metadata(SECRETS)
    assert informers.of(SECRETS) is whole


async def test_what_is_dropped_is_followed_no_more(client, bench, informers, until):
    told = Told()
    informer = informers.of_metadata(SECRETS)
    informer.add_handler(lambda old, new: told.versions.append((old, new)))
    await informers.start(on_crash=lambda name, error: pytest.fail(f"{name}: {error!r}"))
    informers.drop_metadata(SECRETS)
    again = informers.of_metadata(SECRETS)
    assert again is not informer
    await World(bench).become({"a": "1"})
    await until(lambda: len(again.list("default")) == 1)
    assert told.versions == []
