from __future__ import annotations

import random

import pytest

from steersman.client.client import Client
from steersman.client.events import Recorder
from steersman.client.informer import Informers
from steersman.cluster.scheduler import make_scheduler
from steersman.lib.aio import Tasks

from .bench import Bench, Cable


@pytest.fixture
async def bench(api, transports_as):
    cable = Cable(transports_as("admin-token"))
    client = Client(transport=cable, rng=random.Random(1))
    for kind, body in (
        ("namespaces", {"metadata": {"name": "default"}}),
        ("namespaces/default/serviceaccounts", {"metadata": {"name": "default"}}),
    ):
        await api.ask("POST", f"/api/v1/{kind}", body)
    crashes = []
    tasks = Tasks(on_crash=lambda name, error: crashes.append((name, error)))
    informers = Informers(client=client, rng=random.Random(1), detect_mutations=True)
    recorder = Recorder(client=client, component="default-scheduler", clock=api.clock, rng=random.Random(1))
    scheduler = make_scheduler(
        client=client, informers=informers, recorder=recorder, clock=api.clock, rng=random.Random(1)
    )
    await informers.start(on_crash=lambda name, error: crashes.append((name, error)))
    tasks.start(recorder.run(), name="events")
    tasks.start(scheduler.run(), name="scheduler")
    yield Bench(client, scheduler, cable)
    await tasks.close()
    await informers.stop()
    informers.check_unchanged()
    assert not crashes
