"""Reads the frames of a connection: what they say to streams, windows and settings, and what the peer may not say.

`read` acts on whole frames. It raises ConnectionFault when the connection cannot go on; faults of one stream end that
stream only, and are counted with the streams that the peer resets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.lib.http.http2 import frames
from steersman.lib.http.http2.exchange import header_frames
from steersman.lib.http.http2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_HEAD,
    FRAME_HEAD_BYTES,
    HAS_PRIORITY,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    SETTINGS,
    STREAM_MASK,
    ConnectionFault,
    ErrorCode,
    Setting,
    StreamFault,
)
from steersman.lib.http.http2.guard import Allowance
from steersman.lib.http.http2.heads import render_status
from steersman.lib.http.http2.requests import Problem, RequestReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.lib.http.http2.connection import Http2Connection
    from steersman.lib.http.http2.exchange import Exchange
    from steersman.lib.http.http2.requests import Head
    from steersman.lib.http.target import Target

FAREWELL = b"farewell"
"""The PING that follows the announcement of the end: its answer says that the peer has read that, too."""
_TURN_REQUESTS = 64
"""Requests served in one turn of the loop: others want to be served, too."""
_PRIORITY_BYTES = 5
_CONTINUATION_MIN_BYTES = 1024
_CONTINUE = render_status(100)
_WRONG_LENGTH = Problem(400, "malformed HTTP/2 request: body and Content-Length do not agree", malformed=True)

# What a peer may do for nothing. Upstream's server, too, ends connections at 400 streams that were begun and reset.
_RESETS_AT_ONCE, _RESETS_PER_TICK = 400, 100
_NOISE_AT_ONCE, _NOISE_PER_TICK = 2000, 200

_unpack = FRAME_HEAD.unpack_from


class Intake:
    """The receiving half of a connection."""

    __slots__ = (
        "_block",
        "_connection",
        "_exchanges",
        "_limits",
        "_noise",
        "_reader",
        "_receive_window",
        "_receive_window_max",
        "_resets",
        "_sender",
        "_uploaded",
        "_wheel",
        "block_since",
        "crowded",
        "greeted",
        "last_id",
        "need",
    )

    def __init__(self, connection: Http2Connection, exchanges: dict[int, Exchange]) -> None:
        server = connection.server
        self._connection = connection
        self._exchanges = exchanges
        self._sender = connection.sender
        self._limits = limits = server.limits
        self._wheel = server.wheel
        self._reader = RequestReader(server.lexicon, list_bytes_max=limits.header_bytes_max)
        self._block: tuple[int, int, bytearray] | None = None
        """Stream, flags and beginning of a header block that goes on."""
        self._receive_window = frames.WINDOW_BYTES
        self._receive_window_max = max(frames.WINDOW_BYTES, limits.stream_window_bytes * limits.streams_max)
        self._uploaded = 0
        """Bytes of bodies that are not complete."""
        self._resets = Allowance(at_once=_RESETS_AT_ONCE, per_tick=_RESETS_PER_TICK)
        self._noise = Allowance(at_once=_NOISE_AT_ONCE, per_tick=_NOISE_PER_TICK)
        self.block_since = 0
        """The tick at which a header block began that is not complete; 0 without one."""
        self.greeted = False
        self.last_id = 0
        """The last stream that was opened."""
        self.need = len(PREFACE) + FRAME_HEAD_BYTES
        """Bytes that have to be there for the next step."""
        self.crowded = False
        """What was not read waits for its turn, not for more."""

    def greeting(self) -> bytes:
        """What the server says first."""
        limits = self._limits
        settings = {
            Setting.MAX_CONCURRENT_STREAMS: limits.streams_max,
            Setting.INITIAL_WINDOW_SIZE: limits.stream_window_bytes,
            Setting.MAX_FRAME_SIZE: limits.frame_bytes_max,
            Setting.MAX_HEADER_LIST_SIZE: limits.header_bytes_max,
        }
        greeting = frames.settings_frame(settings)
        window = self._receive_window_max
        if window > self._receive_window:
            greeting += frames.window_frame(0, window - self._receive_window)
            self._receive_window = window
        return greeting

    def close(self) -> None:
        """The connection has gone."""
        del self._connection

    def forget_upload(self, exchange: Exchange) -> None:
        """A stream ended before its body was complete."""
        self._uploaded -= exchange.received_bytes

    def greet(self, data: bytes) -> int:
        """The peer's preface, and the first frame that belongs to it; returns where that begins."""
        if not data.startswith(PREFACE):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "not the preface of HTTP/2")
        kind, flags, _ = _unpack(data, len(PREFACE))
        if kind & 0xFF != SETTINGS or flags & ACK:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "the first frame is not SETTINGS")
        self.greeted = True
        return len(PREFACE)

    def read(self, data: bytes, at: int) -> int:
        """Act on the frames of `data` from `at`; returns where the first one begins that is incomplete, or that has to
        wait for its turn.
        """
        end, size_max, requests = len(data), self._limits.frame_bytes_max, 0
        self.need = FRAME_HEAD_BYTES
        self.crowded = False
        while end - at >= FRAME_HEAD_BYTES:
            head, flags, stream_id = _unpack(data, at)
            size = head >> 8
            start = at + FRAME_HEAD_BYTES
            stop = start + size
            if size > size_max:
                raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "frame is too large")
            if stop > end:
                self.need = stop - at
                break
            at = stop
            kind = head & 0xFF
            try:
                if kind == HEADERS:
                    if self._block is None and flags & (PADDED | HAS_PRIORITY | END_HEADERS) == END_HEADERS:
                        self._open(stream_id & STREAM_MASK, flags & END_STREAM, data[start:stop])
                    else:
                        self._on_headers(stream_id & STREAM_MASK, flags, data[start:stop])
                    requests += 1
                else:
                    self._on_other(kind, stream_id & STREAM_MASK, flags, data[start:stop])
            except StreamFault as fault:
                self._end_stream(fault.stream_id, fault.code)
            if requests >= _TURN_REQUESTS and at < end:
                self.crowded = True
                break
        return at

    def _end_stream(self, stream_id: int, code: ErrorCode) -> None:
        """Reset a stream because of what the peer did."""
        self.count_reset()
        exchange = self._exchanges.get(stream_id)
        self._connection.reset(stream_id, code)
        if exchange is not None:
            exchange.abandon()

    def count_reset(self) -> None:
        if not self._resets.spend(self._wheel.tick):
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "too many streams were reset")

    def _count_noise(self) -> None:
        if not self._noise.spend(self._wheel.tick):
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "too many frames that carry nothing")

    # Frames

    def _on_other(self, kind: int, stream_id: int, flags: int, payload: bytes) -> None:
        if self._block is not None and kind != CONTINUATION:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a header block is interrupted")
        act = _ACTIONS.get(kind)
        if act is None:
            self._count_noise()  # unknown frames are ignored
        else:
            act(self, stream_id, flags, payload)

    def _on_headers(self, stream_id: int, flags: int, payload: bytes) -> None:
        """A HEADERS frame with more than a header block, or less."""
        if self._block is not None:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a header block is interrupted")
        payload = frames.without_padding(flags, payload)
        if flags & HAS_PRIORITY:
            if len(payload) < _PRIORITY_BYTES:
                raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "HEADERS without the priority that it says it has")
            payload = payload[_PRIORITY_BYTES:]
        if flags & END_HEADERS:
            self._open(stream_id, flags & END_STREAM, payload)
        else:
            self._block = (stream_id, flags, bytearray(payload))
            self.block_since = self._wheel.tick or 1

    def _on_continuation(self, stream_id: int, flags: int, payload: bytes) -> None:
        if self._block is None or self._block[0] != stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "CONTINUATION of nothing")
        _, first_flags, block = self._block
        block += payload
        if len(block) > self._limits.header_bytes_max:
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "header block is too large")
        if flags & END_HEADERS:
            self._block, self.block_since = None, 0
            self._open(stream_id, first_flags & END_STREAM, bytes(block))
        elif len(payload) < _CONTINUATION_MIN_BYTES:
            self._count_noise()

    def _on_data(self, stream_id: int, flags: int, payload: bytes) -> None:
        size = len(payload)
        self._receive_window -= size
        if self._receive_window < 0:
            raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "more data than the window of the connection allows")
        limits = self._limits
        window = self._receive_window_max
        if self._receive_window * 2 < window:
            self._sender.control(frames.window_frame(0, window - self._receive_window))
            self._receive_window = window
        exchange = self._exchanges.get(stream_id)
        data = frames.without_padding(flags, payload)
        if not data and not flags & END_STREAM:
            self._count_noise()
        if exchange is None:
            if not stream_id & 1 or stream_id > self.last_id:
                raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "DATA on a stream that is not open")
            if stream_id not in self._connection.dropped:
                raise StreamFault(stream_id, ErrorCode.STREAM_CLOSED)
            return
        if exchange.request is not None:
            raise StreamFault(stream_id, ErrorCode.STREAM_CLOSED)
        exchange.receive_window -= size
        if exchange.receive_window < 0:
            raise StreamFault(stream_id, ErrorCode.FLOW_CONTROL_ERROR)
        length = exchange.received_bytes + len(data)
        if length > limits.body_bytes_max:
            self._connection.refuse(stream_id, Problem(413, f"limit is {limits.body_bytes_max}"), exchange=exchange)
        elif 0 <= exchange.head.length < length:
            self._connection.refuse(stream_id, _WRONG_LENGTH, exchange=exchange)
        else:
            exchange.receive(data)
            self._uploaded += len(data)
            if flags & END_STREAM:
                self._complete(exchange)
            else:
                self._widen(exchange)

    def _on_reset(self, stream_id: int, flags: int, payload: bytes) -> None:
        del flags
        frames.parse_number(payload)
        self._check_begun(stream_id)
        exchange = self._exchanges.get(stream_id)
        # Also those of streams that have just been answered: to begin and to leave is cheaper for the peer than for us.
        self.count_reset()
        if exchange is not None:
            exchange.abandon()

    def _on_settings(self, stream_id: int, flags: int, payload: bytes) -> None:
        if stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "SETTINGS on a stream")
        self._count_noise()
        if flags & ACK:
            if payload:
                raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS acknowledged with a payload")
            return
        sender = self._sender
        for name, value in frames.parse_settings(payload):
            if name == Setting.MAX_FRAME_SIZE:
                sender.limit_frames(value)
            elif name == Setting.INITIAL_WINDOW_SIZE:
                change, sender.initial_window = value - sender.initial_window, value
                for exchange in self._exchanges.values():
                    if not sender.widen_stream(exchange, change):
                        raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "window is too large")
        sender.control(frames.frame(SETTINGS, ACK, 0, b""))

    def _on_ping(self, stream_id: int, flags: int, payload: bytes) -> None:
        if stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "PING on a stream")
        if len(payload) != len(FAREWELL):
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "PING of a wrong size")
        self._count_noise()
        if not flags & ACK:
            self._sender.control(frames.frame(PING, ACK, 0, payload))
        elif payload == FAREWELL:
            self._connection.farewell_answered()

    def _on_window(self, stream_id: int, flags: int, payload: bytes) -> None:
        del flags
        increment = frames.parse_number(payload) & STREAM_MASK
        sender = self._sender
        if sender.updates_due > 0:
            sender.updates_due -= 1
        else:
            self._count_noise()
        if not stream_id:
            if not increment:
                raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "window update by nothing")
            if not sender.widen(increment):
                raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "window is too large")
            return
        self._check_begun(stream_id)
        if not increment:
            raise StreamFault(stream_id, ErrorCode.PROTOCOL_ERROR)
        exchange = self._exchanges.get(stream_id)
        if exchange is not None and not sender.widen_stream(exchange, increment):
            raise StreamFault(stream_id, ErrorCode.FLOW_CONTROL_ERROR)

    def _on_priority(self, stream_id: int, flags: int, payload: bytes) -> None:
        del flags
        self._count_noise()
        if not stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "PRIORITY of no stream")
        if len(payload) != _PRIORITY_BYTES:
            raise StreamFault(stream_id, ErrorCode.FRAME_SIZE_ERROR)

    def _on_goaway(self, stream_id: int, flags: int, payload: bytes) -> None:
        del flags, payload
        if stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "GOAWAY on a stream")
        self._connection.leave()

    def _on_push(self, stream_id: int, flags: int, payload: bytes) -> None:
        del stream_id, flags, payload
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "clients do not push")

    def _check_begun(self, stream_id: int) -> None:
        if not stream_id & 1 or stream_id > self.last_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "frame on a stream that was never opened")

    # Requests

    def _open(self, stream_id: int, ended: int, block: bytes) -> None:
        """A whole header block: of a new stream, or trailers."""
        if stream_id <= self.last_id or not stream_id & 1:
            self._on_trailers(stream_id, ended, block)
            return
        self.last_id = stream_id
        found = self._reader.read(block)
        if self._connection.busy >= self._limits.streams_max or self._connection.leaving:
            self._end_stream(stream_id, ErrorCode.REFUSED_STREAM)
        elif isinstance(found, Problem):
            self._connection.refuse(stream_id, found, ended=ended)
        elif not ended:
            self._begin_upload(stream_id, *found)
        elif found[0].length > 0:
            self._connection.refuse(stream_id, _WRONG_LENGTH, ended=ended)
        else:
            self._connection.serve(stream_id, found[0], found[1], b"", None)

    def _on_trailers(self, stream_id: int, ended: int, block: bytes) -> None:
        exchange = self._exchanges.get(stream_id)
        if exchange is None and stream_id not in self._connection.dropped:
            raise ConnectionFault(ErrorCode.STREAM_CLOSED, "HEADERS on a stream that cannot be opened")
        problem = self._reader.read_trailers(block)
        if exchange is None:
            return
        if exchange.request is not None:
            raise StreamFault(stream_id, ErrorCode.STREAM_CLOSED)
        if problem is not None or not ended:
            self._connection.refuse(
                stream_id, problem or Problem(400, "invalid trailers", malformed=True), exchange=exchange
            )
        else:
            self._complete(exchange)

    def _begin_upload(self, stream_id: int, head: Head, target: Target) -> None:
        limits = self._limits
        if head.length > limits.body_bytes_max:
            self._connection.refuse(stream_id, Problem(413, f"limit is {limits.body_bytes_max}"))
            return
        exchange = self._connection.exchange(stream_id)
        exchange.head, exchange.target = head, target
        exchange.receive_window = limits.stream_window_bytes
        exchange.since = self._wheel.tick
        if head.wants_continue:
            self._sender.control(header_frames(stream_id, _CONTINUE, 0, self._sender.frame_max))

    def _widen(self, exchange: Exchange) -> None:
        """Let more of a body come; when there is much already, only of the one that began first."""
        limits = self._limits
        window = limits.stream_window_bytes
        if exchange.receive_window * 2 >= window:
            return
        if self._uploaded > limits.uploads_bytes_max and exchange is not self._first_upload():
            return
        self._sender.control(frames.window_frame(exchange.id, window - exchange.receive_window))
        exchange.receive_window = window

    def _first_upload(self) -> Exchange | None:
        return next((exchange for exchange in self._exchanges.values() if exchange.request is None), None)

    def _complete(self, exchange: Exchange) -> None:
        """A request has arrived with its body."""
        if exchange.head.length >= 0 and exchange.head.length != exchange.received_bytes:
            self._connection.refuse(exchange.id, _WRONG_LENGTH, exchange=exchange, ended=1)
            return
        crowded = self._uploaded > self._limits.uploads_bytes_max
        self._uploaded -= exchange.received_bytes
        self._connection.serve(exchange.id, exchange.head, exchange.target, exchange.take_body(), exchange)
        if crowded:
            for other in [other for other in self._exchanges.values() if other.request is None]:
                self._widen(other)


_ACTIONS: dict[int, Callable[[Intake, int, int, bytes], None]] = {
    DATA: Intake._on_data,
    frames.PRIORITY: Intake._on_priority,
    frames.RST_STREAM: Intake._on_reset,
    SETTINGS: Intake._on_settings,
    frames.PUSH_PROMISE: Intake._on_push,
    PING: Intake._on_ping,
    frames.GOAWAY: Intake._on_goaway,
    frames.WINDOW_UPDATE: Intake._on_window,
    CONTINUATION: Intake._on_continuation,
}
