"""How connections come about, and why they do not."""

from __future__ import annotations

import asyncio
import socket
import ssl

import pytest

from steersman.lib.http.client.errors import ConnectError, PeerClosed, TlsError
from steersman.lib.http.client.message import Target
from steersman.lib.http.client.tls import client_context
from steersman.lib.http.message import Request, Response


def echo(request: Request) -> Response:
    return Response(200, request.headers.get("host").encode())


def unused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def test_names_are_resolved(serve, client) -> None:
    site = await serve(echo)
    response = await client.request(Target("localhost", site.target.port), "GET", "/", timeout_s=5)
    assert response.body == b"localhost:%d" % site.target.port


async def test_ipv6_addresses_are_dialled_as_they_are(client) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        host = next(line for line in head.split(b"\r\n") if line.startswith(b"Host: "))
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(host), host))
        writer.close()

    try:
        server = await asyncio.start_server(answer, "::1", 0)
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    async with server:
        port = server.sockets[0].getsockname()[1]
        response = await client.request(Target("::1", port), "GET", "/", timeout_s=5)
    assert response.body == b"Host: [::1]:%d" % port


async def test_a_path_is_a_unix_socket(client, tmp_path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    path = str(tmp_path / "s")
    async with await asyncio.start_unix_server(answer, path):
        assert (await client.request(Target(path), "GET", "/", timeout_s=5)).body == b"ok"
    with pytest.raises(ConnectError, match="No such file") as raised:
        await client.request(Target(f"{path}-no"), "GET", "/", timeout_s=5)
    assert raised.value.address == f"{path}-no"


async def test_nobody_listens(client) -> None:
    port = unused_port()
    with pytest.raises(ConnectError, match=f"cannot connect to 127.0.0.1:{port}: Connection refused") as raised:
        await client.request(Target("127.0.0.1", port), "GET", "/", timeout_s=5)
    assert raised.value.address == f"127.0.0.1:{port}"
    assert isinstance(raised.value.error, ConnectionRefusedError)


async def test_there_is_no_such_name(client) -> None:
    with pytest.raises(ConnectError, match=r"cannot resolve 'nothing\.invalid'") as raised:
        await client.request(Target("nothing.invalid", 80), "GET", "/", timeout_s=10)
    assert isinstance(raised.value.error, socket.gaierror)
    with pytest.raises(ConnectError, match="cannot resolve"):
        await client.request(Target("a" * 70, 80), "GET", "/", timeout_s=10)


async def test_nobody_answers_in_time(make_client) -> None:
    client = make_client(connect_s=0)
    with pytest.raises(ConnectError, match="i/o timeout") as raised:
        await client.request(Target("127.0.0.1", unused_port()), "GET", "/", timeout_s=5)
    assert raised.value.error is None


# TLS


@pytest.mark.parametrize("server_name", ["", "server.test"])
async def test_a_server_is_known_by_its_address_or_by_another_name(serve, client, certificates, server_name) -> None:
    site = await serve(echo, tls=certificates.server_side())
    tls = client_context(authorities_pem=certificates.authority)
    target = Target("127.0.0.1", site.target.port, tls, server_name)
    for _ in range(2):
        assert (await client.request(target, "GET", "/", timeout_s=5)).status == 200
    assert site.server.counters.accepted == 1


@pytest.mark.parametrize(
    ("server", "authority", "server_name", "text"),
    [
        ("server", "stranger", "", "self-signed certificate in certificate chain"),
        ("server", "authority", "other.test", "Hostname mismatch"),
        ("server", "authority", "10.0.0.1", "IP address mismatch"),
        ("expired", "authority", "", "certificate has expired"),
        ("stranger", "authority", "", "self-signed certificate"),
    ],
)
async def test_who_is_not_who_they_should_be_is_not_spoken_to(
    serve, client, certificates, soon, server, authority, server_name, text
) -> None:
    site = await serve(echo, tls=certificates.server_side(server))
    tls = client_context(authorities_pem=(certificates.folder / f"{authority}.crt").read_text())
    with pytest.raises(TlsError, match=text) as raised:
        await client.request(Target("127.0.0.1", site.target.port, tls, server_name), "GET", "/", timeout_s=5)
    assert raised.value.server_name == (server_name or "127.0.0.1")
    await soon(lambda: site.server.counters.connections == 0)
    assert site.server.counters.requests == 0


async def test_a_certificate_that_is_refused_is_an_error_of_tls(client, certificates) -> None:
    """In TLS 1.3 it is refused after the client's handshake. Loops do not send the alert, so this server has none."""

    def refuse(listener: socket.socket) -> None:
        accepted, _ = listener.accept()
        context = certificates.server_side()
        with context.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False) as secured:
            with pytest.raises(ssl.SSLError):
                secured.do_handshake()
            socket.socket.shutdown(secured, socket.SHUT_WR)
            while socket.socket.recv(secured, 4096):  # closing with something unread would cut the alert off
                pass

    tls = client_context(authorities_pem=certificates.authority, **certificates.paths("stranger"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        refused = asyncio.get_running_loop().run_in_executor(None, refuse, listener)
        with pytest.raises(TlsError, match=r"(?i)alert unknown ca") as raised:
            await client.request(Target("127.0.0.1", listener.getsockname()[1], tls), "GET", "/", timeout_s=5)
        await refused
    assert isinstance(raised.value.error, ssl.SSLError)


async def test_who_does_not_speak_tls_is_told_apart(serve, client, certificates) -> None:
    site = await serve(echo)
    tls = client_context(authorities_pem=certificates.authority)
    with pytest.raises(TlsError, match=r"WRONG_VERSION_NUMBER|RECORD_LAYER|wrong version"):
        await client.request(Target("127.0.0.1", site.target.port, tls), "GET", "/", timeout_s=5)


async def test_who_closes_in_the_handshake_has_gone(client, certificates) -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    server = await asyncio.start_server(leave, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(PeerClosed, match="closed the connection in its TLS handshake"):
            await client.request(Target("127.0.0.1", port, certificates.client_side()), "GET", "/", timeout_s=5)


async def test_a_handshake_has_its_time(peer, make_client, certificates) -> None:
    client = make_client(handshake_s=0.02)
    made = await peer(b"")
    with pytest.raises(TlsError, match="took too long") as raised:
        await client.request(Target("127.0.0.1", made.target.port, certificates.client_side()), "GET", "/", timeout_s=5)
    assert raised.value.error is None
    await made.gone.wait()
