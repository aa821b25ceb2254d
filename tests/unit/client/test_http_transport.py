"""What is special about HTTP: whom nobody took a request from, tokens that change. The rest: conformance/transport."""

from __future__ import annotations

import socket

import pytest

from steersman.client.errors import Interrupted, Unreachable
from steersman.client.http_transport import HttpTransport
from steersman.client.request import ApiRequest
from steersman.lib.clock import ManualClock
from steersman.lib.http.client.client import HttpClient
from steersman.lib.http.client.message import Target
from steersman.lib.http.message import Response
from steersman.lib.http.server import Server

GET = ApiRequest("GET", "/a", (("x", "1 2"),))


@pytest.fixture
async def http():
    made = HttpClient()
    yield made
    await made.close()


@pytest.fixture
async def serve(http):
    servers = []

    async def serving(handler, **options):
        server = Server(handler=handler, error=lambda code, text: Response(code, text.encode()), clock=ManualClock())
        servers.append(server)
        ((host, port),) = await server.start("127.0.0.1", 0)
        return HttpTransport(http=http, target=Target(host, port), user_agent="me", **options)

    yield serving
    for server in servers:
        await server.drain(0)


async def test_a_request_arrives_as_it_is(serve):
    seen = []

    def handler(request):
        seen.append((request.method, request.path, request.params, request.body, dict(request.headers.items())))
        return Response(200, b'{"ok":true}', "application/json")

    transport = await serve(handler, token="t")
    assert await transport.exchange(GET, timeout_s=5) == {"ok": True}
    await transport.exchange(
        ApiRequest("PATCH", "/b", body=b"[]", content_type="application/json-patch+json"), timeout_s=5
    )
    method, path, params, _, headers = seen[0]
    assert (method, path, params) == ("GET", "/a", {"x": ["1 2"]})
    assert headers["accept"] == "application/json"
    assert (headers["user-agent"], headers["authorization"]) == ("me", "Bearer t")
    assert "content-type" not in headers
    assert (seen[1][3], seen[1][4]["content-type"]) == (b"[]", "application/json-patch+json")


async def test_a_token_is_asked_for_every_time(serve):
    tokens, seen = iter(("one", "two")), []

    def handler(request):
        seen.append(request.headers.get("authorization"))
        return Response(204)

    transport = await serve(handler, token=lambda: next(tokens))
    for _ in range(2):
        assert await transport.exchange(GET, timeout_s=5) is None
    assert seen == ["Bearer one", "Bearer two"]


async def test_where_nobody_listens_nobody_took_it(http):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        transport = HttpTransport(http=http, target=Target(*taken.getsockname()), user_agent="me")
        with pytest.raises(Unreachable):
            await transport.exchange(GET, timeout_s=5)
        with pytest.raises(Unreachable):
            await transport.watch(GET, timeout_s=5)


async def test_who_says_nonsense_has_not_answered(serve):
    transport = await serve(lambda _: Response(200, b"<html>", "text/html"))
    with pytest.raises(Interrupted, match="GET /a: the answer is no JSON"):
        await transport.exchange(GET, timeout_s=5)
