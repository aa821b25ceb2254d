"""The extension server of the tests lets front proxies in, and nobody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from steersman.lib.http.client.client import HttpClient
from steersman.lib.http.client.message import Target
from steersman.lib.http.client.tls import client_context
from steersman.testing.extension_server import ExtensionServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from steersman.cluster.pki import PKI


@pytest.fixture
async def extension(pki: PKI, tmp_path: Path) -> AsyncIterator[ExtensionServer]:
    files = {"certificate": pki.certificate("apiserver"), "key": pki.key("apiserver")}
    async with ExtensionServer(**files, client_ca=pki.certificate("front-proxy-ca")) as server:
        yield server


async def ask(pki: PKI, server: ExtensionServer, path: str, *, certificate: bool = True, **options: Any) -> Any:
    shown = (pki.certificate("front-proxy-client"), pki.key("front-proxy-client")) if certificate else (None, None)
    tls = client_context(certificate=shown[0], key=shown[1], verify=False)
    client = HttpClient()
    target = Target(server.host, server.port, tls)
    answer = await client.request(target, options.pop("method", "GET"), path, timeout_s=5, **options)
    await client.close()
    return answer


async def test_without_the_front_proxy_s_certificate_nothing_is_told(pki: PKI, extension: ExtensionServer) -> None:
    assert (await ask(pki, extension, extension.path, certificate=False)).status == 401
    assert (await ask(pki, extension, extension.path)).status == 200


async def test_flunders_are_kept(pki: PKI, extension: ExtensionServer) -> None:
    path = f"{extension.path}/namespaces/default/flunders"
    body = json.dumps({"metadata": {"name": "a"}}).encode()
    assert (await ask(pki, extension, path, method="POST", body=body)).status == 201
    listed = json.loads((await ask(pki, extension, path)).body)
    assert [item["metadata"]["name"] for item in listed["items"]] == ["a"]
    assert (await ask(pki, extension, f"{path}/a", method="DELETE")).status == 200
    assert (await ask(pki, extension, f"{path}/a")).status == 404


async def test_discovery_has_both_forms_unless_told_otherwise(pki: PKI, extension: ExtensionServer) -> None:
    found = await ask(pki, extension, "/apis")
    again = await ask(pki, extension, "/apis", headers=(("If-None-Match", found.headers.get("etag")),))
    assert (found.status, again.status) == (200, 304)
    extension.knows_aggregated = False
    assert (await ask(pki, extension, "/apis")).status == 406


async def test_what_was_asked_is_remembered_and_a_broken_server_is_broken(pki: PKI, extension: ExtensionServer) -> None:
    extension.broken = 503
    assert (await ask(pki, extension, "/x?a=b", headers=(("X-Remote-User", "jane"),))).status == 503
    (seen,) = extension.asked("/x")
    assert (seen.method, seen.query, seen.user) == ("GET", "a=b", "jane")
