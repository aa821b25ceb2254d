"""watch: from a version on, everything, once, in order."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from steersman.apiserver.verbs import watch
from steersman.lib.http.in_process import MemoryWire
from steersman.testing.virtual_time import settle

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"


async def make(api: Any, name: str, **labels: str) -> str:
    reply = await api.ask("POST", MAPS, {"metadata": {"name": name, "labels": labels}})
    return reply.json()["metadata"]["resourceVersion"]


async def seen(stream: Any) -> list[tuple[str, str]]:
    await settle()
    events = [json.loads(line) for line in stream.take_lines()]
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


async def test_without_a_version_it_begins_with_what_is_there(api: Any) -> None:
    await make(api, "a")
    stream = await api.watch(MAPS)
    assert await seen(stream) == [("ADDED", "a")]
    await make(api, "b")
    assert await seen(stream) == [("ADDED", "b")]


async def test_from_a_version_on_nothing_is_missed(api: Any) -> None:
    version = await make(api, "a")
    await make(api, "b")
    await api.ask("DELETE", f"{MAPS}/a")
    stream = await api.watch(MAPS, resourceVersion=version)
    assert await seen(stream) == [("ADDED", "b"), ("DELETED", "a")]


async def test_a_deletion_carries_the_last_state_at_its_own_version(api: Any) -> None:
    version = await make(api, "a", x="y")
    stream = await api.watch(MAPS, resourceVersion=version)
    await api.ask("DELETE", f"{MAPS}/a")
    await settle()
    (line,) = stream.take_lines()
    gone = json.loads(line)["object"]
    assert gone["metadata"]["labels"] == {"x": "y"}
    assert int(gone["metadata"]["resourceVersion"]) > int(version)


async def test_a_selection_is_entered_and_left(api: Any) -> None:
    stream = await api.watch(MAPS, labelSelector="x=1")
    await make(api, "a", x="1")
    merge = {"content-type": "application/merge-patch+json"}
    await api.ask("PATCH", f"{MAPS}/a", {"metadata": {"labels": {"x": "2"}}}, headers=merge)
    await api.ask("PATCH", f"{MAPS}/a", {"data": {"unseen": "change"}}, headers=merge)
    await api.ask("PATCH", f"{MAPS}/a", {"metadata": {"labels": {"x": "1"}}}, headers=merge)
    assert await seen(stream) == [("ADDED", "a"), ("DELETED", "a"), ("ADDED", "a")]


async def test_a_client_that_does_not_read_what_was_there_is_cut_off(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "INITIAL_SLICE_BYTES", 1)
    monkeypatch.setattr(watch, "UNREAD_BYTES_MAX", 1000)
    always_full = property(lambda _self: True, lambda _self, _value: None)
    monkeypatch.setattr(MemoryWire, "write_paused", always_full, raising=False)
    monkeypatch.setattr(MemoryWire, "writable", lambda _self: asyncio.get_running_loop().create_future())
    await make(api, "a")
    stream = await api.watch(MAPS)
    await settle()
    await make(api, "b")
    await settle()
    assert not stream.body.closed.done()
    for number in range(10):
        await make(api, f"c{number}")
    await settle()
    assert stream.body.closed.done()


async def test_initial_events_end_with_a_bookmark_that_says_so(api: Any) -> None:
    await make(api, "a")
    stream = await api.watch(
        MAPS, sendInitialEvents="true", resourceVersionMatch="NotOlderThan", allowWatchBookmarks="true"
    )
    await settle()
    added, bookmark = [json.loads(line) for line in stream.take_lines()]
    assert added["type"] == "ADDED"
    assert bookmark["type"] == "BOOKMARK"
    metadata = bookmark["object"]["metadata"]
    assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(metadata["resourceVersion"]) >= int(added["object"]["metadata"]["resourceVersion"])


async def test_bookmarks_tell_a_quiet_watch_how_far_it_is(api: Any) -> None:
    stream = await api.watch(MAPS, resourceVersion="0", allowWatchBookmarks="true", timeoutSeconds="300")
    await seen(stream)
    await api.ask("POST", "/api/v1/namespaces/default/secrets", {"metadata": {"name": "elsewhere"}})
    await asyncio.sleep(120)
    assert ("BOOKMARK", "") in await seen(stream)


async def test_it_ends_when_its_time_is_over(api: Any) -> None:
    stream = await api.watch(MAPS, timeoutSeconds="30")
    await asyncio.sleep(29)
    assert not stream.ended
    await asyncio.sleep(2)
    assert stream.ended


async def test_history_that_is_forgotten_is_told_as_an_event(api: Any) -> None:
    version = await make(api, "a")
    for number in range(5000):
        await api.parts.service.store.commit((), (put(f"/registry/configmaps/default/x{number % 7}", number),))
    stream = await api.watch(MAPS, resourceVersion=version)
    await settle()
    event = json.loads(stream.take_lines()[0])
    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")


def put(key: str, number: int) -> Any:
    from steersman.store.interface import Put

    name = key.rsplit("/", 1)[1]
    body = {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "default", "uid": name},
        "data": {"n": str(number)},
    }
    return Put(key, json.dumps(body, separators=(",", ":")).encode())


async def test_a_draining_server_ends_watches(api: Any) -> None:
    stream = await api.watch(MAPS)
    await settle()
    api.parts.service.end_watches()
    await settle()
    assert stream.ended
