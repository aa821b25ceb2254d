"""Watches: everything in order, bookmarks, ends that are told apart, and nothing left open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.errors import BadRequest, Expired
from steersman.client.request import Key

if TYPE_CHECKING:
    from steersman.client.transport import WatchEvent

A = Key("default", "a")
WAIT_S = 10


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "default", "name": name}, "data": data}


async def collect(watch, count) -> list[WatchEvent]:
    events: list[WatchEvent] = []
    async with asyncio.timeout(WAIT_S):
        while len(events) < count:
            events += await anext(aiter(watch))
    return events


def told(events):
    return [(event.type, event.object["metadata"]["name"]) for event in events]


async def open_watch(client, **options):
    return await client.watch(CONFIG_MAPS, namespace="default", **options)


async def test_changes_arrive_in_their_order(client):
    made = await client.create(CONFIG_MAPS, config_map("a"))
    watch = await open_watch(client, resource_version=made["metadata"]["resourceVersion"])
    await client.update(CONFIG_MAPS, {**made, "data": {"x": "1"}})
    await client.create(CONFIG_MAPS, config_map("b"))
    await client.delete(CONFIG_MAPS, A)
    events = await collect(watch, 3)
    assert told(events) == [("MODIFIED", "a"), ("ADDED", "b"), ("DELETED", "a")]
    assert events[0].object["kind"] == "ConfigMap"
    assert events[2].object["data"] == {"x": "1"}
    await watch.close()


async def test_what_is_there_comes_first_and_ends_with_a_bookmark(client):
    await client.create(CONFIG_MAPS, config_map("a"))
    watch = await open_watch(client, initial_events=True, fields="metadata.name=a")
    (added, bookmark) = await collect(watch, 2)
    assert (added.type, bookmark.type) == ("ADDED", "BOOKMARK")
    assert bookmark.object["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(bookmark.object["metadata"]["resourceVersion"]) >= int(added.object["metadata"]["resourceVersion"])
    await watch.close()


async def test_many_and_large_events_arrive_whole(client):
    watch = await open_watch(client, initial_events=True, fields="metadata.name!=kube-root-ca.crt")
    await collect(watch, 1)
    text = "ü\n" * 50_000
    for number in range(10):
        await client.create(CONFIG_MAPS, config_map(f"m{number}", x=text))
    events = await collect(watch, 10)
    assert [event.object["data"]["x"] == text for event in events] == [True] * 10
    await watch.close()


async def test_a_reader_that_is_slow_misses_nothing_of_what_was_there(client):
    text = "x" * 100_000
    for number in range(20):
        await client.create(CONFIG_MAPS, config_map(f"m{number:02}", x=text))
    watch = await open_watch(client, initial_events=True, fields="metadata.name!=kube-root-ca.crt")
    await asyncio.sleep(0.1)
    await client.create(CONFIG_MAPS, config_map("z"))
    events = await collect(watch, 22)
    names = [f"m{number:02}" for number in range(20)]
    assert [name for kind, name in told(events[:20]) if kind == "ADDED"] == names
    assert events[20].type == "BOOKMARK"
    assert told(events[21:]) == [("ADDED", "z")]
    await watch.close()


async def test_a_watch_of_the_forgotten_past_has_expired(client, bench):
    made = await client.create(CONFIG_MAPS, config_map("a"))
    await client.create(CONFIG_MAPS, config_map("b"))
    await bench.forget_history()
    watch = await open_watch(client, resource_version=made["metadata"]["resourceVersion"])
    with pytest.raises(Expired, match="too old resource version"):
        await collect(watch, 1)
    await watch.close()


async def test_a_watch_that_cannot_begin_is_refused_at_once(client):
    with pytest.raises(BadRequest):
        await open_watch(client, labels="a in")


async def test_the_server_ends_a_watch_in_an_orderly_way(client, bench):
    watch = await open_watch(client)
    await client.create(CONFIG_MAPS, config_map("a"))
    await collect(watch, 1)
    bench.parts.service.end_watches()
    async with asyncio.timeout(WAIT_S):
        assert [events async for events in watch] == []
    assert not bench.parts.service.watches


async def test_a_watch_ends_when_its_time_is_over(client):
    watch = await open_watch(client, timeout_s=1, fields="metadata.name=none")
    async with asyncio.timeout(WAIT_S):
        assert [event.type for events in [batch async for batch in watch] for event in events] in ([], ["BOOKMARK"])


async def test_the_server_forgets_a_watch_that_was_closed(client, bench, until):
    watch = await open_watch(client)
    await until(lambda: bench.parts.service.watches)
    await watch.close()
    await watch.close()
    await until(lambda: not bench.parts.service.watches)
    assert [events async for events in watch] == []


async def test_the_server_forgets_a_watch_whose_reader_was_cancelled(client, bench, until):
    watch = await open_watch(client, fields="metadata.name=none")

    async def read():
        async for _ in watch:
            pass

    reading = asyncio.get_running_loop().create_task(read())
    await asyncio.sleep(0)  # it reads
    await until(lambda: bench.parts.service.watches)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await until(lambda: not bench.parts.service.watches)


async def test_the_server_forgets_a_watch_that_was_closed_before_it_was_read(client, bench, until):
    watch = await open_watch(client)
    await watch.close()
    await client.get_path("/version")
    await until(lambda: not bench.parts.service.watches)
