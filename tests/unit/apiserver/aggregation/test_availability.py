"""Whether an extension server answers, in upstream's words."""

from __future__ import annotations

import socket
from typing import Any

from steersman.apiserver.aggregation.availability import ATTEMPTS


async def problem(world: Any, **spec: Any) -> str:
    found: str = await world.aggregation.check.problem(world.register(**spec))
    return found


async def test_a_server_that_answers_has_no_problem(world: Any) -> None:
    assert await problem(world) == ""
    seen = world.server.seen
    assert 1 <= len(seen) <= ATTEMPTS
    assert {each.path for each in seen} == {"/apis/wardle.example.com/v1"}
    assert (seen[0].user, seen[0].headers["x-remote-group"]) == ("system:kube-aggregator", ["system:masters"])


async def test_an_answer_that_is_an_error_is_told(world: Any) -> None:
    world.server.broken = 500
    url = f"https://127.0.0.1:{world.server.port}/apis/wardle.example.com/v1"
    assert await problem(world) == f"failing or missing response from {url}: bad status from {url}: 500"
    assert len(world.server.seen) == ATTEMPTS


async def test_a_server_that_is_not_there_is_told(world: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        world.endpoints(port=port)
        url = f"https://127.0.0.1:{port}/apis/wardle.example.com/v1"
        expected = f'Get "{url}": dial tcp 127.0.0.1:{port}: connect: connection refused'
        assert await problem(world) == f"failing or missing response from {url}: {expected}"


async def test_a_server_that_is_not_believed_is_told(world: Any) -> None:
    other = world.bundle((world.keys.folder / "front-proxy-ca.crt").read_bytes())
    assert "certificate signed by unknown authority" in await problem(world, caBundle=other)


async def test_a_service_without_endpoints_is_told_without_an_address(world: Any) -> None:
    world.endpoints(ready=False)
    assert await problem(world) == 'no endpoints available for service "ext"'
