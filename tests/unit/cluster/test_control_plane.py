"""A control plane in one loop: its parts come and go by themselves."""

from __future__ import annotations

import asyncio
import random

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.client.request import Key
from steersman.cluster.config import ServerConfig
from steersman.cluster.control_plane import ControlPlane
from steersman.lib.aio import Tasks
from steersman.store.catalog import StoreAddress
from steersman.store.drivers.memory import MemoryStore
from steersman.testing.cluster_pki import cluster_pki
from steersman.testing.virtual_time import VirtualClock


@pytest.fixture
async def plane(tmp_path):
    clock = VirtualClock(asyncio.get_running_loop())
    store = MemoryStore(clock=clock)
    await store.start()
    pki, issuer = cluster_pki(tmp_path / "pki")
    crashes: list[tuple[str, BaseException]] = []
    made = ControlPlane(
        store=store,
        clock=clock,
        pki=pki,
        issuer=issuer,
        config=ServerConfig(data_dir=tmp_path, store=StoreAddress("memory")),
        seed="test",
        tokens={},
        through=lambda handler: handler,
        on_crash=lambda name, error: crashes.append((name, error)),
        controllers=("root_ca_certificate_publisher",),
    )
    yield made
    await made.stop()
    await store.stop()
    assert crashes == []


async def root_certificate(plane) -> str:
    clients = plane.clients("test")
    client = clients.client("kubernetes-admin", ("system:masters",))
    try:
        found = await client.get(CONFIG_MAPS, Key("default", "kube-root-ca.crt"))
    finally:
        await clients.close()
    return found["data"]["ca.crt"]


@pytest.mark.virtual_time
async def test_parts_start_in_their_order_and_work(plane) -> None:
    await plane.start()
    assert plane.parts == ("apiserver", "controllers", "scheduler")
    await asyncio.sleep(1)
    assert "BEGIN CERTIFICATE" in await root_certificate(plane)


@pytest.mark.virtual_time
async def test_who_asks_while_the_api_server_is_away_comes_again(plane) -> None:
    await plane.start()
    await asyncio.sleep(1)
    await plane.stop("apiserver")
    tasks = Tasks()
    asking = tasks.start(root_certificate(plane), name="asking")
    await asyncio.sleep(3)
    assert not asking.done()
    await plane.start("apiserver")
    assert "BEGIN CERTIFICATE" in await asking


@pytest.mark.virtual_time
async def test_every_start_of_a_part_draws_anew(plane) -> None:
    await plane.start("apiserver")
    first = plane.rng("x").random()
    await plane.start("scheduler")
    assert plane.rng("x").random() != first
    assert isinstance(plane.rng("x"), random.Random)
