"""Requests reach extension servers, with their sender's name and without what proves it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from steersman.api.errors import Timeout
from steersman.apiserver.aggregation import extension_proxy
from steersman.apiserver.authn.user import User
from steersman.testing.in_process import InProcessClient, Reply, Stream

USER = User("jane", uid="u-1", groups=("devs",))
PATH = "/apis/wardle.example.com/v1"
FLUNDERS = f"{PATH}/namespaces/default/flunders"


def client(world: Any, registration: Any) -> InProcessClient:
    return InProcessClient(lambda request: world.aggregation.proxy.serve(request, USER, registration))


async def ask(world: Any, method: str, path: str, body: Any = None, *, registration: Any = None, **options: Any) -> Any:
    client_ = client(world, registration or world.register())
    return await client_.request(method, path, body=body, **options)


async def test_methods_bodies_and_queries_go_on(world: Any) -> None:
    made = await world.whole(await ask(world, "POST", FLUNDERS, {"metadata": {"name": "a"}}, query={"dryRun": "no"}))
    assert (made.status, made.json()["metadata"]["name"]) == (201, "a")
    assert world.server.seen[-1].query == "dryRun=no"
    found = await world.whole(await ask(world, "GET", f"{FLUNDERS}/a"))
    assert (found.status, found.json()["kind"]) == (200, "Flunder")
    assert (await ask(world, "DELETE", f"{FLUNDERS}/a")).status == 200
    assert (await ask(world, "GET", f"{FLUNDERS}/a")).status == 404


async def test_the_sender_is_named_and_what_it_came_with_stays_here(world: Any) -> None:
    forged = [
        ("authorization", "Bearer secret"),
        ("x-remote-user", "admin"),
        ("x-remote-group", "system:masters"),
        ("x-remote-extra-scopes", "all"),
        ("impersonate-user", "root"),
        ("x-mine", "kept"),
    ]
    await ask(world, "GET", PATH, headers=forged)
    headers = world.server.seen[-1].headers
    assert (headers["x-remote-user"], headers["x-remote-group"], headers["x-remote-uid"]) == (
        ["jane"],
        ["devs"],
        ["u-1"],
    )
    assert headers["x-mine"] == ["kept"]
    assert not {"authorization", "x-remote-extra-scopes", "impersonate-user"} & set(headers)
    assert headers["host"] == [f"127.0.0.1:{world.server.port}"]


async def test_a_watch_stays_open_and_events_come_at_once(world: Any) -> None:
    registration = world.register()
    watch = await ask(world, "GET", FLUNDERS, registration=registration, query={"watch": "true"})
    assert isinstance(watch, Stream)
    await ask(world, "POST", FLUNDERS, {"metadata": {"name": "a"}}, registration=registration)
    lines: list[bytes] = []
    async with asyncio.timeout(10):
        while not lines:
            await asyncio.sleep(0)
            lines = watch.take_lines()
    assert not watch.ended
    event = json.loads(lines[0])
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "a")


async def test_one_that_is_not_available_is_not_asked(world: Any) -> None:
    answer = await ask(world, "GET", PATH, registration=world.register(available=False))
    assert isinstance(answer, Reply)
    assert (answer.status, answer.body, answer.content_type) == (
        503,
        b"service unavailable\n",
        "text/plain; charset=utf-8",
    )
    world.endpoints(ready=False)
    answer = await ask(world, "GET", PATH)
    assert (answer.status, answer.body) == (503, b"service unavailable\n")
    assert world.server.seen == []


async def test_one_that_has_gone_since_is_told_in_go_s_words(world: Any) -> None:
    world.endpoints(port=1)
    answer = await ask(world, "GET", PATH)
    expected = "error trying to reach service: dial tcp 127.0.0.1:1: connect: connection refused\n"
    assert (answer.status, answer.body.decode()) == (503, expected)


async def test_a_bundle_without_certificate_is_our_error(world: Any) -> None:
    answer = await ask(world, "GET", PATH, registration=world.register(caBundle=world.bundle(b"x")))
    assert (answer.status, answer.body.startswith(b"unable to load root certificates")) == (500, True)


async def test_nobody_is_led_elsewhere_in_our_name(world: Any) -> None:
    answer = await ask(world, "GET", f"{PATH}/redirect")
    assert (answer.status, answer.header("location")) == (502, [])


async def test_one_that_does_not_answer_is_not_waited_for_for_ever(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extension_proxy, "REQUEST_S", 0.05)
    monkeypatch.setattr(extension_proxy, "DISCOVERY_S", 0.05)
    world.server.answers.clear()
    with pytest.raises(Timeout, match="Timeout: request did not complete within the allotted timeout"):
        await ask(world, "GET", FLUNDERS)
    answer = await ask(world, "GET", PATH)
    assert (answer.status, answer.body) == (503, b"error trying to reach service: context deadline exceeded\n")
