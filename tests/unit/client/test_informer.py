"""Informers: a copy, its indexes and its handlers are the same whether they are told everything or only the difference."""

from __future__ import annotations

import asyncio
import random

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.client.informer import Informer, Informers, MutatedError
from steersman.client.request import Key
from steersman.client.transport import WatchEvent

STATES = [
    {},
    {"a/x": 1},
    {"a/x": 1, "b/y": 2},
    {"a/x": 3, "b/y": 2, "b/z": 3},
    {"b/y": 4, "b/z": 4},
    {"a/x": 5, "b/y": 4},
    {"a/x": 5, "b/y": 6, "c/w": 6},
    {},
]
"""Names, and the revision at which each changed last."""


def obj(place, version):
    namespace, name = place.split("/")
    metadata = {
        "namespace": namespace,
        "name": name,
        "resourceVersion": str(version),
        "labels": {"odd": str(version % 2)},
    }
    return {"kind": "Thing", "metadata": metadata}


def events(before, after, revision):
    gone = [WatchEvent("DELETED", obj(place, revision)) for place in before.keys() - after.keys()]
    changed = [place for place in after if before.get(place) != after[place]]
    return gone + [
        WatchEvent("MODIFIED" if place in before else "ADDED", obj(place, after[place])) for place in changed
    ]


class Handler:
    """Believes only what it is told, and that there is nothing else."""

    def __init__(self):
        self.objects = {}

    def __call__(self, old, new):
        present = new if new is not None else old
        key = Key(present["metadata"]["namespace"], present["metadata"]["name"])
        assert (old is not None) == (key in self.objects)
        if new is None:
            del self.objects[key]
        else:
            self.objects[key] = new


@pytest.fixture
def informer():
    made = Informer(detect_mutations=True)
    made.add_index("namespace", lambda obj: (obj["metadata"]["namespace"],))
    made.add_index("odd", lambda obj: (obj["metadata"]["labels"]["odd"],))
    return made


def check(informer, handler, state):
    wanted = {tuple(place.split("/")): version for place, version in state.items()}
    found = {key: int(obj["metadata"]["resourceVersion"]) for key, obj in handler.objects.items()}
    assert found == wanted
    assert {(o["metadata"]["namespace"], o["metadata"]["name"]) for o in informer.list()} == wanted.keys()
    for namespace in "abc":
        inside = {key for key in wanted if key[0] == namespace}
        assert {(o["metadata"]["namespace"], o["metadata"]["name"]) for o in informer.list(namespace)} == inside
    odd = {key for key, version in wanted.items() if version % 2}
    assert {(o["metadata"]["namespace"], o["metadata"]["name"]) for o in informer.by_index("odd", "1")} == odd
    assert len(informer) == len(wanted)
    informer.check_unchanged()


@pytest.mark.parametrize("order", ["forwards", "backwards"])
def test_changes_one_by_one(informer, order):
    handler, before = Handler(), {}
    informer.add_handler(handler)
    for revision, state in enumerate(STATES if order == "forwards" else STATES[::-1], 10):
        informer.apply(events(before, state, revision), str(revision))
        check(informer, handler, state)
        assert informer.revision == revision
        before = state


@pytest.mark.parametrize("seed", range(10))
def test_any_mixture_of_changes_and_whole_contents_with_gaps(informer, seed):
    rng, handler, before = random.Random(seed), Handler(), {}
    informer.add_handler(handler)
    for revision in range(10, 60):
        state = rng.choice(STATES)
        if rng.random() < 0.5:
            informer.replace([obj(place, version) for place, version in state.items()], str(revision))
        else:
            informer.apply(events(before, state, revision), str(revision))
        check(informer, handler, state)
        before = state


def test_what_is_as_it_was_is_not_told_again(informer):
    told = []
    informer.replace([obj("a/x", 1), obj("a/y", 2)], "5")
    informer.add_handler(lambda old, new: told.append((old, new)))
    told.clear()
    informer.replace([obj("a/x", 1), obj("a/y", 3)], "6")
    assert told == [(obj("a/y", 2), obj("a/y", 3))]


def test_a_deletion_is_told_with_the_last_state(informer):
    informer.replace([obj("a/x", 1)], "5")
    told = []
    informer.add_handler(lambda old, new: told.append((old, new)))
    told.clear()
    informer.apply([WatchEvent("DELETED", obj("a/x", 7)), WatchEvent("DELETED", obj("a/unknown", 7))], "7")
    assert told == [(obj("a/x", 7), None)]


def test_handlers_and_indexes_that_come_late_know_what_is_there(informer):
    informer.replace([obj("a/x", 1), obj("b/y", 2)], "5")
    handler = Handler()
    informer.add_handler(handler)
    informer.add_index("name", lambda obj: (obj["metadata"]["name"], "any"))
    check(informer, handler, {"a/x": 1, "b/y": 2})
    assert informer.by_index("name", "y") == (obj("b/y", 2),)
    assert len(informer.by_index("name", "any")) == 2
    with pytest.raises(KeyError):
        informer.by_index("unknown", "y")


def test_a_name_is_one_index(informer):
    def names(each):
        return (each["metadata"]["name"],)

    informer.add_index("name", names)
    informer.add_index("name", names)
    with pytest.raises(ValueError, match="index 'name' exists"):
        informer.add_index("name", lambda each: ())


def test_it_is_synced_with_its_first_content(informer):
    assert not informer.synced.is_set()
    informer.replace([], "1")
    assert informer.synced.is_set()


def test_who_changes_an_object_is_found_out(informer):
    informer.replace([obj("a/x", 1)], "5")
    informer.get(Key("a", "x"))["metadata"]["labels"]["mine"] = "1"
    with pytest.raises(MutatedError, match="Thing a/x was changed by a reader"):
        informer.check_unchanged()
    with pytest.raises(MutatedError):
        informer.apply([WatchEvent("MODIFIED", obj("a/x", 6))], "6")


class Sharers:
    """A part that shares informers: what it is told, and what it finds."""

    def __init__(self, informers):
        self.informers = informers.share()
        self.handler = Handler()
        self.informer = self.informers.of(CONFIG_MAPS)
        self.informer.add_index("odd", lambda obj: (obj["metadata"]["labels"]["odd"],))
        self.informer.add_handler(self.handler)


@pytest.mark.parametrize("seed", range(5))
def test_who_shares_informers_is_told_as_if_they_were_its_own_until_it_stops(seed):
    rng, informers = random.Random(seed), Informers(client=None, rng=None)
    informer = informers.of(CONFIG_MAPS)
    first, before = Sharers(informers), {}
    late = None
    for revision in range(10, 40):
        state = rng.choice(STATES)
        informer.apply(events(before, state, revision), str(revision))
        check(first.informer, first.handler, state)
        assert first.informer.revision == revision
        if late is None and revision > 20:
            late = Sharers(informers)  # its function for the index is another one
        if late is not None:
            check(late.informer, late.handler, state)
        before = state
    asyncio.run(first.informers.stop())
    told = dict(first.handler.objects)
    informer.replace([], "50")
    assert first.handler.objects == told
    check(late.informer, late.handler, {})


class Counted:
    """Verbs that say what was watched."""

    def __init__(self, client):
        self.client = client
        self.watched = []

    async def watch(self, resource, **query):
        self.watched.append((resource.plural, query["fields"]))
        return await self.client.watch(resource, **query)


async def test_what_is_shared_is_watched_once(client):
    counted = Counted(client)
    informers = Informers(client=counted, rng=random.Random(1))
    parts = [informers.share() for _ in range(2)]
    for part in parts:
        part.of(CONFIG_MAPS)
        part.of_at_least(CONFIG_MAPS, fields="metadata.namespace=a")  # everything is there anyway
        await part.start(on_crash=lambda name, error: pytest.fail(f"{name}: {error!r}"))
    assert counted.watched == [("configmaps", "")]
    for part in parts:
        await part.stop()
    await informers.stop()


def test_at_least_a_part_is_only_that_where_nobody_reads_more():
    informers = Informers(client=None, rng=None)
    narrow = informers.of_at_least(CONFIG_MAPS, fields="metadata.namespace=a")
    assert narrow is informers.of(CONFIG_MAPS, fields="metadata.namespace=a")
    assert narrow is not informers.of(CONFIG_MAPS)
