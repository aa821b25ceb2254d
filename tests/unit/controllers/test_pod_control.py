"""Pods are written, and events tell of it."""

from __future__ import annotations

import pytest

from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.api.core.event import EVENTS
from steersman.api.core.pod import PODS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import Forbidden
from steersman.client.request import Key
from steersman.controllers.base import Controller
from steersman.controllers.pending import Pending
from steersman.controllers.pod_control import PodControl, slow_start

from .objects import meta

OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta("web", namespace="default")}
KEY = Key("default", "web")
POD = {
    "metadata": {"generateName": "web-", "namespace": "default"},
    "spec": {"containers": [{"name": "c", "image": "i"}]},
}


class Nothing(Controller):
    """Only lends its tools."""

    name = "nothing"
    reads = (PODS, REPLICA_SETS)

    def setup(self):
        self.pending = Pending(view=self.view, resource=PODS)
        self.pods = PodControl(client=self.client, recorder=self.recorder, pending=self.pending)


async def told(bench):
    events = await bench.client.list(EVENTS, namespace="default", fields="involvedObject.name=web")
    return {(event["type"], event["reason"], event["message"]) for event in events["items"]}


@pytest.mark.virtual_time
async def test_what_is_written_is_told_and_settles(bench):
    await bench.client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default", "namespace": "default"}})
    nothing = await bench.start(Nothing)
    assert await nothing.pods.create(KEY, OWNER, [POD]) is None
    await bench.settle()
    assert nothing.pending.settled(KEY)
    (pod,) = (await bench.client.list(PODS, namespace="default"))["items"]
    assert await nothing.pods.delete(KEY, OWNER, [pod]) is None
    assert await nothing.pods.delete(KEY, OWNER, [pod]) is None  # that it is gone already is fine
    await bench.settle()
    name = pod["metadata"]["name"]
    assert await told(bench) == {
        ("Normal", "SuccessfulCreate", f"Created pod: {name}"),
        ("Normal", "SuccessfulDelete", f"Deleted pod: {name}"),
    }


@pytest.mark.virtual_time
async def test_a_refusal_is_told_and_ends_it(bench):
    await bench.client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default", "namespace": "default"}})
    nothing = await bench.start(Nothing)
    refused = POD | {"spec": {"containers": []}}
    failure = await nothing.pods.create(KEY, OWNER, [refused, POD])
    assert failure is not None
    await bench.settle()
    assert await told(bench) == {("Warning", "FailedCreate", f"Error creating: {failure}")}
    assert (await bench.client.list(PODS, namespace="default"))["items"] == []


async def test_creations_begin_slowly_and_stop_at_a_failure():
    batches, begun = [], 0

    async def step():
        nonlocal begun
        begun += 1
        if begun > 5:
            raise Forbidden("no more")

    failure = await slow_start(100, step)
    batches.append(begun)
    assert isinstance(failure, Forbidden)
    assert batches == [7]  # 1 + 2 + 4, of which the last failed
    assert await slow_start(0, step) is None


async def test_a_mistake_of_ours_is_not_taken_for_a_refusal():
    async def step():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await slow_start(1, step)
