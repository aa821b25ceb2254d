"""What leaves a connection, and when: windows, the fair division between streams, one write for each turn of the loop.

Control frames and small answers go straight to `out`. What does not fit into a window, or waits because the peer's
socket is full, waits in its stream; streams that could send take turns, a frame each.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from steersman.lib.http.http2.frames import (
    END_HEADERS,
    END_STREAM,
    FRAME_BYTES_MIN,
    FRAME_HEAD,
    FRAME_HEAD_BYTES,
    HEADERS,
    WINDOW_BYTES,
    WINDOW_MAX,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from steersman.lib.http.timers import Wheel

_FRAME_MAX_BYTES = 65_536
"""Larger frames would only let one stream hold up the others for longer."""
_WRITE_BYTES = 65_536
"""So much is joined into one write at most, beyond its last frame."""
_TURN_BYTES = 256 * 1024
"""Written in one turn of the loop when the peer keeps up."""
_AMPLE_BYTES = 1 << 20
"""With such a window of the connection small answers need not queue behind large ones."""
_UPDATES_PER_FRAME = 4
"""Window updates that a frame of data entitles the peer to."""

_head = FRAME_HEAD.pack


class Outgoing:
    """The sending half of a stream."""

    __slots__ = ("ended", "id", "moved", "pending", "pending_bytes", "pieces", "queued", "waiters", "window")

    def __init__(self, stream_id: int, window: int) -> None:
        self.id = stream_id
        self.window = window
        self.pending: deque[bytes | memoryview] = deque()
        self.pending_bytes = 0
        self.pieces: Iterator[bytes | memoryview] | None = None
        """What follows `pending`, made when it is needed."""
        self.ended = False
        """Nothing follows but what waits already."""
        self.queued = False
        self.moved = 0
        """The tick at which data last left, or began to wait."""
        self.waiters: list[asyncio.Future[None]] = []

    def sent(self) -> None:
        """The last frame of the stream has left."""

    def wake(self, error: Exception | None = None) -> None:
        """Tell those who wait for room."""
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)


class Sender:
    """The sending half of a connection."""

    __slots__ = (
        "_call_soon",
        "_closed",
        "_high_bytes",
        "_initial_window",
        "_ready",
        "_scheduled",
        "_small_max",
        "_transport",
        "_wheel",
        "corked",
        "frame_max",
        "out",
        "out_bytes",
        "paused",
        "paused_since",
        "updates_due",
        "window",
    )

    def __init__(
        self,
        *,
        transport: asyncio.WriteTransport,
        call_soon: Callable[[Callable[[], None]], object],
        wheel: Wheel,
        high_bytes: int,
    ) -> None:
        self._transport = transport
        self._call_soon = call_soon
        self._wheel = wheel
        self._high_bytes = high_bytes
        self._ready: deque[Outgoing] = deque()
        self._scheduled = False
        self._closed = False
        self.corked = False
        """`flush` will be called soon by whoever set this."""
        self.out: list[bytes | memoryview] = []
        self.out_bytes = 0
        self.window = WINDOW_BYTES
        self._initial_window = WINDOW_BYTES
        self.frame_max = FRAME_BYTES_MIN
        self._small_max = FRAME_BYTES_MIN
        self.paused = False
        self.paused_since = 0
        self.updates_due = 0
        """Window updates that the peer may send at no charge."""

    def small_bytes(self) -> int:
        """A body up to this fits into one frame and every window of a new stream, and nothing keeps it waiting."""
        if self.paused or (self._ready and self.window < _AMPLE_BYTES):
            return -1
        size = self.window
        if size > self._small_max:
            return self._small_max
        return size

    def answer(self, stream_id: int, head_bytes: int, head: tuple[bytes, bytes, bytes], body: bytes) -> None:
        """A whole answer on a new stream; the size of its body is one of `small_bytes`."""
        size = len(body)
        self.window -= size
        self.updates_due += _UPDATES_PER_FRAME
        self.out.append(_head(head_bytes << 8 | HEADERS, END_HEADERS, stream_id))
        self.out += head
        self.out.append(_head(size << 8, END_STREAM, stream_id))
        self.out.append(body)
        self.out_bytes += head_bytes + size + 2 * FRAME_HEAD_BYTES
        if self.out_bytes >= _WRITE_BYTES:
            self._write()

    def limit_frames(self, size_max: int) -> None:
        """The peer's MAX_FRAME_SIZE."""
        self.frame_max = min(size_max, _FRAME_MAX_BYTES)
        self._small_max = min(self.frame_max, self._initial_window)

    @property
    def initial_window(self) -> int:
        """Of new streams."""
        return self._initial_window

    @initial_window.setter
    def initial_window(self, size: int) -> None:
        self._initial_window = size
        self._small_max = min(self.frame_max, size)

    def control(self, frame: bytes) -> None:
        """Send a frame that no window holds back."""
        self.out.append(frame)
        self.out_bytes += len(frame)
        if not self.corked:
            self._schedule()

    def write(self, outgoing: Outgoing, data: bytes | memoryview) -> None:
        """Send data (not empty) on a stream."""
        size = len(data)
        if (
            outgoing.pending_bytes
            or self.paused
            or size > outgoing.window
            or size > self.window
            or size > self.frame_max
        ):
            if not outgoing.pending_bytes:
                outgoing.moved = self._wheel.tick
            outgoing.pending.append(data)
            outgoing.pending_bytes += size
            self._queue(outgoing)
            return
        outgoing.window -= size
        self.window -= size
        self.updates_due += _UPDATES_PER_FRAME
        self.out.append(_head(size << 8, 0, outgoing.id))
        self.out.append(data)
        self.out_bytes += size + FRAME_HEAD_BYTES
        if self.out_bytes >= _WRITE_BYTES:
            self._write()
        elif not self.corked:
            self._schedule()

    def end(self, outgoing: Outgoing) -> None:
        """End a stream once what waits in it has left."""
        outgoing.ended = True
        if outgoing.pending_bytes or outgoing.pieces is not None:
            outgoing.moved = self._wheel.tick
            self._queue(outgoing)
            return
        self.control(_head(0, END_STREAM, outgoing.id))
        outgoing.sent()

    def forget(self, outgoing: Outgoing) -> None:
        """Drop what waits in a stream."""
        outgoing.pending.clear()
        outgoing.pending_bytes = 0
        outgoing.pieces = None
        outgoing.ended = False
        outgoing.wake(ConnectionResetError("peer has gone"))

    def room(self, outgoing: Outgoing) -> bool:
        """Whether a stream takes more without growing too much."""
        return outgoing.pending_bytes < self._high_bytes

    # What the peer and the transport say

    def widen(self, increment: int) -> bool:
        """A window update of the connection; False when the window would grow beyond all bounds."""
        self.window += increment
        if self.window > WINDOW_MAX:
            return False
        if self._ready:
            self._pump_soon()
        return True

    def widen_stream(self, outgoing: Outgoing, increment: int) -> bool:
        """A window update of a stream, or (possibly below 0) another initial window."""
        outgoing.window += increment
        if outgoing.window > WINDOW_MAX:
            return False
        if outgoing.pending_bytes or outgoing.pieces is not None:
            self._queue(outgoing)
        return True

    def pause(self) -> None:
        """The transport's buffer is full."""
        self.paused = True
        self.paused_since = self._wheel.tick

    def resume(self) -> None:
        """The transport's buffer has room again."""
        self.paused = False
        if self._ready or self.out:
            self.flush()

    def flush(self) -> None:
        """Write what is to be sent, as far as windows and the peer's socket allow."""
        self.corked = False
        if self._ready and not self.paused and not self._closed:
            self._pump()
        if self.out:
            self._write()

    def close(self) -> None:
        """Nothing more is sent."""
        self._closed = True
        self._ready.clear()
        self.out.clear()

    # Inside

    def _queue(self, outgoing: Outgoing) -> None:
        if outgoing.queued or outgoing.window <= 0:
            return  # the next window update queues it
        outgoing.queued = True
        self._ready.append(outgoing)
        self._pump_soon()

    def _pump_soon(self) -> None:
        if not self.corked and not self.paused and self.window > 0:
            self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        self.flush()

    def _write(self) -> None:
        out, self.out, self.out_bytes = self.out, [], 0
        if not self._closed:
            self._transport.write(b"".join(out))

    def _pump(self) -> None:
        """Let each stream that could send have a frame, again and again."""
        ready, written = self._ready, 0
        tick = self._wheel.tick
        while ready and self.window > 0:
            if self.paused:
                return
            if written >= _TURN_BYTES:
                self._schedule()
                return
            outgoing = ready.popleft()
            written += self._send_frame(outgoing, tick)
            if outgoing.window > 0 and (outgoing.pending_bytes or outgoing.pieces is not None):
                ready.append(outgoing)
            else:
                outgoing.queued = False
            if self.out_bytes >= _WRITE_BYTES:
                self._write()

    def _send_frame(self, outgoing: Outgoing, tick: int) -> int:
        """One frame of data of a stream; returns its size."""
        pending = outgoing.pending
        if not pending and not self._refill(outgoing):
            if outgoing.ended:
                self.out.append(_head(0, END_STREAM, outgoing.id))
                outgoing.sent()
            return 0
        data = pending[0]
        size = min(len(data), self.frame_max, _FRAME_MAX_BYTES, outgoing.window, self.window)
        if size <= 0:
            return 0
        if size < len(data):
            view = memoryview(data)
            pending[0] = view[size:]
            data = view[:size]
        else:
            pending.popleft()
        outgoing.pending_bytes -= size
        outgoing.window -= size
        outgoing.moved = tick
        self.window -= size
        self.updates_due += _UPDATES_PER_FRAME
        last = outgoing.ended and not pending and not self._refill(outgoing)
        self.out.append(_head(size << 8, END_STREAM if last else 0, outgoing.id))
        self.out.append(data)
        self.out_bytes += size + FRAME_HEAD_BYTES
        if last:
            outgoing.sent()
        elif outgoing.waiters and outgoing.pending_bytes * 4 <= self._high_bytes:
            outgoing.wake()
        return size

    @staticmethod
    def _refill(outgoing: Outgoing) -> bool:
        """Take the next piece into `pending`; False when there is none."""
        pieces = outgoing.pieces
        if pieces is None:
            return False
        for piece in pieces:
            if piece:
                outgoing.pending.append(piece)
                outgoing.pending_bytes += len(piece)
                return True
        outgoing.pieces = None
        return False
