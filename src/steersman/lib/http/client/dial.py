"""Connections: names become addresses, addresses are tried one by one, TLS is spoken on what answers."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
from typing import TYPE_CHECKING

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
            connection = await _connect(target, factory)
    except TimeoutError:
        raise ConnectError(f"cannot connect to {target.authority}: i/o timeout", address=target.authority) from None
    if target.tls is not None:
        # The loop makes a new transport, which may want to part in an orderly way if this fails; nobody waits for that.
        plain = connection.transport
        try:
            connection.use(await _shake_hands(target, target.tls, limits, connection))
        except BaseException:
            plain.abort()
            raise
    return connection


async def _connect(target: Target, factory: Callable[[], ClientConnection]) -> ClientConnection:
    """The first address that answers. Raises ConnectError with the reason of the first that did not."""
    loop = asyncio.get_running_loop()
    first: ConnectError | None = None
    for address in await _addresses(target):
        try:
            if isinstance(address, str):
                _, connection = await loop.create_unix_connection(factory, address)
            else:
                _, connection = await loop.create_connection(factory, *address)
                _watch_over(connection.transport)
            return connection
        except OSError as error:
            shown = address if isinstance(address, str) else _shown(*address)
            first = first or ConnectError(f"cannot connect to {shown}: {_reason(error)}", address=shown, error=error)
    assert first is not None
    raise first


async def _addresses(target: Target) -> list[str] | list[tuple[str, int]]:
    """A path, or addresses with their ports."""
    host = target.host
    if host.startswith("/"):
        return [host]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return [(host, target.port)]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, str(error))
        text = f"cannot resolve {host!r}: {_reason(reason)}"
        raise ConnectError(text, address=target.authority, error=reason) from None
    return [(str(address[0]), target.port) for _, _, _, _, address in found]


async def _shake_hands(
    target: Target, tls: ssl.SSLContext, limits: ClientLimits, connection: ClientConnection
) -> asyncio.Transport:
    name = target.server_name or ("localhost" if target.host.startswith("/") else target.host)
    # The loop's own limit ends in an error that cannot be told from others.
    loop_limit_s = limits.handshake_s + 60
    try:
        async with asyncio.timeout(limits.handshake_s):
            transport = await asyncio.get_running_loop().start_tls(
                connection.transport, connection, tls, server_hostname=name, ssl_handshake_timeout=loop_limit_s
            )
    except TimeoutError:
        raise TlsError(f"TLS handshake with {target.authority} took too long", server_name=name) from None
    except ssl.SSLError as error:
        text = f"TLS handshake with {target.authority} failed: {_reason(error)}"
        raise TlsError(text, server_name=name, error=error) from error
    except OSError as error:
        text = f"{target.authority} closed the connection in its TLS handshake: {_reason(error)}"
        raise PeerClosed(text, error=error) from error
    if transport is None:
        raise PeerClosed(f"{target.authority} closed the connection in its TLS handshake")
    return transport


def _watch_over(transport: asyncio.Transport) -> None:
    """Find out that a peer vanished, even for those who only read."""
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), _KEEPALIVE_S)


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _reason(error: OSError) -> str:
    """Without the noise of a call on a socket."""
    if isinstance(error, socket.gaierror | ssl.SSLError) or error.errno is None:
        return error.args[-1] if error.args and isinstance(error.args[-1], str) else str(error)
    return os.strerror(error.errno)
