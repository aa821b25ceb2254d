"""One stream: a request whose body arrives, or whose answer takes time.

Its end is `closed`, when the last frame has left or the stream was reset, and then, perhaps later, the end of the task
that works on it: a change that was begun is completed although nobody waits for its answer.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from steersman.lib.http.compression import COMPRESS_MIN_BYTES, negotiate_gzip, write_gzipped
from steersman.lib.http.head import InvalidHeader
from steersman.lib.http.http2.frames import CONTINUATION, END_HEADERS, END_STREAM, FRAME_HEAD, HEADERS, ErrorCode
from steersman.lib.http.http2.sender import Outgoing
from steersman.lib.http.message import Request, Response, StreamResponse, UpgradeResponse
from steersman.lib.http.stream import BodyStream, RawStream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from steersman.lib.http.http2.connection import Http2Connection
    from steersman.lib.http.http2.requests import Head
    from steersman.lib.http.http2.sender import Sender
    from steersman.lib.http.message import Answer
    from steersman.lib.http.target import Target

_SLICE_BYTES = 256 * 1024


class Exchange(Outgoing):
    """A stream that is more than a request answered at once."""

    __slots__ = (
        "_body",
        "_stream",
        "_task",
        "answered",
        "closed",
        "connection",
        "head",
        "patient",
        "receive_window",
        "request",
        "settled",
        "since",
        "target",
    )

    def __init__(self, connection: Http2Connection, stream_id: int, window: int) -> None:
        super().__init__(stream_id, window)
        self.connection = connection
        self.request: Request | None = None
        """None while its body arrives."""
        self.head: Head
        self.target: Target
        self._body: bytes | bytearray = b""
        self.receive_window = 0
        self.since = 0
        """The tick at which the body began to arrive."""
        self.closed = False
        self.settled = False
        """Neither a frame nor a task will come any more."""
        self.answered = False
        """The head of the answer has left."""
        self.patient = False
        """The peer may pause as long as it likes."""
        self._task: asyncio.Task[None] | None = None
        self._stream: Body | None = None

    # The request

    def receive(self, data: bytes) -> None:
        """Keep a part of the body."""
        if not self._body:
            self._body = data
            return
        if not isinstance(self._body, bytearray):
            self._body = bytearray(self._body)
        self._body += data

    @property
    def received_bytes(self) -> int:
        """The size of the body so far."""
        return len(self._body)

    def take_body(self) -> bytes:
        """The body, which is not kept any longer."""
        body, self._body = self._body, b""
        return bytes(body)

    # The answer

    def begin(self, request: Request, answer: Answer | Awaitable[Answer]) -> None:
        """Give an answer that is not a small one, or not there yet."""
        self.request = request
        if type(answer) is Response:
            self.respond(request, answer)
        else:
            self._task = self.connection.server.tasks.start(self._run(request, answer), name="http2 request")

    def respond(self, request: Request, response: Response) -> None:
        """Send an answer of known length."""
        connection, body, status = self.connection, response.body, response.status
        length = len(body) if isinstance(body, bytes) else sum(map(len, body))
        if (
            response.compressible
            and length >= COMPRESS_MIN_BYTES
            and request.method != "HEAD"
            and negotiate_gzip(request)
        ):
            self._compress(request, response)
            return
        bare = status in (204, 304)
        empty = bare or not length or request.method == "HEAD"
        try:
            block = connection.head_block(response, None if bare else length)
        except InvalidHeader as error:
            self.respond(request, connection.server.failed(request, error))
            return
        sender = connection.sender
        self._send_head(block, sender, END_STREAM if empty else 0)
        if response.close:
            connection.start_drain()
        if empty:
            self.sent()
            return
        self.pieces = _slices(body) if isinstance(body, bytes) else iter(body)
        sender.end(self)

    def sent(self) -> None:
        """The last frame has left: the stream is closed."""
        if not self.closed:
            self.closed = True
            self.connection.closed(self)
            self._settle()

    def reset(self, code: ErrorCode) -> None:
        """End the stream at once, and tell the peer."""
        if not self.closed:
            self.connection.reset(self.id, code)
            self.abandon()

    def abandon(self) -> None:
        """The peer does not want the answer any more, or has gone. Reads and streams end, changes go on."""
        if self.closed:
            return
        self.closed = True
        self.connection.closed(self)
        self._body = b""
        self.connection.sender.forget(self)
        stream, task, request = self._stream, self._task, self.request
        if stream is not None:
            stream._close()
        if task is not None and (stream is not None or request is None or request.method in ("GET", "HEAD")):
            task.cancel()
        self._settle()

    def _settle(self) -> None:
        if self.closed and self._task is None and not self.settled:
            self.settled = True
            self._stream = None  # which knows this object
            self.connection.settled(self)

    async def _run(self, request: Request, pending: Answer | Awaitable[Answer]) -> None:
        """Await an answer, and carry out those that take time."""
        server = self.connection.server
        try:
            try:
                answer = pending if isinstance(pending, Response | StreamResponse | UpgradeResponse) else await pending
            except Exception as error:  # noqa: BLE001  # whatever a handler raises must become an answer
                answer = server.failed(request, error)
            if isinstance(answer, UpgradeResponse):
                answer = await self._decline(answer)
            if self.closed:
                await self._give_up(answer)
            elif isinstance(answer, StreamResponse):
                await self._run_stream(request, answer)
            else:
                self.respond(request, answer)
        except asyncio.CancelledError:
            self.reset(ErrorCode.CANCEL)
            raise
        except InvalidHeader as error:  # of an open answer, whose head has not left yet
            self.respond(request, server.failed(request, error))
        finally:
            if self._task is asyncio.current_task():  # compression goes on in a task of its own
                self._task = None
            self._settle()

    async def _run_stream(self, request: Request, answer: StreamResponse) -> None:
        connection = self.connection
        sender = connection.sender
        empty = request.method == "HEAD" or answer.status in (204, 304)
        self._send_head(connection.head_block(answer, answer.length), sender, END_STREAM if empty else 0)
        if empty:
            self.sent()
            return
        self.patient = answer.patient
        self._stream = stream = Body(self, sender, connection.server.draining)
        try:
            await answer.run(stream)
        except ConnectionResetError:
            self.reset(ErrorCode.CANCEL)
        except Exception:
            # The status is out: only a reset stream tells the peer that this is not the end of the answer.
            connection.server.logger.exception("stream of %s %s failed", request.method, request.path)
            self.reset(ErrorCode.INTERNAL_ERROR)
        else:
            if not self.closed:
                sender.end(self)
        stream._close()

    async def _decline(self, answer: UpgradeResponse) -> Response:
        """A stream cannot leave HTTP; whoever opened something for that is told as if the peer had gone."""
        connection = self.connection
        raw = RawStream(connection, connection.server.draining, read_max=0)
        raw._close()
        with contextlib.suppress(ConnectionResetError):
            await answer.run(raw)
        return connection.server.error(505, "upgrades need HTTP/1.1")

    async def _give_up(self, answer: Response | StreamResponse) -> None:
        """The peer went before its answer began: whoever opened something for it is told in the usual way."""
        if isinstance(answer, StreamResponse) and (task := asyncio.current_task()) is not None:
            body = Body(self, self.connection.sender, self.connection.server.draining)
            body._close()
            task.cancel()
            await answer.run(body)

    def _compress(self, request: Request, response: Response) -> None:
        async def run(stream: BodyStream) -> None:
            await write_gzipped(response.body, stream)

        headers = (*response.headers, ("Content-Encoding", "gzip"))
        answer = StreamResponse(response.status, run, response.content_type, headers, response.unique_headers)
        self._task = self.connection.server.tasks.start(self._run(request, answer), name="http2 gzip")

    def _send_head(self, block: bytes, sender: Sender, flags: int) -> None:
        self.answered = True
        self.moved = self.connection.server.wheel.tick
        sender.control(header_frames(self.id, block, flags, sender.frame_max))


class Body(BodyStream):
    """The body of an open answer, on a stream of HTTP/2."""

    __slots__ = ("_exchange", "_sender")

    def __init__(self, exchange: Exchange, sender: Sender, draining: asyncio.Event) -> None:
        super().__init__(exchange.connection, draining, chunked=False)
        self._exchange = exchange
        self._sender = sender

    @property
    def paused(self) -> bool:
        return not self._sender.room(self._exchange)

    @property
    def buffered(self) -> int:
        return self._exchange.pending_bytes

    async def drain(self) -> None:
        if self.closed.done():
            raise ConnectionResetError("peer has gone")
        if self.paused:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._exchange.waiters.append(waiter)
            await waiter

    def abort(self) -> None:
        self._exchange.reset(ErrorCode.CANCEL)

    def write(self, data: bytes) -> None:
        if data and not self.closed.done():
            self._sender.write(self._exchange, data)

    def write_framed(self, frame: bytes) -> None:
        if not self.closed.done():
            self._sender.write(self._exchange, frame[frame.index(b"\n") + 1 : -2])


def header_frames(stream_id: int, block: bytes, flags: int, frame_max: int) -> bytes:
    """A HEADERS frame, and CONTINUATION frames if the block is that large."""
    size = len(block)
    if size <= frame_max:
        return FRAME_HEAD.pack(size << 8 | HEADERS, flags | END_HEADERS, stream_id) + block
    return b"".join(_split(stream_id, block, flags, frame_max))


def _split(stream_id: int, block: bytes, flags: int, frame_max: int) -> Iterator[bytes]:
    for start in range(0, len(block), frame_max):
        part = block[start : start + frame_max]
        kind = CONTINUATION if start else HEADERS
        last = END_HEADERS if start + frame_max >= len(block) else 0
        yield FRAME_HEAD.pack(len(part) << 8 | kind, last if start else last | flags, stream_id) + part


def _slices(body: bytes) -> Iterator[Any]:
    view = memoryview(body)
    for start in range(0, len(view), _SLICE_BYTES):
        yield view[start : start + _SLICE_BYTES]
