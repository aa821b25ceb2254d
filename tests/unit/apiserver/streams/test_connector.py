"""Which way a request for a stream takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from steersman.api.errors import NotFound
from steersman.apiserver.streams.connector import SPEAKS_WEBSOCKETS

if TYPE_CHECKING:
    from steersman.lib.http.client.message import Target
    from steersman.lib.http.message import RawStream

    from .conftest import Site

POD = "/api/v1/namespaces/default/pods/p"
SPDY = (("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "v4.channel.k8s.io"))
TUNNEL = "SPDY/3.1+portforward.k8s.io"
ROUTED = "apiserver_websocket_streaming_requests_total"


async def _echo(stream: RawStream) -> None:
    stream.write(b"hi")
    while data := await stream.read():
        stream.write(data)


async def test_what_is_no_upgrade_is_refused(site: Site) -> None:
    client = await site.client()
    await client.ask("POST", f"{POD}/exec")
    why = b"Upgrade request required"
    assert client.status == 400
    assert await client.read(len(why)) == why
    assert site.kubelet.requests == []


@pytest.mark.parametrize("subresource", ["exec", "attach", "portforward"])
async def test_spdy_is_passed_on_as_it_is(site: Site, subresource: str) -> None:
    site.kubelet.raw = _echo
    client = await site.client()
    await client.ask("POST", f"{POD}/{subresource}?x=y", *SPDY, ("Authorization", "Bearer secret"))
    assert (client.status, client.headers["upgrade"]) == (101, "SPDY/3.1")
    assert client.headers["x-stream-protocol-version"] == "v4.channel.k8s.io"
    client.write(b"raw bytes")
    assert await client.read(11) == b"hiraw bytes"
    [asked] = site.kubelet.requests
    assert asked.method == "POST"
    assert asked.headers.get_all("x-stream-protocol-version") == ["v4.channel.k8s.io"]
    assert asked.headers.get("host") == "api.test"
    assert "authorization" not in asked.headers
    assert site.counted(ROUTED) == [f'{{subresource="{subresource}",proxy_type="translated_at_apiserver"}} 1']


@pytest.mark.parametrize(
    ("subresource", "protocol", "features"),
    [
        ("exec", "v4.channel.k8s.io", []),
        ("attach", "base64.channel.k8s.io", []),
        ("portforward", "v4.channel.k8s.io", []),
        ("exec", TUNNEL, []),
        ("exec", "v5.channel.k8s.io", [SPEAKS_WEBSOCKETS]),
        ("portforward", TUNNEL, ["Other", SPEAKS_WEBSOCKETS]),
    ],
)
async def test_what_the_kubelet_understands_is_passed_on(
    site: Site, subresource: str, protocol: str, features: list[str]
) -> None:
    site.kubelet.raw = _echo
    site.kubelet.headers = (("Upgrade", "websocket"), ("Sec-WebSocket-Protocol", protocol))
    site.features = features
    client = await site.client()
    await client.upgrade(f"{POD}/{subresource}", protocol)
    assert (client.status, client.headers["sec-websocket-protocol"]) == (101, protocol)
    [asked] = site.kubelet.requests
    assert asked.headers.get("sec-websocket-protocol") == protocol
    assert asked.headers.get("sec-websocket-key")
    assert await client.read(2) == b"hi"


async def test_a_node_that_is_not_there_is_missed_in_the_name_of_the_request(site: Site) -> None:
    def target(name: str) -> Target:
        raise NotFound.of("", "nodes", name)

    site.target = target  # type: ignore[method-assign]
    client = await site.client()
    await client.ask("POST", f"{POD}/exec", *SPDY)
    why = b'pods "n" not found'
    assert client.status == 404
    assert await client.read(len(why)) == why


async def test_a_handshake_that_is_none_is_refused(site: Site) -> None:
    client = await site.client()
    await client.ask(
        "GET",
        f"{POD}/exec",
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Protocol", "v5.channel.k8s.io"),
    )
    assert (client.status, client.headers["sec-websocket-version"]) == (400, "13")
    assert site.kubelet.requests == []
    assert site.counted("apiserver_stream_translator_requests_total") == ['{code="400"} 1']
