"""portforward: SPDY inside of a WebSocket client's messages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from steersman.apiserver.streams.tunnel import tunnelled
from steersman.lib.http.client.message import Target
from steersman.lib.http.message import Response

if TYPE_CHECKING:
    from steersman.lib.http.message import RawStream

    from .conftest import Client, Site

PATH = "/api/v1/namespaces/default/pods/p/portforward"
TUNNEL = "SPDY/3.1+portforward.k8s.io"


async def _echo(stream: RawStream) -> None:
    while data := await stream.read():
        stream.write(data)
        await stream.drain()


async def _open(site: Site, *headers: tuple[str, str]) -> Client:
    site.kubelet.protocol = "portforward.k8s.io"
    site.options = {"ports": [80, 443]}
    client = await site.client()
    await client.upgrade(PATH, f"other, {TUNNEL}", *headers)
    return client


def test_protocols_that_can_be_tunnelled() -> None:
    offers = ["v4.channel.k8s.io", TUNNEL, "SPDY/3.1+x", "SPDY/3.1+v2.portforward.k8s.io"]
    assert tunnelled(offers) == ["portforward.k8s.io", "v2.portforward.k8s.io"]


async def test_bytes_are_copied_both_ways(site: Site) -> None:
    site.kubelet.raw = _echo
    client = await _open(site, ("Authorization", "Bearer secret"), ("X-Stream-Protocol-Version", "mine"))
    assert (client.status, client.headers["sec-websocket-protocol"]) == (101, TUNNEL)
    sent = [b"ping", bytes(100_000), b"pong"]
    for data in sent:
        client.send(data)
    received = b""
    while len(received) < sum(map(len, sent)):
        received += await client.receive() or b""
    assert received == b"".join(sent)
    [asked] = site.kubelet.requests
    assert (asked.method, asked.raw_path, asked.query) == ("POST", "/portForward/default/p", "port=80%2C443")
    assert asked.headers.get("upgrade") == "SPDY/3.1"
    assert asked.headers.get_all("x-stream-protocol-version") == ["portforward.k8s.io"]
    assert asked.headers.get("x-forwarded-for") == "127.0.0.1"
    assert "authorization" not in asked.headers
    assert not [name for name in asked.headers if name.startswith("sec-websocket-") and name[14:] != "extensions"]
    assert site.counted("apiserver_stream_tunnel_requests_total") == ['{code="101"} 1']


async def test_when_the_kubelet_ends_the_client_is_told(site: Site) -> None:
    async def raw(stream: RawStream) -> None:
        stream.write(b"bye")

    site.kubelet.raw = raw
    client = await _open(site)
    assert b"".join(await client.all()) == b"bye"
    assert client.close_code == 1000


@pytest.mark.parametrize("how", ["close", "text"])
async def test_when_the_client_goes_the_kubelet_is_left(site: Site, how: str) -> None:
    site.kubelet.raw = _echo
    client = await _open(site)
    client.send(b"x")
    assert await client.receive() == b"x"
    client.close() if how == "close" else client.send(b"no text", text=True)
    async with asyncio.timeout(10):
        await site.kubelet.ended.wait()


async def test_a_protocol_that_was_not_offered_is_not_chosen(site: Site) -> None:
    site.kubelet.raw = _echo
    site.options = {}
    client = await site.client()
    await client.upgrade(PATH, TUNNEL)
    assert client.status == 101
    assert "sec-websocket-protocol" not in client.headers


async def test_a_refusal_reaches_the_client_as_it_is(site: Site) -> None:
    site.kubelet.refusal = Response(403, b"not you", "text/plain", headers=(("X-Why", "because"),))
    client = await _open(site)
    assert (client.status, client.headers["x-why"]) == (403, "because")
    assert await client.rest() == b"not you"
    assert site.counted("apiserver_stream_tunnel_requests_total") == ['{code="403"} 1']


async def test_what_is_neither_an_upgrade_nor_a_refusal_is_an_error(site: Site) -> None:
    site.kubelet.refusal = Response(200, b"hello")
    client = await _open(site)
    why = b"invalid upgrade response: status code 200"
    assert client.status == 500
    assert await client.read(len(why)) == why


async def test_another_upgrade_than_the_wanted_is_an_error(site: Site) -> None:
    site.kubelet.raw = _echo
    site.kubelet.headers = (("Upgrade", "h2c"),)
    client = await _open(site)
    assert client.status == 500


async def test_a_kubelet_that_is_not_there_is_an_error(site: Site) -> None:
    listening = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    site.kubelet.target = Target("127.0.0.1", port)
    client = await _open(site)
    why = f"error dialing backend: dial tcp 127.0.0.1:{port}: connect: connection refused".encode()
    assert client.status == 500
    assert await client.read(len(why)) == why


async def test_a_handshake_that_is_none_leaves_the_kubelet(site: Site) -> None:
    site.kubelet.raw = _echo
    client = await site.client()
    await client.ask(
        "GET", PATH, ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Protocol", TUNNEL)
    )
    assert (client.status, client.headers["sec-websocket-version"]) == (400, "13")
    async with asyncio.timeout(10):
        await site.kubelet.ended.wait()
