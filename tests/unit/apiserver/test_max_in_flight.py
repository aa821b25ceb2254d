"""Beyond so many waiting requests the next is turned away, unless it is a watch or the administrator's."""

from __future__ import annotations

from typing import Any

import pytest

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
