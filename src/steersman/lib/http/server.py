"""Listening, limits, counters and draining; the connections themselves are in `protocol`."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.lib.aio import Tasks
from steersman.lib.clock import Clock, SystemClock
from steersman.lib.http.head import Heads
from steersman.lib.http.http2.heads import HeadBlocks
from steersman.lib.http.http2.huffman import Literals, best_decode
from steersman.lib.http.http2.negotiation import Negotiation
from steersman.lib.http.http2.requests import Lexicon
from steersman.lib.http.message import Response
from steersman.lib.http.protocol import HttpConnection
from steersman.lib.http.reader import Vocabulary
from steersman.lib.http.timers import Wheel
from steersman.lib.http.tls import ReplaceableContext

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Sequence

    from steersman.lib.http.http2.connection import Http2Connection
    from steersman.lib.http.message import ErrorAnswer, Handler, Request

_TICK_S = 1.0
_FAREWELL_S = 0.1
"""How long a stopping server waits for peers to answer that it closes; over TLS those who do not look never do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a peer may use. Times are kept to within two seconds."""

    header_bytes_max: int = 1 << 20
    body_bytes_max: int = 3 << 20
    connections_max: int = 20_000
    header_s: float = 32.0
    """From the first byte of a head (or from the connection, for the first) to its end."""
    body_s: float = 60.0
    """From the end of a head to the end of the body."""
    idle_s: float = 90.0
    """Between two requests."""
    stall_s: float = 120.0
    """A peer that takes nothing of what was written for so long is cut off."""
    linger_s: float = 1.0
    """How long to wait for a peer to read a last answer that it did not expect."""
    handshake_s: float = 10.0
    write_buffer_bytes: int = 256 * 1024
    """`paused` begins above this much waiting to be sent, and ends below a quarter of it."""
    raw_read_bytes_max: int = 256 * 1024
    """What may wait to be read on an upgraded connection."""
    backlog: int = 1024
    streams_max: int = 100
    """Requests at a time on one connection of HTTP/2; as upstream's server, so that clients open more connections."""
    stream_window_bytes: int = 256 * 1024
    """What a peer may send on one stream of HTTP/2 before it has been read."""
    frame_bytes_max: int = 256 * 1024
    """The largest frame of HTTP/2 that is read."""
    uploads_bytes_max: int = 8 << 20
    """When incomplete bodies on one connection of HTTP/2 are larger, only the oldest may go on beyond its window."""


@dataclass(slots=True)
class Counters:
    """What metrics read; totals unless said otherwise."""

    in_flight: int = 0
    """Requests being answered now."""
    connections: int = 0
    """Open now, after their handshake."""
    accepted: int = 0
    """TCP connections, before any handshake."""
    handshake_errors: int = 0
    turned_away: int = 0
    """Connections beyond the limit."""
    requests: int = 0
    """Answered."""
    refused: int = 0
    """Messages that were not accepted: malformed, too large, too slow."""
    failures: int = 0
    """Handlers that raised."""


def plain_error(status: int, message: str) -> Response:
    """The refusal of a server that has no format of its own."""
    return Response(status, f"{message}\n".encode(), "text/plain; charset=utf-8")


@dataclass(frozen=True, slots=True)
class _Ticks:
    header: int
    body: int
    idle: int
    stall: int
    linger: int

    @property
    def shortest(self) -> int:
        """Who looks so often sees each of the longer times begin before it ends."""
        return min(self.header, self.body, self.idle, self.stall)


@dataclass(slots=True, kw_only=True, eq=False)
class Server:
    """A server of HTTP/1.1 and, where ALPN agrees on it, HTTP/2.

    Belongs to the loop on which `start` is awaited, and starts nothing before that.

    `error` makes the answers for what never reaches the handler (400, 408, 413, 417, 431, 501, 503, 505) and for
    handlers that raise (500). For 413 its message is "limit is N".
    """

    handler: Handler
    limits: Limits = field(default_factory=Limits)
    tls: ssl.SSLContext | None = None
    error: ErrorAnswer = plain_error
    clock: Clock = field(default_factory=SystemClock)
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger(__name__))

    counters: Counters = field(default_factory=Counters, init=False)
    stopping: bool = field(default=False, init=False)
    draining: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    """Set by `drain`; streams see it as their own `draining`."""
    heads: Heads = field(default_factory=Heads, init=False)
    vocabulary: Vocabulary = field(default_factory=Vocabulary, init=False)
    head_blocks: HeadBlocks = field(default_factory=HeadBlocks, init=False)
    lexicon: Lexicon = field(default_factory=lambda: Lexicon(Literals(best_decode()).text), init=False)
    tasks: Tasks = field(default_factory=Tasks, init=False)
    wheel: Wheel = field(init=False)
    ticks: _Ticks = field(init=False)
    loop: asyncio.AbstractEventLoop = field(init=False)
    _connections: set[HttpConnection | Http2Connection] = field(default_factory=set, init=False)
    _listeners: list[asyncio.Server] = field(default_factory=list, init=False)
    _context: ReplaceableContext | None = field(default=None, init=False)
    _emptied: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        self.wheel = wheel = Wheel(tick_s=_TICK_S, on_tick=self._refresh_date)
        limits = self.limits
        self.ticks = _Ticks(
            header=wheel.ticks(limits.header_s),
            body=wheel.ticks(limits.body_s),
            idle=wheel.ticks(limits.idle_s),
            stall=wheel.ticks(limits.stall_s),
            linger=wheel.ticks(limits.linger_s),
        )
        if self.tls is not None:
            self._context = ReplaceableContext(self.tls, self._count_handshake_error)

    async def start(
        self, host: str | Sequence[str] | None = None, port: int = 0, *, sock: socket.socket | None = None
    ) -> list[tuple[str, int]]:
        """Listen on `host` and `port` (0: any free one), or on `sock`; may be called for several.

        Returns the addresses bound, one per socket: `host` may stand for several (None: all interfaces).
        Raises OSError when an address cannot be bound.
        """
        self.loop = asyncio.get_running_loop()
        context, backlog = self._context, self.limits.backlog
        handshake_s = None if context is None else self.limits.handshake_s
        if sock is not None:
            listener = await self.loop.create_server(
                self._accepted, sock=sock, ssl=context, backlog=backlog, ssl_handshake_timeout=handshake_s
            )
        else:
            listener = await self.loop.create_server(
                self._accepted, host, port, ssl=context, backlog=backlog, ssl_handshake_timeout=handshake_s
            )
        self._listeners.append(listener)
        return [bound.getsockname()[:2] for bound in listener.sockets]

    def replace_tls(self, context: ssl.SSLContext) -> None:
        """Use another context for handshakes that begin from now on. Raises RuntimeError for a server without TLS."""
        if self._context is None:
            raise RuntimeError("the server was started without TLS")
        self._context.replace(context)
        self.tls = context

    async def drain(self, grace_s: float) -> None:
        """Stop: accept nothing, close idle connections, tell streams, cut after `grace_s` what has not ended."""
        self.stopping = True
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        self.draining.set()
        for connection in list(self._connections):
            connection.start_drain()
        farewell_s = min(grace_s / 2, _FAREWELL_S)
        for _ in range(2):  # HTTP/2 first waits until its farewell has been read, and then, as HTTP/1.1, for its end
            await self._wait_empty(farewell_s)
            for connection in list(self._connections):
                connection.cut_if_silent()
        await self._wait_empty(grace_s - 2 * farewell_s)
        for connection in list(self._connections):
            connection.abort()
        await self.tasks.close()
        await self._wait_empty(1.0)
        self.wheel.close()

    # For the connections

    def admit(self, connection: HttpConnection | Http2Connection) -> bool:
        """Count a new connection in; False when there are too many."""
        self._connections.add(connection)
        self.counters.connections = len(self._connections)
        if self.counters.connections > self.limits.connections_max:
            self.counters.turned_away += 1
            return False
        return True

    def forget(self, connection: HttpConnection | Http2Connection) -> None:
        """Count a closed connection out."""
        self._connections.discard(connection)
        self.counters.connections = len(self._connections)
        if not self._connections:
            self._emptied.set()

    def failed(self, request: Request, error: BaseException) -> Response:
        """The answer for a handler that raised."""
        self.counters.failures += 1
        self.logger.error("handler of %s %s failed", request.method, request.path, exc_info=error)
        return self.error(500, "internal error")

    async def _wait_empty(self, timeout_s: float) -> None:
        if not self._connections:
            return
        self._emptied.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._emptied.wait()
        except TimeoutError:
            return

    def _accepted(self) -> asyncio.Protocol:
        self.counters.accepted += 1
        return HttpConnection(self) if self._context is None else Negotiation(self)

    def _count_handshake_error(self) -> None:
        self.counters.handshake_errors += 1

    def _refresh_date(self) -> None:
        now = self.clock.now()
        self.heads.set_date(now)
        self.head_blocks.set_date(now)
