"""Requests to a handler from inside its process: the same objects in, the same objects out, memory for a connection.

Runs on any loop, so also in virtual time. As over a connection, a change that was begun is completed although its
caller goes away, a read is not, and an open answer is held up when its reader takes nothing. What framing does (limits,
keep-alive, drain) is not here.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from steersman.lib.aio import Tasks
from steersman.lib.http.message import BodyStream, Connection, Request, Response, StreamResponse, UpgradeResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from steersman.lib.http.message import Answer, Handler, Headers

BUFFER_BYTES = 256 * 1024
"""An open answer is `paused` above so much that nobody has taken, until a quarter of it is left."""
_READS = frozenset(("GET", "HEAD", "OPTIONS"))
_log = logging.getLogger(__name__)


class MemoryWire(asyncio.Transport):
    """The wire of a stream (lib.http.stream.Wire) and its transport in one: what is written waits to be taken."""

    def __init__(self, *, buffer_bytes_max: int | None = BUFFER_BYTES) -> None:
        """`buffer_bytes_max`: None for no bound."""
        super().__init__()
        self.transport: asyncio.Transport = self
        self.write_paused = False
        self.ended = False
        """Nothing more will be written."""
        self.cut = False
        """The writer has cut the answer off: what was written is no whole answer."""
        self._buffer_bytes_max = buffer_bytes_max
        self._pieces: list[bytes] = []
        self._size = 0
        self._reader: asyncio.Future[None] | None = None
        self._writers: list[asyncio.Future[None]] = []

    # -- the writer's side

    def write(self, data: Any) -> None:
        self._pieces.append(data)
        self._size += len(data)
        if self._buffer_bytes_max is not None and self._size > self._buffer_bytes_max:
            self.write_paused = True
        self._wake_reader()

    def get_write_buffer_size(self) -> int:
        return self._size if self._buffer_bytes_max is not None else 0

    def writable(self) -> asyncio.Future[None]:
        """Done once the reader has taken enough."""
        writer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.write_paused and not self.ended:
            self._writers.append(writer)
        else:
            writer.set_result(None)
        return writer

    def hold_reading(self, hold: bool) -> None:
        """Nothing comes from the reader."""

    def close(self) -> None:
        self._end()

    def abort(self) -> None:
        self.cut = self.cut or not self.ended
        self._end()

    def _end(self) -> None:
        self.ended = True
        self._wake_writers()
        self._wake_reader()

    # -- the reader's side

    def take(self) -> list[bytes]:
        """All pieces that nobody has taken yet."""
        pieces, self._pieces, self._size = self._pieces, [], 0
        if self.write_paused:
            self.write_paused = False
            self._wake_writers()
        return pieces

    async def read(self) -> list[bytes]:
        """At least one piece; none at the end. One reader at a time. Raises ConnectionResetError when it was cut."""
        while not self._pieces:
            if self.cut:
                raise ConnectionResetError("the answer was cut off")
            if self.ended:
                return []
            if self._reader is not None:
                raise RuntimeError("another task reads this answer")
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self.take()

    def _wake_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _wake_writers(self) -> None:
        writers, self._writers = self._writers, []
        for writer in writers:
            if not writer.done():
                writer.set_result(None)


class OpenAnswer:
    """An answer that its handler may still be writing."""

    def __init__(self, answer: StreamResponse, *, buffer_bytes_max: int | None, draining: asyncio.Event) -> None:
        self.status = answer.status
        self.headers = (*answer.headers, *answer.unique_headers)
        self.wire = MemoryWire(buffer_bytes_max=buffer_bytes_max)
        self.body = BodyStream(self.wire, draining, chunked=False)
        self._answer = answer
        self._writing: asyncio.Task[Any] | None = None
        self._abandoned = False
        self.body.on_close(self._gone)

    def close(self) -> None:
        """What a peer does that goes away: the handler hears of it, and nothing is left to take."""
        self._abandoned = True
        self.wire.take()
        self.wire.close()
        self.body.abort()

    def _gone(self) -> None:
        """The reader has left, or was cut off."""
        if self._writing is not None:
            asyncio.get_running_loop().call_soon(self._writing.cancel)

    async def write(self) -> None:
        """Let the handler write; for a task of whoever owns the answer."""
        self._writing = task = asyncio.current_task()
        if self._abandoned and task is not None:
            task.cancel()  # what the handler opened for this answer is closed by its own hand
        try:
            await self._answer.run(self.body)
        except ConnectionResetError:
            self.wire.abort()
        except Exception:  # noqa: BLE001 - the top of a task
            # The status is out: only a cut answer tells the reader that this is not its end.
            _log.exception("an open answer failed")
            self.wire.abort()
        finally:
            self._writing = None
            self.wire.close()
            self.body.abort()


class _Presented:
    """Stands for a TLS session in which the peer has shown a certificate."""

    def __init__(self, certificate_der: bytes) -> None:
        self._certificate_der = certificate_der

    def getpeercert(self, binary_form: bool = False) -> bytes:
        assert binary_form
        return self._certificate_der


class _Secure(asyncio.BaseTransport):
    """Says of itself what a TLS connection from this machine would."""

    def __init__(self, certificate_der: bytes | None) -> None:
        extra: dict[str, Any] = {"peername": ("127.0.0.1", 1), "sslcontext": object()}
        if certificate_der is not None:
            extra["ssl_object"] = _Presented(certificate_der)
        super().__init__(extra=extra)


class InProcessCaller:
    """Calls a handler as one peer. Close it: that ends what is still open."""

    def __init__(
        self, handler: Handler, *, certificate_der: bytes | None = None, buffer_bytes_max: int | None = BUFFER_BYTES
    ) -> None:
        """`certificate_der`: the client certificate that the peer has shown; the handler trusts it as TLS would have
        it checked, so it must come from where its key is.
        """
        self._handler = handler
        self._buffer_bytes_max = buffer_bytes_max
        self._connection = Connection(_Secure(certificate_der))
        self._changes = Tasks()
        self._streams = Tasks()
        self._open: set[OpenAnswer] = set()

    def begin(
        self, method: str, path: str, *, query: str = "", headers: Headers, body: bytes = b""
    ) -> Response | Awaitable[Response | OpenAnswer]:
        """As `call`, but what is answered at once is there at once."""
        connection = self._connection
        request = Request(method, unquote(path), path, query, headers, body, connection.peer, connection)
        pending = self._handler(request)
        return pending if isinstance(pending, Response) else self._finish(pending, method, path)

    async def call(
        self, method: str, path: str, *, query: str = "", headers: Headers, body: bytes = b""
    ) -> Response | OpenAnswer:
        """`path` and `query` as on the wire; `headers` may be shared by many calls. Raises TypeError for an answer that
        is another protocol, and what the handler raises.
        """
        begun = self.begin(method, path, query=query, headers=headers, body=body)
        return begun if isinstance(begun, Response) else await begun

    async def _finish(self, pending: Answer | Awaitable[Answer], method: str, path: str) -> Response | OpenAnswer:
        if isinstance(pending, Response | StreamResponse | UpgradeResponse):
            answer: Answer = pending
        elif method in _READS:
            answer = await pending
        else:
            answer = await asyncio.shield(self._changes.start(_awaited(pending), name=f"{method} {path}"))
        if isinstance(answer, Response):
            return answer
        if isinstance(answer, UpgradeResponse):
            raise TypeError(f"{method} {path} answers with another protocol, which needs a socket")
        opened = OpenAnswer(answer, buffer_bytes_max=self._buffer_bytes_max, draining=asyncio.Event())
        self._open.add(opened)
        writing = self._streams.start(opened.write(), name=f"{method} {path}")
        writing.add_done_callback(lambda _: self._open.discard(opened))
        return opened

    async def close(self) -> None:
        """Leave every open answer, and wait for the changes that are under way."""
        for answer in tuple(self._open):
            answer.close()
        try:
            await self._streams.wait()
            await self._changes.wait()
        finally:
            await self._streams.close()
            await self._changes.close()


async def _awaited(pending: Awaitable[Answer]) -> Answer:
    return await pending
