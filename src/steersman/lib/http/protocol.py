"""One connection: reads requests, calls the handler, writes its answers in order.

States of a connection, by what it does with arriving bytes:

    serving    feed the reader; while a request is being answered, hold the bytes and stop reading from the socket
    upgraded   hand them to the stream of the upgraded protocol
    lingering  throw them away: a last answer was sent although the peer may still be sending, and closing at once
               would reset the connection before the peer has read that answer

Only one request is in the handler at a time. Requests that were already read wait in the reader, at most one slice of
bytes full.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

from steersman.lib.http.compression import COMPRESS_MIN_BYTES, negotiate_gzip, write_gzipped
from steersman.lib.http.head import CONTINUE, LAST_CHUNK, InvalidHeader, render_header
from steersman.lib.http.message import Connection, Request, Response, StreamResponse, UpgradeResponse
from steersman.lib.http.reader import BODY, HEAD, IDLE, Refusal, RequestReader
from steersman.lib.http.stream import BodyStream, RawStream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from steersman.lib.http.message import Answer
    from steersman.lib.http.server import Server

_SLICE_BYTES = 8192
_JOIN_MAX_BYTES = 65536  # smaller bodies are copied behind their head: one record, one system call
_TURN_MAX_BYTES = 256 * 1024  # written in one turn of the loop when the peer keeps up
_LINGER_MAX_BYTES = 16 << 20


class HttpConnection(asyncio.Protocol):
    """Lives from the accepted connection to `connection_lost`; owned by its `Server`."""

    __slots__ = (
        "_close_after",
        "_connection",
        "_counters",
        "_current",
        "_discarded",
        "_eof",
        "_handler",
        "_heads",
        "_held",
        "_lingering",
        "_lost",
        "_marked",
        "_patient",
        "_pieces",
        "_pumping",
        "_reader",
        "_reading_paused",
        "_served",
        "_server",
        "_since",
        "_sink",
        "_stream",
        "_task",
        "_waiters",
        "_wheel",
        "due_tick",
        "transport",
        "write_paused",
    )

    transport: asyncio.Transport
    _reader: RequestReader

    def __init__(self, server: Server) -> None:
        self._server = server
        self._counters = server.counters
        self._handler = server.handler
        self._heads = server.heads
        self._wheel = server.wheel
        self._current: Request | None = None
        self._task: asyncio.Task[None] | None = None
        self._stream: BodyStream | RawStream | None = None
        self._pieces: Iterator[bytes | memoryview] | None = None
        self._held: deque[bytes | memoryview] = deque()
        self._sink: Callable[[bytes], None] | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._discarded = 0
        self._since = 0
        self._marked = IDLE
        self._served = False
        self._close_after = False
        self._lingering = False
        self._eof = False
        self._lost = False
        self._patient = False
        self._pumping = False
        self._reading_paused = False
        self.write_paused = False
        self.due_tick = 0

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        server = self._server
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are not declared as such
        self.transport.set_write_buffer_limits(high=server.limits.write_buffer_bytes)
        self._connection = Connection(transport)
        self._reader = RequestReader(
            connection=self._connection,
            vocabulary=server.vocabulary,
            head_bytes_max=server.limits.header_bytes_max,
            body_bytes_max=server.limits.body_bytes_max,
        )
        self._since = self._wheel.tick
        if server.stopping:  # its handshake outlasted the listener
            self.abort()
            return
        self._wheel.add(self, self._since + server.ticks.header)
        if not server.admit(self):
            self._refuse(Refusal(503, "too many connections"))

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # a peer that resets has gone like one that closes
        self._lost = True
        self._wheel.discard(self)
        self._server.forget(self)
        self._held.clear()
        self._sink = None  # usually a method of this object, which would keep it until the collector comes
        self._reader.close()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(ConnectionResetError("peer has gone"))
        self._waiters.clear()
        request, task, stream = self._current, self._task, self._stream
        self._pieces = None
        if request is not None and task is None:
            self._finish()
        if stream is not None:
            stream._close()
        # A change that was begun is completed although nobody waits for its answer; an upgraded protocol sees its end.
        abandons = isinstance(stream, BodyStream) or (stream is None and request is not None and _is_read(request))
        if task is not None and abandons:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        if self._sink is not None:
            self._sink(data)
        elif self._current is not None or self._held or self._pumping or self.write_paused:
            self._held.append(data)
            self._control_reading()
        elif len(data) > _SLICE_BYTES:
            self._held.append(data)
            self._pump()
        else:
            reader = self._reader
            request = reader.match(data)
            if request is not None:
                self._serve(request)
                return
            reader.feed(data)
            if reader.ready or reader.rest is not None:
                self._pump()
            else:
                self._mark()

    def eof_received(self) -> bool:
        self._eof = True
        stream = self._stream
        if isinstance(stream, RawStream):
            stream._feed_eof()
            return not self._connection.secure
        # Over TCP a peer may close its side and still wait for the answer, or it has gone. A change is worth the doubt,
        # a read is not. TLS has no half-closed state.
        request = self._current
        return request is not None and stream is None and not self._connection.secure and not _is_read(request)

    def pause_writing(self) -> None:
        self.write_paused = True

    def resume_writing(self) -> None:
        self.write_paused = False
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        if self._pieces is not None:
            self._write_pieces()
        if self._current is None:
            self._pump()

    # stream.Wire

    def writable(self) -> asyncio.Future[None]:
        """Done once the write buffer has room again."""
        waiter = self._server.loop.create_future()
        if self._lost:
            waiter.set_exception(ConnectionResetError("peer has gone"))
        elif self.write_paused:
            self._waiters.append(waiter)
        else:
            waiter.set_result(None)
        return waiter

    def hold_reading(self, hold: bool) -> None:
        """Stop or go on reading from the peer."""
        if hold == self._reading_paused or self._lost or self.transport.is_closing():
            return
        self._reading_paused = hold
        if hold:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    # timers.Timed

    def check(self, tick: int) -> int:
        """Act on what took too long; see `timers.Timed`."""
        server, phase = self._server, self._reader.phase
        if self._lost:
            return 0
        if self._lingering:
            ticks = server.ticks.linger
        elif self._current is not None:
            # The time of a request is its handler's affair. A peer that takes nothing of an answer is ours.
            if not self.write_paused or self._patient:
                self._since = tick
            ticks = server.ticks.stall
        elif phase == IDLE:
            ticks = server.ticks.idle if self._served else server.ticks.header
        else:
            ticks = server.ticks.header if phase == HEAD else server.ticks.body
        due_tick = self._since + ticks
        if tick < due_tick:
            return min(due_tick, tick + server.ticks.header)
        if phase == BODY and self._sink is None and self._current is None:
            self._refuse(Refusal(408, "request body was not received in time"))
            return self.due_tick
        if self.write_paused or self._sink is not None:
            self.abort()
        else:
            self._close()
        return tick + server.ticks.linger

    # For the server

    def start_drain(self) -> None:
        """Close if nothing is being read or answered; otherwise that is the last exchange."""
        if self._current is None and not self._held and self._reader.phase == IDLE and self._sink is None:
            self._close()

    def cut_if_silent(self) -> None:
        """Cut the connection if all that is missing is the peer's consent to its end."""
        transport = self.transport
        if self._current is None and transport.is_closing() and not transport.get_write_buffer_size():
            self.abort()

    def abort(self) -> None:
        """Cut the connection."""
        if self._lost:
            return
        self._sink = self._discard
        self._held.clear()
        self.transport.abort()

    # Reading

    def _pump(self) -> None:
        """Serve what has been read and read on, until a request waits for its answer or nothing is left."""
        if self._pumping or self._lost:
            return
        self._pumping = True
        reader, held, ready = self._reader, self._held, self._reader.ready
        while self._current is None and self._sink is None and not self.write_paused:
            if ready:
                self._serve(ready.popleft())
            elif reader.rest is not None:
                rest, reader.rest = reader.rest, None
                if rest:
                    held.appendleft(rest)
            elif held:
                data = held.popleft()
                if len(data) > _SLICE_BYTES:
                    view = memoryview(data)
                    held.appendleft(view[_SLICE_BYTES:])
                    data = view[:_SLICE_BYTES]
                reader.feed(data)
            else:
                self._mark()
                break
        self._pumping = False
        if held or self._reading_paused:
            self._control_reading()

    def _mark(self) -> None:
        """Note since when the reader has been waiting for what it now waits for."""
        reader = self._reader
        phase = reader.phase
        if phase != self._marked or phase == IDLE:
            self._marked = phase
            self._since = self._wheel.tick
        if reader.wants_continue:
            reader.wants_continue = False
            self.transport.write(CONTINUE)
        if self._eof:
            self._close()

    def _control_reading(self) -> None:
        if self._sink is None:
            self.hold_reading(bool(self._held))

    def _discard(self, data: bytes) -> None:
        self._discarded += len(data)
        if self._discarded > _LINGER_MAX_BYTES:
            self.transport.abort()

    def _close(self) -> None:
        """Close once everything written has been sent."""
        if self._lost:
            return
        self._sink = self._discard
        self._held.clear()
        if not self.transport.is_closing():  # asyncio's TLS transport is of no use after a second close
            self.transport.close()

    def _close_gently(self) -> None:
        """Close soon: first let the peer read a last answer that it did not expect yet."""
        self._sink = self._discard
        self._lingering = True
        self._held.clear()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._since = self._wheel.tick
        self._wheel.add(self, self._since + self._server.ticks.linger)
        self.hold_reading(False)

    # Answering

    def _serve(self, request: Request | Refusal) -> None:
        server = self._server
        if isinstance(request, Refusal):
            self._refuse(request)
            return
        self._current = request
        self._counters.in_flight += 1
        try:
            answer = self._handler(request)
        except Exception as error:  # noqa: BLE001  # whatever a handler raises must become an answer
            answer = server.failed(request, error)
        if type(answer) is Response:
            self._respond(request, answer)
        else:
            self._task = server.tasks.start(self._finish_later(request, answer), name="http request")

    async def _finish_later(self, request: Request, pending: Answer | Awaitable[Answer]) -> None:
        """Await an answer, and carry out those that take time."""
        server = self._server
        try:
            try:
                answer = pending if isinstance(pending, Response | StreamResponse | UpgradeResponse) else await pending
            except Exception as error:  # noqa: BLE001  # see _serve
                answer = server.failed(request, error)
            if self._lost:
                await self._abandon(answer)
            elif isinstance(answer, UpgradeResponse):
                await self._run_upgrade(request, answer)
            elif isinstance(answer, StreamResponse):
                await self._run_stream(request, answer)
            else:
                self._respond(request, answer)
        except asyncio.CancelledError:
            self.abort()
            raise
        except InvalidHeader as error:  # of an open answer, whose head has not left yet
            self._respond(request, server.failed(request, error))
        finally:
            if self._task is asyncio.current_task():  # compression goes on in a task of its own
                self._task = None
            if self._lost and self._current is not None:
                self._finish()
        self._pump()

    def _respond(self, request: Request, response: Response) -> None:
        server = self._server
        body = response.body
        length = len(body) if isinstance(body, bytes) else sum(map(len, body))
        if (
            response.compressible
            and length >= COMPRESS_MIN_BYTES
            and not request.http10
            and request.method != "HEAD"
            and negotiate_gzip(request)
        ):
            self._compress(request, response)
            return
        try:
            heads = self._heads
            block = heads.blocks.get((response.status, response.content_type, response.headers))
            if block is None:
                block = heads.block(response.status, response.content_type, response.headers)
            parts = [block, heads.date_line]
            if response.unique_headers:
                parts.extend(render_header(name, value) for name, value in response.unique_headers)
        except InvalidHeader as error:
            self._respond(request, server.failed(request, error))
            return
        self._close_after = close = self._closes_after(request) or response.close
        if close:
            parts.append(b"Connection: close\r\n")
        elif request.http10:
            parts.append(b"Connection: keep-alive\r\n")
        status = response.status
        if status in (204, 304):
            parts.append(b"\r\n")
        else:
            parts.append(b"Content-Length: %d\r\n\r\n" % length)
            if request.method == "HEAD":
                pass
            elif not isinstance(body, bytes) or length > _TURN_MAX_BYTES:
                self.transport.write(b"".join(parts))
                self._pieces = _slices(body) if isinstance(body, bytes) else iter(body)
                self._write_pieces()
                return
            elif length > _JOIN_MAX_BYTES:
                self.transport.writelines((b"".join(parts), body))
                self._finish()
                return
            else:
                parts.append(body)
        self.transport.write(b"".join(parts))
        self._finish()

    def _closes_after(self, request: Request) -> bool:
        return not request.keep_alive or self._server.stopping

    def _write_pieces(self) -> None:
        """Write pieces until the buffer is full; `resume_writing`, or the next turn of the loop, goes on."""
        pieces = self._pieces
        if pieces is None:
            return
        written = 0
        while not self.write_paused:
            piece = next(pieces, None)
            if piece is None:
                self._pieces = None
                self._finish()
                self._pump()
                return
            self.transport.write(piece)
            written += len(piece)
            if written >= _TURN_MAX_BYTES:
                self._server.loop.call_soon(self._write_pieces)
                return

    def _compress(self, request: Request, response: Response) -> None:
        async def run(stream: BodyStream) -> None:
            await write_gzipped(response.body, stream)

        headers = (*response.headers, ("Content-Encoding", "gzip"))
        answer = StreamResponse(response.status, run, response.content_type, headers, response.unique_headers)
        self._task = self._server.tasks.start(self._finish_later(request, answer), name="http gzip")

    async def _run_stream(self, request: Request, answer: StreamResponse) -> None:
        length, self._patient = answer.length, answer.patient
        chunked = length is None and not request.http10
        self._close_after = close = self._closes_after(request) or (length is None and not chunked)
        framing = b"Transfer-Encoding: chunked\r\n" if chunked else b""
        if length is not None:
            framing = b"Content-Length: %d\r\n" % length
        head = self._open_head(answer, framing + (b"Connection: close\r\n\r\n" if close else b"\r\n"))
        self.transport.write(head)
        if request.method == "HEAD" or answer.status in (204, 304):
            self._finish()
            return
        self._stream = stream = BodyStream(self, self._server.draining, chunked=chunked)
        try:
            await answer.run(stream)
        except ConnectionResetError:
            self.abort()
        except Exception:
            # The status is out: only a cut connection tells the peer that this is not the end of the answer.
            self._server.logger.exception("stream of %s %s failed", request.method, request.path)
            self.abort()
        else:
            if not self._lost:
                if chunked:
                    self.transport.write(LAST_CHUNK)
                self._close_after = close or self._closes_after(request)
        stream._close()
        self._finish()

    async def _abandon(self, answer: Answer) -> None:
        """The peer went before its answer began: whoever opened something for it is told in the usual way."""
        draining = self._server.draining
        if isinstance(answer, UpgradeResponse):
            raw = RawStream(self, draining, read_max=0)
            raw._close()
            await answer.run(raw)
        elif isinstance(answer, StreamResponse) and (task := asyncio.current_task()) is not None:
            body = BodyStream(self, draining, chunked=True)
            body._close()
            task.cancel()
            await answer.run(body)

    async def _run_upgrade(self, request: Request, answer: UpgradeResponse) -> None:
        connection = b"" if any(n.lower() == "connection" for n, _ in answer.headers) else b"Connection: Upgrade\r\n"
        self.transport.write(self._open_head(answer, connection + b"\r\n"))
        self._patient = True
        self._stream = stream = RawStream(self, self._server.draining, read_max=self._server.limits.raw_read_bytes_max)
        self._sink = stream._feed
        rest, self._reader.rest = self._reader.rest, None
        for data in (rest, *self._held):
            if data:
                stream._feed(bytes(data))
        self._held.clear()
        self.hold_reading(stream.full)
        if self._eof:
            stream._feed_eof()
        try:
            await answer.run(stream)
        except ConnectionResetError:
            self.abort()
        except Exception:
            self._server.logger.exception("upgraded connection of %s %s failed", request.method, request.path)
            self.abort()
        self._close_after = True
        self._finish()

    def _open_head(self, answer: StreamResponse | UpgradeResponse, framing: bytes) -> bytes:
        content_type = answer.content_type if isinstance(answer, StreamResponse) else ""
        block = self._heads.block(answer.status, content_type, answer.headers)
        unique = b"".join(render_header(name, value) for name, value in answer.unique_headers)
        return b"".join((block, self._heads.date_line, unique, framing))

    def _finish(self) -> None:
        """The current request has been answered, as far as that is still possible."""
        counters = self._counters
        counters.in_flight -= 1
        counters.requests += 1
        self._current = self._stream = None
        self._patient = False
        self._served = True
        self._marked = IDLE
        self._since = self._wheel.tick
        if self._close_after and not self._lost:
            self._close()

    def _refuse(self, refusal: Refusal) -> None:
        """Say why a message is not accepted, and close."""
        self._counters.refused += 1
        response = self._server.error(refusal.status, refusal.message)
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        block = self._heads.block(response.status, response.content_type, response.headers)
        framing = b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.transport.write(b"".join((block, self._heads.date_line, framing, body)))
        self._close_gently()


def _slices(body: bytes) -> Iterator[memoryview]:
    view = memoryview(body)
    for start in range(0, len(view), _TURN_MAX_BYTES):
        yield view[start : start + _TURN_MAX_BYTES]


def _is_read(request: Request) -> bool:
    return request.method in ("GET", "HEAD")
