"""What extension servers say in OpenAPI stands in our documents, in every form in which they are asked for."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.apiserver.authn.user import User
from steersman.apiserver.documents import Documents
from steersman.apiserver.openapi.descriptions import Descriptions
from steersman.apiserver.openapi.service import OpenAPI
from steersman.lib.clock import ManualClock
from steersman.testing.in_process import InProcessClient

PATH = "apis/wardle.example.com/v1"
PROTOBUF = "application/com.github.proto-openapi.spec.v{}@v1.0+protobuf"


@pytest.fixture
def client(world: Any) -> InProcessClient:
    documents = Documents()
    openapi = OpenAPI(
        resources=world.resources,
        descriptions=Descriptions(None),
        clock=ManualClock(),
        extensions=world.aggregation.openapi,
    )
    openapi.register(documents)
    return InProcessClient(lambda request: documents.serve(request, User("jane")))


async def paths(client: Any) -> dict[str, str]:
    index = (await client.request("GET", "/openapi/v3")).json()["paths"]
    return {path: entry["serverRelativeURL"] for path, entry in index.items()}


async def test_documents_of_version_3_are_passed_on(world: Any, client: Any) -> None:
    assert PATH not in await paths(client)
    await world.aggregation.openapi.look(world.register())
    assert (await paths(client))[PATH] == f"/openapi/v3/{PATH}?hash=1"
    assert "api/v1" in await paths(client)
    found = await world.whole(await client.request("GET", f"/openapi/v3/{PATH}"))
    assert "com.example.v1.Flunder" in found.json()["components"]["schemas"]
    assert world.server.seen[-1].user == "jane"


async def test_documents_of_version_2_are_merged(world: Any, client: Any) -> None:
    before = await client.request("GET", "/openapi/v2")
    await world.aggregation.openapi.look(world.register())
    after = await client.request("GET", "/openapi/v2")
    assert after.header("etag") != before.header("etag")
    document = after.json()
    assert {"com.example.v1.Flunder", "io.k8s.api.core.v1.Service"} <= set(document["definitions"])
    assert "/apis/apps/v1/elsewhere" not in document["paths"]
    binary = await client.request("GET", "/openapi/v2", headers=[("accept", PROTOBUF.format(2))])
    assert b"com.example.v1.Flunder" in binary.body


async def test_a_server_without_version_3_is_described_all_the_same(world: Any, client: Any) -> None:
    world.server.knows_openapi_v3 = False
    await world.aggregation.openapi.look(world.register())
    place, _, fingerprint = (await paths(client))[PATH].partition("?hash=")
    found = await client.request("GET", place)
    assert found.header("etag") == [f'"{fingerprint}"']
    document = found.json()
    assert document["info"] == {"title": "extension", "version": "1"}
    assert document["components"]["schemas"]["com.example.v1.Flunder"]["description"] == "A flunder"
    assert set(document["paths"]) == {f"/{PATH}/namespaces/{{namespace}}/flunders/{{name}}"}
    binary = await client.request("GET", place, headers=[("accept", PROTOBUF.format(3))])
    assert b"com.example.v1.Flunder" in binary.body
    world.server.definition = {"type": "object", "description": "Another"}
    await world.aggregation.openapi.look(world.register())
    assert (await paths(client))[PATH] != f"{place}?hash={fingerprint}"
