"""Informers of another process live through the ends of their server, orderly or not."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.client import reflector
from steersman.client.informer import Informers
from steersman.client.request import Key
from steersman.testing.connected import connected

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from steersman.testing.server import ServerProcess


def config_map(name: str) -> dict:
    return {"metadata": {"namespace": "default", "name": name}}


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_an_informer_follows_the_next_server_on_the_same_data(
    serve: Callable[..., ServerProcess], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(reflector, "BACKOFF_S", 0.05)
    server = await asyncio.to_thread(serve, tmp_path)
    port = server.url.rpartition(":")[2]
    told: list[tuple[bool, bool, str]] = []
    async with connected(server.kubeconfig) as client:
        informers = Informers(client=client, rng=random.Random(1), detect_mutations=True)
        informer = informers.of(CONFIG_MAPS, fields="metadata.namespace=default")
        informer.add_handler(lambda old, new: told.append((old is None, new is None, (new or old)["metadata"]["name"])))
        for name in "ab":
            await client.create(CONFIG_MAPS, config_map(name))
        await informers.start(on_crash=lambda name, error: pytest.fail(f"{name}: {error!r}"))
        await asyncio.to_thread(getattr(server, end))
        await asyncio.to_thread(serve, tmp_path, "--port", port)
        await client.delete(CONFIG_MAPS, Key("default", "a"))
        await client.create(CONFIG_MAPS, config_map("c"))
        async with asyncio.timeout(20):
            while len(told) < 4:
                await asyncio.sleep(0.05)
        await informers.stop()
        informers.check_unchanged()
    assert told[:2] == [(True, False, "a"), (True, False, "b")]
    assert sorted(told[2:]) == [(False, True, "a"), (True, False, "c")]
