"""APIServices that cannot be asked are counted."""

from __future__ import annotations

from typing import Any

from steersman.api.apiregistration.api_service import API_SERVICES


def lines(world: Any) -> list[str]:
    text = b"".join(world.registry.render_slices()).decode()
    return [line for line in text.splitlines() if line.startswith("aggregator_unavailable")]


async def test_what_is_unavailable_shows_and_what_becomes_so_is_counted(world: Any) -> None:
    name = "v1.wardle.example.com"
    world.register(available=False)
    assert lines(world) == [f'aggregator_unavailable_apiservice{{name="{name}"}} 1']
    world.register()
    assert lines(world) == [f'aggregator_unavailable_apiservice{{name="{name}"}} 0']
    world.register(available=False)
    assert f'aggregator_unavailable_apiservice_total{{name="{name}",reason="Said"}} 1' in lines(world)
    world.remove(API_SERVICES, "", name)
    assert f'aggregator_unavailable_apiservice{{name="{name}"}} 0' not in lines(world)
