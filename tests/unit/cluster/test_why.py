"""Why a pod is where it is: a cluster is read, and nothing in it is changed."""

from __future__ import annotations

import random

import pytest

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.client.client import Client
from steersman.client.request import Key
from steersman.cluster.errors import StartError
from steersman.cluster.why import ask_why
from steersman.scheduler.configuration.read import builtin_configuration
from steersman.scheduler.explanation import table

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def client(api, transports_as):
    for kind, body in (
        ("namespaces", {"metadata": {"name": "default"}}),
        ("namespaces/default/serviceaccounts", {"metadata": {"name": "default"}}),
    ):
        await api.ask("POST", f"/api/v1/{kind}", body)
    client = Client(transport=transports_as("admin-token"), rng=random.Random(1))
    for name, cpu in (("a", "1"), ("b", "4")):
        node = await client.create(NODES, {"metadata": {"name": name}})
        amounts = {"cpu": cpu, "memory": "4Gi", "pods": "10"}
        await client.update_status(NODES, {**node, "status": {"allocatable": amounts}})
    return client


async def why(api, client, **spec):
    containers = [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "3"}}}]
    whole = {"containers": containers, "tolerations": [{"operator": "Exists"}], **spec}
    await client.create(PODS, {"metadata": {"namespace": "default", "name": "p"}, "spec": whole})
    before = await client.get(PODS, Key("default", "p"))
    found = await ask_why(
        client, Key("default", "p"), configuration=builtin_configuration(), clock=api.clock, rng=random.Random(1)
    )
    assert await client.get(PODS, Key("default", "p")) == before
    return found


async def test_a_waiting_pod(api, client):
    found = await why(api, client)
    assert found.node == ""
    assert table(found.explanation)[1:] == [["b", "chosen"], ["a", "NodeResourcesFit: Insufficient cpu"]]


async def test_a_bound_pod_does_not_stand_in_its_own_way(api, client):
    found = await why(api, client, nodeName="b")
    assert found.node == "b"
    assert table(found.explanation)[1:] == [["b", "chosen"], ["a", "NodeResourcesFit: Insufficient cpu"]]


async def test_a_pod_that_is_held_back(api, client):
    found = await why(api, client, schedulingGates=[{"name": "example.com/g"}])
    assert found.explanation.held_back == (("SchedulingGates", "waiting for scheduling gates: [example.com/g]"),)


async def test_a_pod_of_another_scheduler(api, client):
    with pytest.raises(StartError, match="--config"):
        await why(api, client, schedulerName="other")
