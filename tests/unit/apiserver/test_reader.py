"""Reading the cache inside the server."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.secret import SECRETS

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"


async def test_what_was_written_is_there_when_the_writer_is_told(api: Any) -> None:
    reader = api.parts.reader
    assert reader.get(CONFIG_MAPS, "default", "a") is None
    made = (await api.ask("POST", MAPS, {"metadata": {"name": "a"}})).json()
    assert reader.exists(CONFIG_MAPS, "default", "a")
    assert reader.get(CONFIG_MAPS, "default", "a") == made
    assert [obj["metadata"]["name"] for obj in reader.list(CONFIG_MAPS, "default")] == ["a"]
    assert reader.list(CONFIG_MAPS, "elsewhere") == []


async def test_an_object_is_decoded_once_for_all_readers(api: Any) -> None:
    await api.ask("POST", MAPS, {"metadata": {"name": "a"}})
    reader = api.parts.reader
    assert reader.get(CONFIG_MAPS, "default", "a") is reader.list(CONFIG_MAPS)[0]


async def test_the_version_of_a_resource_rises_with_its_objects_only(api: Any) -> None:
    reader = api.parts.reader
    maps, secrets = reader.version(CONFIG_MAPS), reader.version(SECRETS)
    await api.ask("POST", MAPS, {"metadata": {"name": "a"}})
    assert reader.version(CONFIG_MAPS) > maps
    assert reader.version(SECRETS) == secrets
