"""What extension servers serve is known as long as they tell it, and told stale when they do not."""

from __future__ import annotations

from typing import Any


def names(entry: dict[str, Any]) -> list[str]:
    return [resource["resource"] for resource in entry.get("resources", ())]


async def test_before_it_was_asked_a_group_version_is_stale(world: Any) -> None:
    registration = world.register()
    assert world.aggregation.discovery.entry(registration) == {"version": "v1", "freshness": "Stale"}


async def test_the_aggregated_form_is_asked_for_and_kept_by_its_etag(world: Any) -> None:
    discovery, registration = world.aggregation.discovery, world.register()
    assert await discovery.look(registration)
    entry = discovery.entry(registration)
    assert (names(entry), entry["freshness"]) == (["flunders"], "Current")
    version = discovery.version
    assert await discovery.look(registration)
    assert (discovery.version, discovery.entry(registration)) == (version, entry)
    first, again = world.server.asked("/apis")
    assert ("if-none-match" in first.headers, "if-none-match" in again.headers) == (False, True)
    assert first.headers["x-remote-group"] == ["system:masters"]


async def test_a_server_with_the_old_form_only_is_understood(world: Any) -> None:
    world.server.knows_aggregated = False
    registration = world.register()
    assert await world.aggregation.discovery.look(registration)
    entry = world.aggregation.discovery.entry(registration)
    assert (names(entry), entry["freshness"]) == (["flunders"], "Current")
    (resource,) = entry["resources"]
    assert resource["responseKind"]["kind"] == "Flunder"


async def test_one_that_does_not_answer_is_stale_and_has_no_resources(world: Any) -> None:
    discovery, registration = world.aggregation.discovery, world.register()
    await discovery.look(registration)
    for status in (503, 500, 404):
        world.server.broken = status
        assert not await discovery.look(registration)
        assert discovery.entry(registration) == {"version": "v1", "freshness": "Stale"}
    world.server.broken = 0
    assert await discovery.look(registration)
    assert names(discovery.entry(registration)) == ["flunders"]


async def test_a_group_version_that_its_server_does_not_name_is_empty(world: Any) -> None:
    registration = world.register()
    world.server.group = "other.example.com"
    assert await world.aggregation.discovery.look(registration)
    assert world.aggregation.discovery.entry(registration) == {"version": "v1", "freshness": "Current"}
