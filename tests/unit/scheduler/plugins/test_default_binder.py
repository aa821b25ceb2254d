"""Pods get their nodes by the API."""

from __future__ import annotations

import random

import pytest

from steersman.api.core.pod import PODS
from steersman.api.errors import NotFound
from steersman.client.client import Client
from steersman.client.request import Key
from steersman.scheduler.framework import Cycle
from steersman.scheduler.plugins.default_binder import DefaultBinder
from steersman.scheduler.pod_info import read_pod
from steersman.scheduler.snapshot import Snapshot

pytestmark = pytest.mark.virtual_time


async def test_a_binding_is_made_for_this_very_pod(api, transports_as):
    client = Client(transport=transports_as("admin-token"), rng=random.Random(1))
    await api.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "default"}})
    await api.ask("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
    pod = {"metadata": {"namespace": "default", "name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    made = await client.create(PODS, pod)
    cycle = Cycle(read_pod(made), Snapshot())
    binder = DefaultBinder(client=client)
    assert await binder.bind(cycle, "a") is None
    assert (await client.get(PODS, Key("default", "p")))["spec"]["nodeName"] == "a"
    cycle.pod.key = ("default", "other")
    with pytest.raises(NotFound):
        await binder.bind(cycle, "a")
