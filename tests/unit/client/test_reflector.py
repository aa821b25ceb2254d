"""What a reflector asks, and how it goes on after whatever ended its watch. Servers of all kinds: conformance/transport."""

from __future__ import annotations

import asyncio
import itertools
import json
import random

import pytest

from steersman.client.client import Client
from steersman.client.reflector import BACKOFF_S, WATCH_S, Reflector
from steersman.client.request import Ref
from steersman.lib.aio import Tasks, loop_time
from steersman.lib.http.message import Response, StreamResponse

pytestmark = pytest.mark.virtual_time

THINGS = Ref("example.com", "v1", "things", True)


def event(kind, name, version, **metadata):
    return {"type": kind, "object": {"metadata": {"name": name, "resourceVersion": str(version), **metadata}}}


def mark(version, *, end=False):
    notes = {"annotations": {"k8s.io/initial-events-end": "true"}} if end else {}
    return event("BOOKMARK", "", version, **notes)


def failure(code, reason, **details):
    return {"kind": "Status", "code": code, "reason": reason, "message": reason, "details": details}


class Server:
    """Answers watches in turn: a list of events that ends, or stays open behind None; or a refusal."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, request):
        self.asked.append((loop_time(), {name: values[0] for name, values in request.params.items()}))
        answer = self.answers.pop(0) if self.answers else [None]
        if isinstance(answer, dict):
            return Response(answer["code"], json.dumps(answer).encode())

        async def run(body):
            for item in answer:
                if item is None:
                    await body.closed
                elif item == "cut":
                    body.abort()
                else:
                    body.write(json.dumps(item).encode() + b"\n")

        return StreamResponse(200, run)


class Sink:
    def __init__(self):
        self.told = []

    def replace(self, objects, revision):
        self.told.append(("all", [obj["metadata"]["name"] for obj in objects], revision))

    def apply(self, events, revision):
        self.told.append(([(event.type, event.object["metadata"]["name"]) for event in events], revision))


@pytest.fixture
async def follow(transports):
    tasks, sink = Tasks(), Sink()

    async def following(*answers, seconds=5.0):
        server = Server(*answers)
        client = Client(transport=transports(server), rng=random.Random(1))
        reflector = Reflector(client=client, resource=THINGS, sink=sink, rng=random.Random(1), labels="a=b")
        tasks.start(reflector.run(), name="reflector")
        await asyncio.sleep(seconds)
        return server.asked, sink.told

    yield following
    await tasks.close()


START = [event("ADDED", "a", 3), event("ADDED", "b", 5), mark(7, end=True)]
TOO_OLD = {"type": "ERROR", "object": failure(410, "Expired")}


async def test_what_is_there_is_told_at_once_and_changes_as_they_come(follow):
    asked, told = await follow([*START, event("ADDED", "c", 8), mark(9), None])
    ((_, query),) = asked
    assert WATCH_S <= int(query.pop("timeoutSeconds")) < 2 * WATCH_S
    assert query == {
        "watch": "true", "allowWatchBookmarks": "true", "labelSelector": "a=b",
        "resourceVersionMatch": "NotOlderThan", "sendInitialEvents": "true",
    }  # fmt: skip
    assert told[0] == ("all", ["a", "b"], "7")
    changes = [change for events, _ in told[1:] for change in events]
    assert changes == [("ADDED", "c")]
    assert told[-1][1] == "9", "bookmarks say how far everything is told"


async def test_a_watch_that_ended_goes_on_where_it_was(follow):
    asked, told = await follow([*START, mark(9)], [event("DELETED", "a", 11), None])
    assert asked[1][1]["resourceVersion"] == "9"
    assert "sendInitialEvents" not in asked[1][1]
    assert told[-1] == ([("DELETED", "a")], "11")


async def test_a_content_that_broke_off_is_not_told(follow):
    asked, told = await follow([event("ADDED", "a", 3), "cut"], [*START, None])
    assert told == [("all", ["a", "b"], "7")]
    assert asked[1][1]["sendInitialEvents"] == "true"


@pytest.mark.parametrize("expired", [[TOO_OLD], failure(410, "Expired"), failure(410, "Gone")])
async def test_who_is_too_far_behind_reads_everything_again(follow, expired):
    asked, told = await follow(START, expired, [event("ADDED", "z", 50), mark(60, end=True), None])
    assert asked[1][1]["resourceVersion"] == "7"
    assert "resourceVersion" not in asked[2][1]
    assert told[-1] == ("all", ["z"], "60")


async def test_a_store_that_went_back_is_read_anew(follow):
    refused = failure(504, "Timeout", causes=[{"reason": "ResourceVersionTooLarge"}])
    asked, _ = await follow(START, refused, START, seconds=20)
    assert "resourceVersion" not in asked[2][1]


async def test_failures_are_waited_out_longer_and_longer(follow):
    asked, _ = await follow(*[failure(403, "Forbidden")] * 20, seconds=300)
    waits = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(asked)]
    assert all(BACKOFF_S * 2**n <= wait <= BACKOFF_S * 2 ** (n + 1) for n, wait in enumerate(waits[:5]))
    assert all(30 <= wait <= 60 for wait in waits[6:])


async def test_the_server_says_when_to_come_back(follow):
    asked, _ = await follow(failure(429, "TooManyRequests", retryAfterSeconds=7), seconds=10)
    assert asked[1][0] - asked[0][0] == pytest.approx(7, abs=0.01)


async def test_a_server_that_ends_every_watch_at_once_is_not_hammered(follow):
    asked, _ = await follow(START, *[[]] * 100, seconds=60)
    assert len(asked) < 10
