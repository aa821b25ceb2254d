"""The parts work together: what an APIService says is found out and told without being asked for."""

from __future__ import annotations

import asyncio
from typing import Any

from steersman.api.apiregistration.api_service import API_SERVICES


async def until(true: Any) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0)


async def test_an_extension_server_is_asked_as_soon_as_it_is_registered_and_forgotten_with_it(world: Any) -> None:
    aggregation = world.aggregation
    aggregation.start()
    registration = world.register()
    await until(lambda: aggregation.openapi.paths() and aggregation.discovery.entry(registration).get("resources"))
    world.remove(API_SERVICES, "", registration.name)
    await until(lambda: aggregation.discovery.entry(registration)["freshness"] == "Stale")
    assert aggregation.openapi.specs() == []


async def test_one_that_was_registered_before_the_start_is_asked_too(world: Any) -> None:
    registration = world.register()
    world.aggregation.start()
    await until(lambda: world.aggregation.discovery.entry(registration)["freshness"] == "Current")


async def test_openapi_is_asked_for_when_the_server_becomes_available(world: Any) -> None:
    world.aggregation.start()
    registration = world.register(available=False)
    await until(lambda: world.aggregation.discovery.entry(registration)["freshness"] == "Current")
    assert world.aggregation.openapi.specs() == []
    world.register()
    await until(world.aggregation.openapi.specs)
