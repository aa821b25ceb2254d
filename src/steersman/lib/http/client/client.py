"""The client: exchanges in the caller's time, on connections that are used again.

A pooled connection may have been closed by its peer just now. If one ends before any byte of the answer, the request is
sent once more on a new connection if it is idempotent (GET, HEAD, OPTIONS, TRACE, or the caller says so): others may
have been carried out. Go's client does the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING

from steersman.lib.http.client.answer import OpenResponse, SwitchedAnswer, WholeAnswer
from steersman.lib.http.client.connection import ClientConnection
from steersman.lib.http.client.dial import dial
from steersman.lib.http.client.errors import ClientClosed, PeerClosed, Timeout
from steersman.lib.http.client.message import ClientLimits
from steersman.lib.http.client.request import is_idempotent, render_request

if TYPE_CHECKING:
    from steersman.lib.http.client.answer import Answer, Upgraded
    from steersman.lib.http.client.message import ClientResponse, Target
    from steersman.lib.http.message import HeaderPairs


class HttpClient:
    """Asks other servers. Belongs to the loop on which it is first used, and starts nothing before that.

    All of `request`, `open` and `upgrade` take `path` percent-encoded with its query, add Host and Content-Length, end
    after `timeout_s` (None: never) and raise

        ValueError                              what is to be sent would be no request
        ConnectError TlsError Timeout           see `errors`
        ProtocolError PeerClosed ClientClosed

    `idempotent` says that asking twice does no harm; None: what HTTP says about `method`.
    Any status is an answer. A caller that is cancelled leaves nothing behind.
    """

    def __init__(self, *, limits: ClientLimits | None = None, logger: logging.Logger | None = None) -> None:
        self.limits = limits if limits is not None else ClientLimits()
        self.draining = asyncio.Event()
        self.names: dict[bytes, str] = {}
        self._logger = logger if logger is not None else logging.getLogger(__name__)
        self._idle: dict[Target, deque[ClientConnection]] = {}
        """By how long they have been idle, the longest first; no entry is empty."""
        self._idle_count = 0
        self._connections: set[ClientConnection] = set()
        self._dialling: set[asyncio.Timeout] = set()
        """What ends those who are still connecting."""
        self._emptied = asyncio.Event()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    async def request(
        self,
        target: Target,
        method: str,
        path: str,
        *,
        headers: HeaderPairs = (),
        body: bytes = b"",
        timeout_s: float | None,
        idempotent: bool | None = None,
    ) -> ClientResponse:
        """The complete answer, of at most `limits.body_bytes_max`."""
        answer = WholeAnswer(self.limits)
        await self._exchange(answer, target, method, path, headers, body, timeout_s, idempotent)
        return answer.response()

    async def open(
        self,
        target: Target,
        method: str,
        path: str,
        *,
        headers: HeaderPairs = (),
        body: bytes = b"",
        timeout_s: float | None,
        idempotent: bool | None = None,
    ) -> OpenResponse:
        """The answer as soon as its head is there (until then `timeout_s` counts); the caller closes it."""
        answer = OpenResponse(self.limits)
        await self._exchange(answer, target, method, path, headers, body, timeout_s, idempotent)
        return answer

    async def upgrade(
        self,
        target: Target,
        method: str,
        path: str,
        *,
        headers: HeaderPairs = (),
        body: bytes = b"",
        timeout_s: float | None,
    ) -> Upgraded | OpenResponse:
        """Ask for another protocol, which `headers` name (Connection, Upgrade). Any answer but 101 is an open answer.

        The caller closes either, and checks what the peer says in its own header fields.
        """
        answer = SwitchedAnswer(self.limits)
        await self._exchange(answer, target, method, path, headers, body, timeout_s, None)
        return answer if answer.upgraded is None else answer.upgraded

    async def close(self) -> None:
        """Cut all connections; whoever waits gets ClientClosed, raw streams see their end. Safe to call twice."""
        self._closed = True
        self.draining.set()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        self._idle.clear()
        self._idle_count = 0
        for connection in list(self._connections):
            connection.end(ClientClosed("the client was closed"))
        for cut in self._dialling:
            cut.reschedule(asyncio.get_running_loop().time())
        while self._connections or self._dialling:
            self._emptied.clear()
            await self._emptied.wait()

    async def _exchange(
        self,
        answer: Answer,
        target: Target,
        method: str,
        path: str,
        headers: HeaderPairs,
        body: bytes,
        timeout_s: float | None,
        idempotent: bool | None,
    ) -> None:
        head = render_request(target, method, path, headers, len(body))
        repeatable = is_idempotent(method) if idempotent is None else idempotent
        connection = self._take_idle(target)
        try:
            async with asyncio.timeout(timeout_s):
                if connection is not None:
                    try:
                        await self._ask(connection, answer, method, head, body)
                        return
                    except PeerClosed as error:
                        if error.answered or not repeatable:
                            raise
                        self._logger.debug("asking %s again: %s", target.authority, error)
                connection = await self._dial(target)
                await self._ask(connection, answer, method, head, body)
        except TimeoutError:
            raise Timeout(f"{target.authority} did not answer within {timeout_s:g} s") from None

    async def _ask(self, connection: ClientConnection, answer: Answer, method: str, head: bytes, body: bytes) -> None:
        connection.send(answer, head, body, head_only=method == "HEAD")
        try:
            await answer.answered
        except BaseException:
            answer.abandon()
            raise

    # The pool

    async def _dial(self, target: Target) -> ClientConnection:
        self._check_open()
        try:
            async with asyncio.timeout(None) as cut:
                self._dialling.add(cut)
                try:
                    connection = await dial(target, self.limits, lambda: ClientConnection(self, target))
                finally:
                    self._dialling.discard(cut)
                    self._tell_if_empty()
        except TimeoutError:
            raise ClientClosed("the client was closed") from None
        if not connection.lost:
            self._connections.add(connection)
        try:
            self._check_open()  # it was closed in the same turn of the loop
        except ClientClosed:
            connection.abort()
            raise
        return connection

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosed("the client was closed")

    def _take_idle(self, target: Target) -> ClientConnection | None:
        """The one that was used last: the others may then become old enough to be closed."""
        idle = self._idle.get(target)
        while idle:
            connection = idle.pop()
            self._idle_count -= 1
            if not idle:
                del self._idle[target]
            if connection.usable:
                return connection
        return None

    def released(self, connection: ClientConnection) -> None:
        """See connection.Owner."""
        limits = self.limits
        idle = self._idle.get(connection.target)
        if self._closed or (idle is not None and len(idle) >= limits.idle_per_target_max):
            connection.abort()
            return
        if self._idle_count >= limits.idle_max:
            self._evict_oldest()
            idle = self._idle.get(connection.target)
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        if idle is None:
            self._idle[connection.target] = deque((connection,))
        else:
            idle.append(connection)
        self._idle_count += 1
        if self._sweeper is None:
            self._sweeper = loop.call_later(limits.idle_s, self._sweep)

    def lost(self, connection: ClientConnection) -> None:
        """See connection.Owner."""
        self._connections.discard(connection)
        idle = self._idle.get(connection.target)
        if idle is not None and connection in idle:
            idle.remove(connection)
            self._idle_count -= 1
            if not idle:
                del self._idle[connection.target]
        self._tell_if_empty()

    def _tell_if_empty(self) -> None:
        if not self._connections and not self._dialling:
            self._emptied.set()

    def _evict_oldest(self) -> None:
        target = min(self._idle, key=lambda each: self._idle[each][0].idle_since)
        self._pop_oldest(target).abort()

    def _pop_oldest(self, target: Target) -> ClientConnection:
        idle = self._idle[target]
        connection = idle.popleft()
        self._idle_count -= 1
        if not idle:
            del self._idle[target]
        return connection

    def _sweep(self) -> None:
        """Close what was idle for too long, and come back for the next."""
        loop = asyncio.get_running_loop()
        self._sweeper = None
        idle_s = self.limits.idle_s
        now = loop.time()
        for target, idle in list(self._idle.items()):
            while idle and idle[0].idle_since + idle_s <= now:
                self._pop_oldest(target).abort()
        if self._idle:
            oldest = min(idle[0].idle_since for idle in self._idle.values())
            self._sweeper = loop.call_at(oldest + idle_s, self._sweep)
