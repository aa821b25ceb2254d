"""Clients of an API server inside the test, which knows who they are."""

from __future__ import annotations

import random

import pytest

from steersman.client.client import Client
from steersman.cluster.local_transport import LocalTransport


@pytest.fixture
async def transports_as(api):
    """Makes transports of somebody, by token."""
    made = []

    def make(token):
        made.append(LocalTransport(handler=api.parts.application.handle, user_agent="tests", token=token))
        return made[-1]

    yield make
    for each in made:
        await each.close()


@pytest.fixture
def client(transports_as):
    """The administrator's verbs."""
    return Client(transport=transports_as("admin-token"), rng=random.Random(1), field_manager="tests")
