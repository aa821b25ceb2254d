"""What the server says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from steersman import KUBERNETES_VERSION

pytestmark = pytest.mark.virtual_time


async def test_the_version_is_indented_for_everybody(api: Any) -> None:
    reply = await api.ask("GET", "/version")
    assert reply.json()["gitVersion"] == KUBERNETES_VERSION
    assert b'\n  "minor": "37"' in reply.body


async def test_the_index_lists_paths_that_answer(api: Any) -> None:
    paths = (await api.ask("GET", "/")).json()["paths"]
    assert paths == sorted(set(paths))
    assert {"/version", "/api/v1", "/apis/apps/v1", "/healthz/ping", "/openapi/v2"} <= set(paths)
    for path in paths:
        if not path.startswith("/openapi"):
            assert (await api.ask("GET", path)).status == 200, path


async def test_others_can_verify_our_tokens(api: Any) -> None:
    configuration = (await api.ask("GET", "/.well-known/openid-configuration")).json()
    keys = await api.ask("GET", "/openid/v1/jwks")
    assert configuration["jwks_uri"].endswith("/openid/v1/jwks")
    assert keys.content_type == "application/jwk-set+json"
    assert all("d" not in key for key in keys.json()["keys"]), "a private key"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST"])
async def test_the_version_is_for_reading(api: Any, method: str) -> None:
    assert (await api.ask(method, "/version")).status == 405
