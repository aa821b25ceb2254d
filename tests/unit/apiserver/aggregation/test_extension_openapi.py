"""What extension servers say in OpenAPI is taken over, about their own group version only."""

from __future__ import annotations

from typing import Any

from steersman.apiserver.authn.user import User
from steersman.testing.in_process import InProcessClient

PATH = "apis/wardle.example.com/v1"


async def test_documents_of_version_2_are_cut_down_to_the_group_version(world: Any) -> None:
    openapi, registration = world.aggregation.openapi, world.register()
    assert openapi.specs() == []
    assert await openapi.look(registration)
    ((digest, spec),) = openapi.specs()
    assert digest
    assert set(spec.paths) == {f"/{PATH}/namespaces/{{namespace}}/flunders/{{name}}"}
    assert set(spec.definitions) == {"com.example.v1.Flunder"}
    assert world.server.asked("/openapi/v2")[0].user == "system:aggregator"


async def test_documents_of_version_3_are_where_the_server_says(world: Any) -> None:
    openapi, registration = world.aggregation.openapi, world.register()
    await openapi.look(registration)
    assert openapi.paths() == {PATH: f"/openapi/v3/{PATH}?hash=1"}
    client = InProcessClient(lambda request: openapi.serve(request, User("jane"), PATH))
    answer = await world.whole(await client.request("GET", f"/openapi/v3/{PATH}", query={"hash": "1"}))
    assert "com.example.v1.Flunder" in answer.json()["components"]["schemas"]
    assert (world.server.seen[-1].user, world.server.seen[-1].query) == ("jane", "hash=1")
    assert openapi.serve(None, User("jane"), "version") is None


async def test_a_server_without_version_3_is_known_to_have_version_2_only(world: Any) -> None:
    openapi, registration = world.aggregation.openapi, world.register()
    world.server.knows_openapi_v3 = False
    await openapi.look(registration)
    assert (openapi.paths(), list(openapi.in_version_2_only())) == ({}, [PATH])
    version = openapi.version
    world.server.knows_openapi_v3 = True
    await openapi.look(registration)
    assert (list(openapi.paths()), openapi.in_version_2_only(), openapi.version) == ([PATH], {}, version + 1)


async def test_other_versions_of_the_group_are_found_where_this_one_is(world: Any) -> None:
    """Such as one that is served but has no APIService."""
    openapi, registration = world.aggregation.openapi, world.register()
    world.server.further_paths = {"apis/wardle.example.com/v2": "/x", "apis/wardle.example.company/v1": "/y"}
    await openapi.look(registration)
    assert openapi.paths() == {PATH: f"/openapi/v3/{PATH}?hash=1", "apis/wardle.example.com/v2": "/x"}


async def test_what_has_not_changed_is_no_news(world: Any) -> None:
    openapi, registration = world.aggregation.openapi, world.register()
    await openapi.look(registration)
    version = openapi.version
    await openapi.look(registration)
    assert openapi.version == version
    world.server.definition = {"type": "object", "description": "Changed"}
    await openapi.look(registration)
    assert openapi.version == version + 1


async def test_what_was_said_last_is_kept_while_the_server_does_not_answer(world: Any) -> None:
    openapi, registration = world.aggregation.openapi, world.register()
    await openapi.look(registration)
    known = openapi.specs()
    world.server.broken = 500
    assert not await openapi.look(registration)
    assert not await openapi.look(world.register(available=False))
    assert openapi.specs() == known


async def test_a_document_that_could_not_be_passed_on_is_not_taken(world: Any) -> None:
    world.server.definition = {"type": "object", "properties": ["nonsense"]}
    assert not await world.aggregation.openapi.look(world.register())
    assert world.aggregation.openapi.specs() == []
