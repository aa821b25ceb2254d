"""Which protocol a TLS connection speaks: known once its handshake has ended, by ALPN (RFC 7301)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from steersman.lib.http.http2.connection import Http2Connection
from steersman.lib.http.protocol import HttpConnection

if TYPE_CHECKING:
    from steersman.lib.http.server import Server


class Negotiation(asyncio.Protocol):
    """Gives way to the connection of the protocol that was agreed on; HTTP/1.1 when none was."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        session = transport.get_extra_info("ssl_object")
        agreed = None if session is None else session.selected_alpn_protocol()
        connection = Http2Connection(self._server) if agreed == "h2" else HttpConnection(self._server)
        cast("asyncio.Transport", transport).set_protocol(connection)
        connection.connection_made(transport)
