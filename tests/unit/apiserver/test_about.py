from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from steersman import KUBERNETES_VERSION

if TYPE_CHECKING:
    from tests.conftest import Api


async def test_the_version_is_kubernetes(api: Api) -> None:
    version = (await api.ask("GET", "/version")).json()
    assert version["gitVersion"] == KUBERNETES_VERSION
    assert version["major"] == "1"
    assert (await api.ask("POST", "/version")).status == 405


async def test_the_index_names_what_answers(api: Api) -> None:
    paths = (await api.ask("GET", "/")).json()["paths"]
    assert paths == sorted(paths)
    assert {"/api/v1", "/apis/apps/v1", "/metrics", "/openapi/v2", "/openapi/v3/", "/livez/ping", "/version"} <= set(
        paths
    )
    # These belong to a tree that is found through its index, or have no answer of their own.
    elsewhere = {"/apis/", "/openapi/v3/"}
    for path in set(paths) - elsewhere:
        assert (await api.ask("GET", path)).status in (200, 406), path


async def test_the_keys_of_tokens_are_published(api: Api) -> None:
    configuration = await api.ask("GET", "/.well-known/openid-configuration")
    assert configuration.header("cache-control") == ["public, max-age=3600"]
    keys = await api.ask("GET", "/openid/v1/jwks", headers={"accept": "application/jwk-set+json"})
    assert keys.content_type == "application/jwk-set+json"
    assert keys.json()["keys"]
    assert (await api.ask("GET", "/openid/v1/jwks", headers={"accept": "application/json"})).status == 406


@pytest.mark.parametrize("path", ["/debug/pprof/nosuch", "/debug/pprof/heap"])
async def test_there_are_no_profiles(api: Api, path: str) -> None:
    reply = await api.ask("GET", path)
    assert (reply.status, reply.body) == (404, b"Unknown profile\n")
