"""Controllers on a real API server inside the test, which knows who they are; for tests in virtual time.

async def test_it(run, client):
    controller = await run(ConfigMapThings)
    await client.create(CONFIG_MAPS, ...)
    await asyncio.sleep(1)
"""

from __future__ import annotations

import random

import pytest

from steersman.client.client import Client
from steersman.client.discovery import Discovery
from steersman.client.events import Recorder
from steersman.client.informer import Informers
from steersman.client.queue_metrics import QueueFamilies
from steersman.cluster.local_transport import LocalTransport
from steersman.controllers.base import Tools
from steersman.controllers.roles import component_of
from steersman.lib.aio import Tasks
from steersman.lib.metrics import Registry


@pytest.fixture
async def transport(api):
    made = LocalTransport(handler=api.parts.application.handle, user_agent="tests", token="admin-token")
    yield made
    await made.close()


@pytest.fixture
def client(transport):
    """The administrator's verbs."""
    return Client(transport=transport, rng=random.Random(1))


@pytest.fixture
async def run(api, client):
    """Makes controllers of classes and runs them, with all that is around them."""
    crashes: list[BaseException] = []
    informers = Informers(client=client, rng=random.Random(1), detect_mutations=True)
    discovery = Discovery(client=client, informers=informers)
    queues = QueueFamilies(registry=Registry())
    tasks = Tasks(on_crash=lambda _name, error: crashes.append(error))

    def make(kind):
        recorder = Recorder(client=client, component=component_of(kind), clock=api.clock, rng=random.Random(1))
        tasks.start(recorder.run(), name=f"events of {kind.name}")
        tools = Tools(
            client=client,
            informers=informers,
            recorder=recorder,
            clock=api.clock,
            rng=random.Random(1),
            queues=queues,
            discovery=discovery,
        )
        return kind(tools)

    async def running(*kinds):
        controllers = [make(kind) for kind in kinds]
        await informers.start(on_crash=lambda _name, error: crashes.append(error))
        tasks.start(discovery.run(), name="discovery")
        for controller in controllers:
            tasks.start(controller.run(), name=controller.name)
        return controllers[0] if len(controllers) == 1 else controllers

    yield running
    await tasks.close()
    await informers.stop()
    informers.check_unchanged()
    assert not crashes
