"""What a Recorder writes: Events as upstream's components write them, few of them, and never at its caller's cost."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from steersman.api.core.event import EVENTS
from steersman.client.client import Client
from steersman.client.errors import Unreachable
from steersman.client.events import NORMAL, QUEUED_MAX, RETRY_S, TRIES_MAX, WARNING, Recorder
from steersman.lib.aio import Tasks

pytestmark = pytest.mark.virtual_time

POD = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"namespace": "default", "name": "web", "uid": "u1", "resourceVersion": "7"},
    "spec": {},
}


@pytest.fixture
async def recorder(client, api):
    made = Recorder(client=client, component="replicaset-controller", clock=api.clock, rng=random.Random(1))
    tasks = Tasks()
    tasks.start(made.run(), name="recorder")
    yield made
    await tasks.close()


async def written(recorder, client):
    await recorder.settled()
    events = (await client.list(EVENTS))["items"]
    return [event for event in events if event["source"].get("component") == "replicaset-controller"]


async def test_an_event_says_what_happened_to_whom_and_who_says_so(recorder, client):
    recorder.event(POD, NORMAL, "Created", "it was made", annotations={"a": "b"})
    (event,) = await written(recorder, client)
    assert event["metadata"]["name"].startswith("web.")
    assert int(event["metadata"]["name"].removeprefix("web."), 16) >= 1_767_225_600 * 10**9
    assert event["metadata"]["annotations"] == {"a": "b"}
    assert event["involvedObject"] == {
        "kind": "Pod", "apiVersion": "v1", "namespace": "default", "name": "web", "uid": "u1", "resourceVersion": "7",
    }  # fmt: skip
    assert (event["type"], event["reason"], event["message"], event["count"]) == ("Normal", "Created", "it was made", 1)
    assert event["source"] == {"component": "replicaset-controller"}
    assert (event["reportingComponent"], event["reportingInstance"]) == ("replicaset-controller", "")
    assert event["firstTimestamp"] == event["lastTimestamp"] == "2026-01-01T00:00:00Z"
    assert event["eventTime"] is None


async def test_events_of_cluster_wide_objects_are_in_default(recorder, client):
    recorder.event({"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n1"}}, WARNING, "Lost", "no word")
    (event,) = await written(recorder, client)
    assert event["metadata"]["namespace"] == "default"
    assert "namespace" not in event["involvedObject"]


async def test_a_reference_may_be_given_instead_of_an_object(recorder, client):
    reference = {"kind": "Pod", "namespace": "default", "name": "web", "fieldPath": "spec.containers{c}"}
    recorder.event(reference, NORMAL, "Pulled", "")
    (event,) = await written(recorder, client)
    assert event["involvedObject"] == reference


async def test_equal_events_are_counted_in_one(recorder, client):
    for _ in range(3):
        recorder.event(POD, NORMAL, "Created", "it was made")
        await recorder.settled()
        await asyncio.sleep(60)
    (event,) = await written(recorder, client)
    assert event["count"] == 3
    assert (event["firstTimestamp"], event["lastTimestamp"]) == ("2026-01-01T00:00:00Z", "2026-01-01T00:02:00Z")


async def test_a_counted_event_that_was_deleted_meanwhile_is_written_again(recorder, client):
    recorder.event(POD, NORMAL, "Created", "it was made")
    await recorder.settled()
    await client.delete_collection(EVENTS, namespace="default")
    recorder.event(POD, NORMAL, "Created", "it was made")
    (event,) = await written(recorder, client)
    assert event["count"] == 2


async def test_several_writers_keep_the_order_of_what_is_said_of_one_event(client, api):
    made = Recorder(client=client, component="replicaset-controller", clock=api.clock, rng=random.Random(1))
    for _ in range(12):
        made.event(POD, NORMAL, "Created", "it was made")
        made.event(POD, NORMAL, "Started", "it runs")
    tasks = Tasks()
    for _ in range(4):
        tasks.start(made.run(), name="writer")
    assert {event["reason"]: event["count"] for event in await written(made, client)} == {"Created": 12, "Started": 12}
    await tasks.close()


async def test_events_of_one_moment_have_names_of_their_own(recorder, client):
    for number in range(5):
        recorder.event(POD, NORMAL, "Created", f"number {number}")
    assert len({event["metadata"]["name"] for event in await written(recorder, client)}) == 5


async def test_several_components_say_things_of_one_object_in_one_moment(recorder, client, api):
    other = Recorder(client=client, component="default-scheduler", clock=api.clock, rng=random.Random(1))
    tasks = Tasks()
    tasks.start(other.run(), name="other")
    for number in range(5):
        recorder.event(POD, NORMAL, "Created", f"number {number}")
        other.event(POD, NORMAL, "Scheduled", f"number {number}")
    await other.settled()
    await tasks.close()
    assert len(await written(recorder, client)) == 5
    assert len((await client.list(EVENTS))["items"]) == 10


async def test_an_object_may_be_called_what_an_event_may_not(recorder, client):
    recorder.event({**POD, "metadata": {"namespace": "default", "name": "system:node"}}, NORMAL, "Created", "")
    (event,) = await written(recorder, client)
    assert event["metadata"]["name"].startswith("event-")


@pytest.mark.parametrize(("obj", "kind"), [({"metadata": {"name": "a"}}, NORMAL), ({}, NORMAL), (POD, "Bad")])
async def test_what_cannot_be_told_is_logged_and_nothing_else(recorder, client, caplog, obj, kind):
    recorder.event(obj, kind, "Created", "it was made")
    assert await written(recorder, client) == []
    assert "cannot tell" in caplog.text


async def test_what_the_server_refuses_is_dropped(recorder, client, caplog):
    recorder.event({**POD, "metadata": {"namespace": "nowhere", "name": "web"}}, NORMAL, "Created", "")
    recorder.event(POD, NORMAL, "Created", "")
    assert len(await written(recorder, client)) == 1
    assert 'namespaces "nowhere" not found' in caplog.text


class Broken:
    """A transport to a server that is away for some requests."""

    def __init__(self, transport, failures):
        self._transport = transport
        self.failures = failures
        self.asked = 0

    async def exchange(self, request, *, timeout_s):
        self.asked += 1
        if self.failures:
            self.failures -= 1
            raise Unreachable("no route")
        return await self._transport.exchange(request, timeout_s=timeout_s)


async def test_it_waits_for_a_server_that_is_away(api, client, transports):
    broken = Broken(transports(api.parts.application.handle), 60)
    sending = Client(transport=broken, rng=random.Random(1))
    recorder = Recorder(client=sending, component="replicaset-controller", clock=api.clock, rng=random.Random(1))
    tasks = Tasks()
    tasks.start(recorder.run(), name="recorder")
    recorder.event(POD, NORMAL, "Created", "it was made")
    assert len(await written(recorder, client)) == 1
    broken.failures = 10**6
    begun = api.clock.now()
    recorder.event(POD, NORMAL, "Another", "it was made")
    assert len(await written(recorder, client)) == 1, "not for ever"
    assert api.clock.now() - begun > timedelta(seconds=RETRY_S * (TRIES_MAX - 1))
    await tasks.close()


async def test_the_queue_is_bounded(client, api, caplog):
    recorder = Recorder(client=client, component="replicaset-controller", clock=api.clock, rng=random.Random(1))
    for number in range(QUEUED_MAX + 1):
        recorder.event(POD, NORMAL, "Created", f"number {number}")
    assert f"{QUEUED_MAX} events wait, one is dropped" in caplog.text
