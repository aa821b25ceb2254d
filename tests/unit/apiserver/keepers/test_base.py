"""The machinery of keepers: every key is looked at once, and again after failures that no event follows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.errors import Conflict, ServiceUnavailable
from steersman.apiserver.identifiers import Identifiers
from steersman.apiserver.keepers.base import RETRY_S, Keeper
from steersman.testing.virtual_time import settle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.resource import Resource
    from steersman.store.watchcache import Change

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"


class Diary(Keeper):
    """Writes down what it looks at, and fails as often as it is told."""

    name = "diary"
    follows = (CONFIG_MAPS,)

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.seen: list[str] = []
        self.failures: list[Exception] = []

    def touched(self, resource: Resource, change: Change) -> Iterable[str]:
        return (self.name_of(resource, change),)

    def everything(self) -> Iterable[str]:
        return ("all",)

    async def sync(self, key: str) -> None:
        self.seen.append(key)
        if self.failures:
            raise self.failures.pop()


def diary(api: Any) -> Diary:
    service = api.parts.service
    identifiers = Identifiers(clock=api.clock, rng=service.rng)
    return Diary(
        resources=service.resources, reader=api.parts.reader, pipeline=service.pipeline, identifiers=identifiers
    )


async def put(api: Any, name: str) -> None:
    assert (await api.ask("POST", MAPS, {"metadata": {"name": name}})).status == 201


async def test_changes_name_what_is_looked_at_until_it_stops(api: Any) -> None:
    keeper = diary(api)
    await keeper.start()
    await put(api, "a")
    await settle()
    await api.ask("DELETE", f"{MAPS}/a")
    await settle()
    assert keeper.seen == ["all", "default/a", "default/a"]
    await keeper.stop()
    await put(api, "b")
    await settle()
    assert "default/b" not in keeper.seen


async def test_a_key_waits_once(api: Any) -> None:
    keeper = diary(api)
    await keeper.start()
    await settle()
    keeper.enqueue(["x", "y"])
    keeper.enqueue(["x"])
    await settle()
    assert keeper.seen == ["all", "x", "y"]
    await keeper.stop()


async def test_it_has_caught_up_when_nothing_waits(api: Any) -> None:
    keeper = diary(api)
    await keeper.start()
    await keeper.caught_up()
    assert keeper.seen == ["all"]
    keeper.enqueue(["x"])
    await keeper.caught_up()
    assert keeper.seen == ["all", "x"]
    await keeper.stop()
    await keeper.caught_up()


async def test_who_loses_a_race_leaves_it_to_the_event_of_the_winner(api: Any) -> None:
    keeper = diary(api)
    keeper.failures = [Conflict("faster")]
    await keeper.start()
    await asyncio.sleep(10 * RETRY_S)
    assert keeper.seen == ["all"]
    await keeper.stop()


async def test_other_failures_are_tried_again_ever_later(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    keeper = diary(api)
    keeper.failures = [ServiceUnavailable("not now"), ServiceUnavailable("not now")]
    await keeper.start()
    await settle()
    assert keeper.seen == ["all"]
    await asyncio.sleep(RETRY_S)
    assert keeper.seen == ["all", "all"]
    await asyncio.sleep(RETRY_S)
    assert keeper.seen == ["all", "all"]
    await asyncio.sleep(RETRY_S)
    assert keeper.seen == ["all", "all", "all"]
    assert "diary: all: not now; will be tried again in 2 s" in caplog.text
    await keeper.stop()


async def test_everything_is_looked_at_again_when_changes_may_be_missing(api: Any) -> None:
    keeper = diary(api)
    await keeper.start()
    await settle()
    await api.parts.service.cache.reload(api.parts.service.resources.of(CONFIG_MAPS).collection)
    await settle()
    assert keeper.seen == ["all", "all"]
    await keeper.stop()


async def test_what_should_not_happen_concerns_one_key_only(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    keeper = diary(api)
    keeper.failures = [ZeroDivisionError("a bug")]
    await keeper.start()
    keeper.enqueue(["other"])
    await settle()
    assert keeper.seen == ["all", "other"]
    assert "diary: all: unexpected; will be tried again in 1 s" in caplog.text
    assert "ZeroDivisionError: a bug" in caplog.text
    await asyncio.sleep(RETRY_S)
    assert keeper.seen == ["all", "other", "all"]
    await keeper.stop()
