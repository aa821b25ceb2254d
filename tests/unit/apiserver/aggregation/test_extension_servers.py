"""Extension servers are found and believed as their APIServices say."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.errors import ServiceUnavailable
from steersman.apiserver.authn.user import User
from steersman.apiserver.outbound.failure import Failure
from steersman.lib.http.client.errors import TlsError

USER = User("jane", groups=("a", "b"))


async def ask(world: Any, registration: Any, path: str, **options: Any) -> Any:
    servers = world.aggregation.proxy._servers
    return await servers.get(servers.target(registration.backend), path, user=USER, timeout_s=5, **options)


async def test_the_server_sees_our_certificate_and_who_asks(world: Any) -> None:
    registration = world.register()
    answer = await ask(world, registration, registration.path, accept="application/json", etag='"x"')
    assert answer.status == 200
    (seen,) = world.server.seen
    assert (seen.user, seen.headers["x-remote-group"]) == ("jane", ["a", "b"])
    assert (seen.headers["accept"], seen.headers["if-none-match"]) == (["application/json"], ['"x"'])


async def test_a_server_of_another_authority_or_name_is_not_asked(world: Any) -> None:
    other = (world.keys.folder / "front-proxy-ca.crt").read_bytes()
    registration = world.register(caBundle=world.bundle(other))
    with pytest.raises(TlsError):
        await ask(world, registration, "/")
    world.service("other")
    with pytest.raises(TlsError):
        await ask(world, world.register(service="other"), "/")
    assert world.server.seen == []


async def test_one_that_needs_no_certificate_is_asked_whoever_it_is(world: Any) -> None:
    registration = world.register(insecureSkipTLSVerify=True)
    assert (await ask(world, registration, registration.path)).status == 200


async def test_a_bundle_without_certificate_is_told(world: Any) -> None:
    registration = world.register(caBundle=world.bundle(b"nothing"))
    with pytest.raises(Failure, match="unable to load root certificates: unable to parse bytes as PEM block"):
        world.aggregation.proxy._servers.target(registration.backend)


async def test_without_a_ready_endpoint_there_is_no_target(world: Any) -> None:
    world.endpoints(ready=False)
    with pytest.raises(ServiceUnavailable, match='no endpoints available for service "ext"'):
        world.aggregation.proxy._servers.target(world.register().backend)


async def test_connections_are_kept_until_the_certificate_is_renewed(world: Any) -> None:
    servers, backend = world.aggregation.proxy._servers, world.register().backend
    first = servers.target(backend)
    assert servers.target(backend).tls is first.tls
    world.aggregation.renewed()
    assert servers.target(backend).tls is not first.tls
