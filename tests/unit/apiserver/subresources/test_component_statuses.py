from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from steersman.apiserver.subresources.component_statuses import LocalHealthz

if TYPE_CHECKING:
    from tests.conftest import Api

ROOT = "/api/v1/componentstatuses"


async def test_every_component_is_listed_with_its_health(api: Api) -> None:
    reply = await api.ask("GET", ROOT)
    body = reply.json()
    assert body["kind"] == "ComponentStatusList"
    assert [item["metadata"] for item in body["items"]] == [
        {"name": "controller-manager"},
        {"name": "scheduler"},
        {"name": "etcd-0"},
    ]
    assert body["items"][2]["conditions"] == [{"type": "Healthy", "status": "True", "message": "ok"}]
    assert reply.header("warning") == ['299 - "v1 ComponentStatus is deprecated in v1.19+"']


async def test_one_can_be_read_and_others_do_not_exist(api: Api) -> None:
    assert (await api.ask("GET", f"{ROOT}/etcd-0")).json()["kind"] == "ComponentStatus"
    reply = await api.ask("GET", f"{ROOT}/nosuch")
    assert (reply.status, reply.json()["message"]) == (404, 'componentstatus "nosuch" not found')
    assert reply.json()["details"] == {"name": "nosuch", "kind": "componentstatus"}


@pytest.mark.parametrize(("query", "names"), [("fieldSelector", ["etcd-0"]), ("labelSelector", [])])
async def test_selectors_hold(api: Api, query: str, names: list[str]) -> None:
    reply = await api.ask("GET", ROOT, **{query: "metadata.name=etcd-0"})
    assert [item["metadata"]["name"] for item in reply.json()["items"]] == names


async def test_a_port_that_nobody_listens_on_is_said_as_upstream_says_it() -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    health = await LocalHealthz(port=port)()
    address = f"127.0.0.1:{port}"
    wanted = f'Get "https://{address}/healthz": dial tcp {address}: connect: connection refused'
    assert (health.healthy, health.message) == (False, wanted)
