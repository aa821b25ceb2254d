"""One HTTP/2 connection: reads frames, opens and ends streams, calls the handler, answers what is small.

Most requests of a cluster's clients have no body and an answer that is there at once. `_serve` gives it without any
object for the stream; all others get an `Exchange`, which lives until its last frame.

A connection ends in one of three ways: in order (`start_drain`: GOAWAY that lets in what is on its way, then GOAWAY
with the last stream, and the end when no stream is left), by a fault of the peer (`fail`: GOAWAY with the reason), or
cut.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from steersman.lib.http.head import InvalidHeader
from steersman.lib.http.http2 import frames
from steersman.lib.http.http2.exchange import Exchange, header_frames
from steersman.lib.http.http2.frames import DATA, END_STREAM, PING, STREAM_MASK, ConnectionFault, ErrorCode
from steersman.lib.http.http2.guard import RecentIds
from steersman.lib.http.http2.heads import render_field
from steersman.lib.http.http2.intake import FAREWELL, Intake
from steersman.lib.http.http2.requests import Problem
from steersman.lib.http.http2.sender import Sender
from steersman.lib.http.message import Connection, Request, Response

if TYPE_CHECKING:
    from steersman.lib.http.http2.requests import Head
    from steersman.lib.http.message import StreamResponse
    from steersman.lib.http.server import Server
    from steersman.lib.http.target import Target

_OPEN, _ANNOUNCED, _LEAVING, _FAILED, _LOST = range(5)
"""Of a connection: serving; told the peer to go elsewhere; serves what it has begun; ends for a fault; gone."""

_DROPPED_MAX = 512
_LAST_WORD_S = 0.1
_BUFFER_FACTOR = 4
"""Reading stops when so many times what is too much waits to be sent."""
_BLOCK_MAX_BYTES = 8192
"""Larger header blocks may not fit into a frame."""
_BARE = frozenset((204, 304))


class Http2Connection(asyncio.Protocol):
    """Lives from the end of the handshake to `connection_lost`; owned by its `Server`."""

    __slots__ = (
        "_connection",
        "_counters",
        "_deferred",
        "_exchanges",
        "_handler",
        "_heads",
        "_held",
        "_intake",
        "_reading_paused",
        "_served",
        "_since",
        "_state",
        "_wheel",
        "busy",
        "dropped",
        "due_tick",
        "sender",
        "server",
        "transport",
        "write_paused",
    )

    transport: asyncio.Transport
    sender: Sender
    _intake: Intake

    def __init__(self, server: Server) -> None:
        self.server = server
        self._counters = server.counters
        self._handler = server.handler
        self._heads = server.head_blocks
        self._wheel = server.wheel
        self._exchanges: dict[int, Exchange] = {}
        self.busy = 0
        """Streams that are open, and closed ones whose work goes on."""
        self.dropped = RecentIds(_DROPPED_MAX)
        """Streams that were ended here while the peer may still be sending."""
        self._held = bytearray()
        self._deferred = False
        """What is held waits for the next turn, not for more."""
        self._state = _OPEN
        self._served = False
        self._since = 0
        """The tick since which no stream is open."""
        self._reading_paused = False
        self.write_paused = False
        self.due_tick = 0

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        server, limits = self.server, self.server.limits
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are not declared as such
        self.transport.set_write_buffer_limits(high=limits.write_buffer_bytes)
        self._connection = Connection(transport)
        self.sender = Sender(
            transport=self.transport,
            call_soon=server.loop.call_soon,
            wheel=self._wheel,
            high_bytes=limits.write_buffer_bytes,
        )
        self._intake = Intake(self, self._exchanges)
        self._since = self._wheel.tick
        if server.stopping:  # its handshake outlasted the listener
            self.abort()
            return
        self._wheel.add(self, self._since + server.ticks.shortest)
        self.sender.control(self._intake.greeting())
        if not server.admit(self):
            self.fail(ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "too many connections"))

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # a peer that resets has gone like one that closes
        self._state = _LOST
        self._wheel.discard(self)
        self.server.forget(self)
        self._held.clear()
        for exchange in list(self._exchanges.values()):
            exchange.abandon()
        self.sender.close()
        self._intake.close()  # it knows this object, which would keep both until the collector comes

    def data_received(self, data: bytes) -> None:
        held = self._held
        if held or len(data) < self._intake.need:
            held += data
            if self._deferred or len(held) < self._intake.need:
                return
            data = bytes(held)
            held.clear()
        self._receive(data)

    def pause_writing(self) -> None:
        self.write_paused = True
        self.sender.pause()

    def resume_writing(self) -> None:
        self.write_paused = False
        self.sender.resume()
        self._control_reading()

    # stream.Wire

    def writable(self) -> asyncio.Future[None]:
        """Streams of HTTP/2 wait for their own room, see `exchange.Body`."""
        raise NotImplementedError

    def hold_reading(self, hold: bool) -> None:
        """Stop or go on reading from the peer."""
        if hold == self._reading_paused or self._state == _LOST or self.transport.is_closing():
            return
        self._reading_paused = hold
        if hold:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    # timers.Timed

    def check(self, tick: int) -> int:
        """Act on what took too long; see `timers.Timed`."""
        ticks, sender = self.server.ticks, self.sender
        if self._state == _LOST:
            return 0
        if self._state >= _LEAVING and not self._exchanges:
            if self.transport.is_closing():
                self.abort()
            else:
                self._close()
            return tick + ticks.linger
        if self._state == _ANNOUNCED:
            self.leave()
        dues = [tick + ticks.shortest]
        if self.write_paused and not any(exchange.patient for exchange in self._exchanges.values()):
            dues.append(sender.paused_since + ticks.stall)
            if tick >= dues[-1]:
                self.abort()
                return tick + ticks.linger
        if self._intake.block_since:
            dues.append(self._intake.block_since + ticks.header)
            if tick >= dues[-1]:
                self.fail(ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "request header was not received in time"))
                return tick + ticks.linger
        for exchange in list(self._exchanges.values()):
            due = self._check_exchange(exchange, tick)
            if due:
                dues.append(due)
        if not self._exchanges and self._state == _OPEN:
            dues.append(self._since + (ticks.idle if self._served else ticks.header))
            if tick >= dues[-1]:
                self.start_drain()
                return tick + ticks.linger
        return max(min(dues), tick + 1)

    def _check_exchange(self, exchange: Exchange, tick: int) -> int:
        """When a stream wants to be looked at again, 0 when it is in nobody's way."""
        ticks = self.server.ticks
        if exchange.request is None:
            due = exchange.since + ticks.body
            if tick >= due:
                self.refuse(exchange.id, Problem(408, "request body was not received in time"), exchange=exchange)
                return 0
            return due
        if exchange.patient or (not exchange.ended and self.sender.room(exchange)):
            return 0  # the time of a request is its handler's affair
        due = exchange.moved + ticks.stall
        if tick >= due:
            exchange.reset(ErrorCode.CANCEL)
            return 0
        return due

    # For the server

    def start_drain(self) -> None:
        """Take on nothing but what is on its way already, and end when that has been answered."""
        if self._state == _OPEN:
            self._state = _ANNOUNCED
            self.sender.control(
                frames.goaway_frame(STREAM_MASK, ErrorCode.NO_ERROR) + frames.frame(PING, 0, 0, FAREWELL)
            )

    def cut_if_silent(self) -> None:
        """The peer had time to answer the farewell: end, or cut what waits for nothing but its consent."""
        if self._state == _ANNOUNCED:
            self.leave()
        elif not self.busy and self.transport.is_closing():
            self.abort()

    def abort(self) -> None:
        """Cut the connection."""
        if self._state != _LOST:
            self._state = max(self._state, _FAILED)
            self.transport.abort()

    # For the exchanges

    def head_block(self, answer: Response | StreamResponse, length: int | None) -> bytes:
        """The header block of an answer. Raises InvalidHeader."""
        heads = self._heads
        parts = [heads.block(answer.status, answer.content_type, answer.headers), heads.date_field]
        if length is not None:
            parts.append(heads.length(length))
        parts.extend(render_field(name, value) for name, value in answer.unique_headers)
        return b"".join(parts)

    def reset(self, stream_id: int, code: ErrorCode) -> None:
        """End a stream, and ignore what the peer has sent on it before it knows."""
        if self._state >= _FAILED:
            return
        self.sender.control(frames.reset_frame(stream_id, code))
        self.dropped.add(stream_id)

    def closed(self, exchange: Exchange) -> None:
        """A stream has ended."""
        self._exchanges.pop(exchange.id, None)
        if exchange.request is None:
            self._intake.forget_upload(exchange)
        if not self._exchanges:
            self._since = self._wheel.tick
            if self._state == _LEAVING:
                self.server.loop.call_soon(self._close)

    def settled(self, exchange: Exchange) -> None:
        """The work for a stream has ended, too."""
        self.busy -= 1
        if exchange.request is not None:
            self._counters.in_flight -= 1
            self._counters.requests += 1

    # Reading

    def _receive(self, data: bytes) -> None:
        if self._state >= _FAILED:
            return
        sender, intake = self.sender, self._intake
        sender.corked = True
        try:
            at = intake.read(data, 0 if intake.greeted else intake.greet(data))
            if at < len(data):
                self._held += data[at:] if at else data
                if intake.crowded:
                    self._deferred = True
                    self.server.loop.call_soon(self._go_on)
        except ConnectionFault as fault:
            self.fail(fault)
        finally:
            sender.flush()
        if self._deferred or self.write_paused:
            self._control_reading()

    def _go_on(self) -> None:
        """Another turn for what was held."""
        self._deferred = False
        if self._state >= _FAILED:
            return
        data = bytes(self._held)
        self._held.clear()
        self._receive(data)
        self._control_reading()

    def _control_reading(self) -> None:
        crowded = self.write_paused and (
            self.transport.get_write_buffer_size() > _BUFFER_FACTOR * self.server.limits.write_buffer_bytes
        )
        self.hold_reading(self._deferred or crowded)

    def exchange(self, stream_id: int) -> Exchange:
        exchange = self._exchanges[stream_id] = Exchange(self, stream_id, self.sender.initial_window)
        self.busy += 1
        return exchange

    def serve(self, stream_id: int, head: Head, target: Target, body: bytes, exchange: Exchange | None) -> None:
        """Call the handler. A small answer that is there at once leaves at once."""
        connection, counters, sender = self._connection, self._counters, self.sender
        path, raw_path, query, _ = target
        request = Request(head.method, path, raw_path, query, head.headers, body, connection.peer, connection)
        counters.in_flight += 1
        try:
            answer = self._handler(request)
        except Exception as error:  # noqa: BLE001  # whatever a handler raises must become an answer
            answer = self.server.failed(request, error)
        if type(answer) is Response and exchange is None:
            content = answer.body
            if (
                type(content) is bytes
                and 0 < len(content) <= sender.small_bytes()
                and not answer.close
                and answer.status not in _BARE
                and head.method != "HEAD"
            ):
                heads, size = self._heads, len(content)
                try:
                    block = heads.blocks.get((answer.status, answer.content_type, answer.headers)) or heads.block(
                        answer.status, answer.content_type, answer.headers
                    )
                    if answer.unique_headers:
                        block += b"".join([render_field(name, value) for name, value in answer.unique_headers])
                except InvalidHeader:
                    self.exchange(stream_id).begin(request, answer)  # which says so
                    return
                if len(block) <= _BLOCK_MAX_BYTES:
                    date, length = heads.date_field, heads.lengths.get(size) or heads.length(size)
                    sender.answer(stream_id, len(block) + len(date) + len(length), (block, date, length), content)
                    counters.in_flight -= 1
                    counters.requests += 1
                    self._since = self._wheel.tick
                    self._served = True
                    return
        self._served = True
        (exchange or self.exchange(stream_id)).begin(request, answer)

    def refuse(self, stream_id: int, problem: Problem, *, exchange: Exchange | None = None, ended: int = 0) -> None:
        """Say why a request is not accepted, and do not wait for the rest of it."""
        self._counters.refused += 1
        self._since = self._wheel.tick
        response, sender = self.server.error(problem.status, problem.message), self.sender
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        fits = 0 < len(body) <= sender.small_bytes()
        block = self.head_block(response, len(body) if fits else 0)
        sender.control(header_frames(stream_id, block, 0 if fits else END_STREAM, sender.frame_max))
        if fits:
            sender.window -= len(body)
            sender.control(frames.frame(DATA, END_STREAM, stream_id, body))
        if problem.malformed:
            self.reset(stream_id, ErrorCode.PROTOCOL_ERROR)
        elif not ended:
            # Some clients (curl 7) lose an answer that they read together with the end of the stream.
            self.dropped.add(stream_id)
            self.server.loop.call_later(_LAST_WORD_S, self.reset, stream_id, ErrorCode.NO_ERROR)
        if exchange is not None:
            exchange.abandon()
        self._intake.count_reset()

    # The end

    @property
    def leaving(self) -> bool:
        """New streams come too late."""
        return self._state >= _LEAVING

    def farewell_answered(self) -> None:
        """The peer has read that the end is near."""
        if self._state == _ANNOUNCED:
            self.leave()

    def leave(self) -> None:
        """Say which stream is the last, and end after it."""
        if self._state >= _LEAVING:
            return
        self._state = _LEAVING
        self.sender.control(frames.goaway_frame(self._intake.last_id, ErrorCode.NO_ERROR))
        if not self._exchanges:
            self.server.loop.call_soon(self._close)

    def _close(self) -> None:
        """Close once everything written has been sent."""
        if self._state in (_LEAVING, _FAILED) and not self._exchanges and not self.transport.is_closing():
            self.sender.flush()
            self.sender.close()
            self.transport.close()
            self._wheel.add(self, self._wheel.tick + self.server.ticks.linger)

    def fail(self, fault: ConnectionFault) -> None:
        """End the connection for a fault of the peer, who is told which."""
        if self._state >= _FAILED:
            return
        self._counters.refused += 1
        self.sender.control(frames.goaway_frame(self._intake.last_id, fault.code, str(fault)))
        self.sender.flush()
        self._state = _FAILED
        self._held.clear()
        for exchange in list(self._exchanges.values()):
            exchange.abandon()
        # Closing at once would reset the connection under a peer that goes on sending, before it has read why.
        self._wheel.add(self, self._wheel.tick + self.server.ticks.linger)
        self.hold_reading(False)
