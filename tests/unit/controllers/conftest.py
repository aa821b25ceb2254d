"""Controllers on a real API server inside the test; for tests marked `virtual_time`.

async def test_it(run, client):
    controller = await run(ConfigMapThings)
    await client.create(CONFIG_MAPS, ...)
    await asyncio.sleep(1)
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from steersman.client.discovery import Discovery
from steersman.client.events import Recorder
from steersman.client.informer import Informers
from steersman.client.queue_metrics import QueueFamilies
from steersman.controllers.base import Tools
from steersman.controllers.roles import component_of
from steersman.lib.aio import Tasks
from steersman.lib.metrics import Registry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from steersman.client.client import Client


@pytest.fixture
async def run(api, client):
    """Makes controllers of classes and runs them, with all that is around them; they are given `settings` too."""
    crashes: list[BaseException] = []
    informers = Informers(client=client, rng=random.Random(1), detect_mutations=True)
    discovery = Discovery(client=client, informers=informers)
    queues = QueueFamilies(registry=Registry())
    tasks = Tasks(on_crash=lambda _name, error: crashes.append(error))

    def make(kind, settings):
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
            registry=Registry(),
        )
        return kind(tools, **settings)

    async def running(*kinds, **settings):
        controllers = [make(kind, settings) for kind in kinds]
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


@dataclass(frozen=True, slots=True)
class Bench:
    """What most tests need of the above, and of time."""

    client: Client
    clock: Any
    run: Callable[..., Awaitable[Any]]

    async def start(self, *kinds: Any, **settings: Any) -> Any:
        """Run controllers, and let them do what is to be done at once."""
        started = await self.run(*kinds, **settings)
        await self.settle()
        return started

    async def settle(self, seconds: float = 1) -> None:
        """Let that much time pass."""
        await asyncio.sleep(seconds)


@pytest.fixture
def bench(api, client, run):
    return Bench(client, api.clock, run)
