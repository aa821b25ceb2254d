"""Connections: names become addresses, addresses are tried one by one, TLS is spoken on what answers."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
from typing import TYPE_CHECKING, Any

from steersman.lib.http.client.errors import ConnectError, PeerClosed, TlsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.lib.http.client.connection import ClientConnection
    from steersman.lib.http.client.message import ClientLimits, Target

_KEEPALIVE_S = 30


async def dial(target: Target, limits: ClientLimits, factory: Callable[[], ClientConnection]) -> ClientConnection:
    """A connection to `target`, past its TLS handshake. Raises ConnectError, TlsError and PeerClosed."""
    try:
        async with asyncio.timeout(limits.connect_s):
            sock = await _connect(target)
    except TimeoutError:
        raise ConnectError(f"cannot connect to {target.authority}: i/o timeout", address=target.authority) from None
    try:
        if target.tls is None:
            _, connection = await asyncio.get_running_loop().create_connection(factory, sock=sock)
            return connection
        return await _shake_hands(target, limits, sock, factory)
    except BaseException:
        sock.close()
        raise


async def _connect(target: Target) -> socket.socket:
    """The first address that answers. Raises ConnectError with the reason of the first that did not."""
    first: ConnectError | None = None
    for family, address in await _addresses(target):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            if family != socket.AF_UNIX:
                _tune(sock)
            await asyncio.get_running_loop().sock_connect(sock, address)
            return sock
        except OSError as error:
            sock.close()
            shown = address if isinstance(address, str) else _shown(address)
            first = first or ConnectError(f"cannot connect to {shown}: {_reason(error)}", address=shown, error=error)
        except BaseException:
            sock.close()
            raise
    assert first is not None
    raise first


async def _addresses(target: Target) -> list[tuple[socket.AddressFamily, Any]]:
    host = target.host
    if host.startswith("/"):
        return [(socket.AF_UNIX, host)]
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        if isinstance(literal, ipaddress.IPv4Address):
            return [(socket.AF_INET, (host, target.port))]
        if literal.scope_id is None:
            return [(socket.AF_INET6, (host, target.port, 0, 0))]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, str(error))
        text = f"cannot resolve {host!r}: {_reason(reason)}"
        raise ConnectError(text, address=target.authority, error=reason) from None
    return [(family, address) for family, _, _, _, address in found]


async def _shake_hands(
    target: Target, limits: ClientLimits, sock: socket.socket, factory: Callable[[], ClientConnection]
) -> ClientConnection:
    name = target.server_name or ("localhost" if target.host.startswith("/") else target.host)
    loop = asyncio.get_running_loop()
    assert target.tls is not None
    connection = factory()
    # Not in one step: the connection has to know the transport below TLS, to hold reading there.
    below, _ = await loop.create_connection(asyncio.Protocol, sock=sock)
    try:
        # The loop's own limit ends in an error that cannot be told from others.
        async with asyncio.timeout(limits.handshake_s):
            transport = await loop.start_tls(
                below,
                connection,
                target.tls,
                server_hostname=name,
                ssl_handshake_timeout=limits.handshake_s + 60,
            )
    except TimeoutError:
        raise TlsError(f"TLS handshake with {target.authority} took too long", server_name=name) from None
    except ssl.SSLError as error:
        text = f"TLS handshake with {target.authority} failed: {_reason(error)}"
        raise TlsError(text, server_name=name, error=error) from error
    except OSError as error:
        text = f"{target.authority} closed the connection in its TLS handshake: {_reason(error)}"
        raise PeerClosed(text, error=error) from error
    assert transport is not None
    connection.connection_made(transport, below=below)
    return connection


def _tune(sock: socket.socket) -> None:
    """What is written leaves at once, and a peer that vanished is found out even by those who only read."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), _KEEPALIVE_S)


def _shown(address: tuple[Any, ...]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _reason(error: OSError) -> str:
    """Without the noise of a call on a socket."""
    if isinstance(error, socket.gaierror | ssl.SSLError) or error.errno is None:
        return error.args[-1] if error.args and isinstance(error.args[-1], str) else str(error)
    return os.strerror(error.errno)
