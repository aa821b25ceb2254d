from __future__ import annotations

import json
from typing import TYPE_CHECKING

from steersman.apiserver.openapi.descriptions import Descriptions, installed
from steersman.lib.aio import Pacer

if TYPE_CHECKING:
    from pathlib import Path

    from steersman.api.meta.types import Object


async def test_definitions_and_their_properties_are_described(tmp_path: Path) -> None:
    source = tmp_path / "_definitions.json"
    prose = {"description": "a thing", "properties": {"p": {"description": "a part"}, "gone": {"description": "x"}}}
    source.write_text(json.dumps({"$defs": {"a.Thing": prose}}))
    descriptions = Descriptions(source, "1")
    await descriptions.prepare(Pacer())
    schema: Object = {"properties": {"p": {"type": "string"}, "q": {"type": "string"}}}
    descriptions.describe("a.Thing", schema)
    assert schema == {
        "description": "a thing",
        "properties": {"p": {"type": "string", "description": "a part"}, "q": {"type": "string"}},
    }


async def test_without_the_package_nothing_is_described() -> None:
    descriptions = Descriptions(None, "ignored")
    await descriptions.prepare(Pacer())
    schema: Object = {"properties": {"p": {}}}
    descriptions.describe("a.Thing", schema)
    assert (schema, descriptions.identity) == ({"properties": {"p": {}}}, "")


def test_what_is_installed_names_its_version() -> None:
    identity = installed().identity
    assert identity == "" or identity.rpartition("/")[2].startswith("v1.")
