"""TLS: client certificates, rotation, and what is no handshake."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from steersman.lib.http.message import Request, Response, StreamResponse, UpgradeResponse
from steersman.lib.http.tls import server_context

if TYPE_CHECKING:
    from steersman.lib.http.stream import RawStream

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: silence\r\n\r\n"


def whoami(request: Request) -> Response:
    der = request.peer.certificate_der
    name = "nobody" if der is None else x509.load_der_x509_certificate(der).subject.rfc4514_string()
    return Response(200, name.encode())


def server_side(pki, name: str = "old") -> ssl.SSLContext:
    return server_context(certificate=pki.certificate(name), key=pki.key(name), client_ca=pki.certificate("authority"))


def client_side(pki, user: str | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    if user is not None:
        context.load_cert_chain(pki.certificate(user), pki.key(user))
    return context


@pytest.mark.parametrize(("user", "name"), [(None, b"nobody"), ("alice", b"CN=alice")])
async def test_a_client_certificate_is_optional(serve, pki, user, name) -> None:
    client = await (await serve(whoami, tls=server_side(pki))).connect(client_side(pki, user))
    for _ in range(2):
        client.send(GET)
        assert (await client.answer()).body == name
    assert client.writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"


async def test_a_certificate_of_a_stranger_fails_the_handshake_quietly(serve, pki, caplog) -> None:
    site = await serve(whoami, tls=server_side(pki))
    with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):  # noqa: PT012  # TLS 1.3 tells late
        client = await site.connect(client_side(pki, "mallory"))
        client.send(GET)
        await client.answer()
    assert site.server.counters.handshake_errors == 1
    assert caplog.records == []


@pytest.mark.parametrize("data", [GET, b"\x16\x03\x01\x00\x05hello", b"", b"\x00" * 100])
async def test_what_is_no_handshake_is_closed_quietly(serve, pki, caplog, data: bytes) -> None:
    site = await serve(whoami, tls=server_side(pki))
    client = await site.connect()
    client.send(data)
    client.writer.write_eof()
    await client.reader.read()
    assert caplog.records == []
    assert site.server.counters.accepted == 1
    assert site.server.counters.connections == 0


async def test_older_versions_of_tls_are_not_spoken(serve, pki) -> None:
    site = await serve(whoami, tls=server_side(pki))
    old = client_side(pki)
    with pytest.warns(DeprecationWarning, match="TLSv1"):  # noqa: PT031  # one for each of the two
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await site.connect(old)


async def test_tls_1_2_is_spoken(serve, pki) -> None:
    context = client_side(pki)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    client = await (await serve(whoami, tls=server_side(pki))).connect(context)
    client.send(GET)
    assert (await client.answer()).status == 200


def shown(client) -> bytes:
    return client.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)


def der(pki, name: str) -> bytes:
    certificate = x509.load_pem_x509_certificate(pki.certificate(name).read_bytes())
    return certificate.public_bytes(serialization.Encoding.DER)


async def test_a_rotated_certificate_is_shown_to_those_who_come_later(serve, pki) -> None:
    site = await serve(whoami, tls=server_side(pki, "old"))
    before = await site.connect(client_side(pki))
    site.server.replace_tls(server_side(pki, "new"))
    after = await site.connect(client_side(pki))
    assert (shown(before), shown(after)) == (der(pki, "old"), der(pki, "new"))
    for client in (before, after):
        client.send(GET)
        assert (await client.answer()).status == 200


async def test_a_server_without_tls_cannot_rotate(serve, pki) -> None:
    site = await serve(whoami)
    with pytest.raises(RuntimeError):
        site.server.replace_tls(server_side(pki))


async def test_large_answers_and_streams_cross_tls(serve, pki) -> None:
    body = bytes(range(256)) * 20_000

    async def run(stream) -> None:
        for start in range(0, len(body), 100_000):
            stream.write(body[start : start + 100_000])
            if stream.paused:
                await stream.drain()

    pieces = [body[start : start + 100_000] for start in range(0, len(body), 100_000)]
    answers = {"/whole": Response(200, body), "/pieces": Response(200, pieces), "/stream": StreamResponse(200, run)}
    client = await (await serve(lambda r: answers[r.path], tls=server_side(pki))).connect(client_side(pki))
    for path in answers:
        client.send(GET.replace(b"/ ", path.encode() + b" ", 1))
        assert (await client.answer()).body == body


async def test_a_refusal_reaches_a_tls_peer_that_goes_on_sending(serve, pki) -> None:
    client = await (await serve(tls=server_side(pki), body_bytes_max=10)).connect(client_side(pki))
    client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2_000_000)
    assert (await client.answer()).status == 413


async def test_a_stream_sees_a_tls_peer_leave(serve, pki) -> None:
    closed = asyncio.Event()

    async def run(stream) -> None:
        stream.on_close(closed.set)
        await asyncio.Event().wait()

    client = await (await serve(lambda _: StreamResponse(200, run), tls=server_side(pki))).connect(client_side(pki))
    client.send(GET)
    await client.head()
    await client.close()
    async with asyncio.timeout(5):
        await closed.wait()


async def test_a_tls_port_survives_a_port_scan(serve, pki, caplog) -> None:
    site = await serve(whoami, tls=server_side(pki))
    for _ in range(20):
        socket.create_connection(("127.0.0.1", site.port)).close()
    client = await site.connect(client_side(pki))
    client.send(GET)
    assert (await client.answer()).status == 200
    assert caplog.records == []


async def test_a_peer_that_does_not_look_does_not_hold_up_the_end(serve, pki) -> None:
    """Over TLS both sides have to say that they close, and an idle client may look again only for its next request."""
    site = await serve(whoami, tls=server_side(pki))

    def ask() -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", site.port), timeout=5)
        connection = client_side(pki).wrap_socket(plain, server_hostname="localhost")
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        return connection

    with await asyncio.to_thread(ask) as idle:
        begun = site.server.loop.time()
        await site.server.drain(5)
        assert site.server.loop.time() - begun < 1
        assert await asyncio.to_thread(idle.recv, 65536) == b"", "it finds an orderly end"


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # whose TLS transports, unlike uvloop's, mind a second close
async def test_an_upgraded_connection_that_closed_itself_can_be_drained(serve, pki) -> None:
    async def run(stream: RawStream) -> None:
        stream.close()
        stream.close()

    site = await serve(lambda _: UpgradeResponse(run), tls=server_side(pki))
    client = await site.connect(client_side(pki))
    client.send(UPGRADE)
    assert (await client.head()).status == 101
    client.writer.transport.pause_reading()  # the end stays unread, and without consent
    await site.server.drain(0)
    assert site.server.counters.connections == 0
