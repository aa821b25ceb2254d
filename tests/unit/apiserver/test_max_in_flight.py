"""Beyond so many waiting requests the next is turned away, unless it is a watch or the administrator's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from steersman.apiserver.max_in_flight import is_long_running
from steersman.apiserver.requestinfo import parse_request
from steersman.lib.http.message import Response
from steersman.testing.in_process import InProcessClient, Reply, Stream

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
async def somebody(api: Any) -> InProcessClient:
    """A client that may do everything and is no member of system:masters."""
    binding = {
        "metadata": {"name": "somebody"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "somebody"}],
    }
    reply = await api.ask("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    assert reply.status == 201
    headers = [("authorization", "Bearer admin-token"), ("impersonate-user", "somebody")]
    return InProcessClient(api.parts.application.handle, headers=headers)


async def test_a_flood_of_reads_is_told_to_come_back(api: Any, somebody: InProcessClient) -> None:
    api.parts.service.metrics.reading.set(400)
    reply = await somebody.request("GET", MAPS)
    assert isinstance(reply, Reply)
    assert reply.status == 429
    assert reply.header("retry-after") == ["1"]
    assert reply.body == b"Too many requests, please try again later.\n"
    assert (await somebody.request("DELETE", f"{MAPS}/none")).status == 404, "writes have a limit of their own"
    api.parts.service.metrics.reading.set(399)
    assert (await somebody.request("GET", MAPS)).status == 200


async def test_a_flood_of_writes_is_told_to_come_back(api: Any, somebody: InProcessClient) -> None:
    api.parts.service.metrics.mutating.set(200)
    assert (await somebody.request("DELETE", f"{MAPS}/none")).status == 429
    assert (await somebody.request("GET", MAPS)).status == 200


async def test_watches_and_administrators_always_get_in(api: Any, somebody: InProcessClient) -> None:
    api.parts.service.metrics.reading.set(400)
    stream = await somebody.request("GET", MAPS, query={"watch": "true"})
    assert isinstance(stream, Stream)
    stream.close()
    assert (await api.ask("GET", MAPS)).status == 200


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", f"{MAPS}", False),
        ("GET", f"{MAPS}/m", False),
        ("GET", "/api/v1/namespaces/n/pods/p/log", True),
        ("POST", "/api/v1/namespaces/n/pods/p/exec", True),
        ("DELETE", "/api/v1/nodes/n/proxy/x", True),
        ("GET", "/api/v1/watch/pods", True),
        ("GET", "/healthz", False),
    ],
)
def test_what_may_last_is_known_by_its_path(method: str, path: str, expected: bool) -> None:
    assert is_long_running(parse_request(method, path)) is expected


@pytest.mark.parametrize(("resource", "path", "counted"), [("pods", "log", 0), ("serviceaccounts", "token", 1)])
async def test_what_may_last_is_not_counted(
    api: Any, monkeypatch: pytest.MonkeyPatch, resource: str, path: str, counted: int
) -> None:
    metrics, seen = api.parts.service.metrics, []

    async def connect(_call: Any, _service: Any) -> Response:
        await asyncio.sleep(0)
        seen.append(metrics.reading.value + metrics.mutating.value)
        return Response(200)

    monkeypatch.setitem(api.parts.application._connectors, ("", resource, path), connect)
    method = "GET" if path == "log" else "POST"
    assert (await api.ask(method, f"/api/v1/namespaces/default/{resource}/x/{path}")).status == 200
    assert seen == [counted]
