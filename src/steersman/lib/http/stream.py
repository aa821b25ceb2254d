"""Open answers: `BodyStream` carries the chunks of a response, `RawStream` an upgraded connection.

Writes never wait and never fail: after the peer has gone they do nothing. Who writes much looks at `paused`, or awaits
`drain()`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Wire(Protocol):
    """What a stream needs of its connection."""

    transport: asyncio.Transport
    write_paused: bool

    def writable(self) -> asyncio.Future[None]:
        """Done once the write buffer has room again."""

    def hold_reading(self, hold: bool) -> None:
        """Stop or go on reading from the peer."""


def chunk_frame(data: bytes) -> bytes:
    """`data` (not empty) as one HTTP/1.1 chunk, made once and written to many streams."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class _Stream:
    __slots__ = ("_callbacks", "_transport", "_wire", "closed", "draining")

    def __init__(self, wire: Wire, draining: asyncio.Event) -> None:
        self._wire = wire
        self._transport = wire.transport
        self._callbacks: list[Callable[[], None]] = []
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the peer has gone or the stream has ended."""
        self.draining = draining
        """Set when the server is about to stop: end the stream soon, in an orderly way."""

    @property
    def paused(self) -> bool:
        """The peer reads slower than we write, and the buffer is full."""
        return self._wire.write_paused

    @property
    def buffered(self) -> int:
        """Bytes handed over and not yet taken by the kernel."""
        return 0 if self.closed.done() else self._transport.get_write_buffer_size()

    async def drain(self) -> None:
        """Wait until the buffer has room. Raises ConnectionResetError when the peer has gone."""
        if self.closed.done():
            raise ConnectionResetError("peer has gone")
        if self._wire.write_paused:
            await self._wire.writable()

    def on_close(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the stream closes; at once if it has. It should not raise: nobody could handle that."""
        if self.closed.done():
            callback()
        else:
            self._callbacks.append(callback)

    def abort(self) -> None:
        """Cut the connection; what is buffered is lost."""
        self._transport.abort()
        self._close()

    def _close(self) -> None:
        if self.closed.done():
            return
        self.closed.set_result(None)
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            try:
                callback()
            except Exception as error:  # noqa: BLE001  # the others must hear of it too
                context = {"message": "callback of a closed stream failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)


class BodyStream(_Stream):
    """The body of an open answer."""

    __slots__ = ("_chunked",)

    def __init__(self, wire: Wire, draining: asyncio.Event, *, chunked: bool) -> None:
        super().__init__(wire, draining)
        self._chunked = chunked

    def write(self, data: bytes) -> None:
        """Send `data` as one chunk."""
        if data and not self.closed.done():
            self._transport.write(chunk_frame(data) if self._chunked else data)

    def write_framed(self, frame: bytes) -> None:
        """Send what `chunk_frame` made."""
        if self.closed.done():
            return
        if not self._chunked:
            start = frame.index(b"\n") + 1
            frame = frame[start:-2]
        self._transport.write(frame)


class RawStream(_Stream):
    """Both directions of an upgraded connection."""

    __slots__ = ("_eof", "_read_max", "_received", "_received_size", "_waiter")

    def __init__(self, wire: Wire, draining: asyncio.Event, *, read_max: int) -> None:
        super().__init__(wire, draining)
        self._received: deque[bytes] = deque()
        self._received_size = 0
        self._read_max = read_max
        self._eof = False
        self._waiter: asyncio.Future[None] | None = None

    @property
    def full(self) -> bool:
        """More has arrived than may wait here; reading from the peer is stopped."""
        return self._received_size > self._read_max

    async def read(self) -> bytes:
        """What has arrived, in the pieces in which it did; b"" when the peer sends no more. One reader at a time."""
        while not self._received:
            if self._eof:
                return b""
            if self._waiter is not None:
                raise RuntimeError("another task reads this stream")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        data = self._received.popleft()
        before = self._received_size
        self._received_size -= len(data)
        if before > self._read_max >= self._received_size and not self._eof:
            self._wire.hold_reading(False)
        return data

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        if data and not self.closed.done():
            self._transport.write(data)

    def write_eof(self) -> bool:
        """Say that no more will be written; False when the transport cannot (TLS): then only closing tells the peer."""
        if self.closed.done() or not self._transport.can_write_eof():
            return False
        self._transport.write_eof()
        return True

    def close(self) -> None:
        """Close after what is buffered has been sent."""
        if not self._transport.is_closing():  # asyncio's TLS transport is of no use after a second close
            self._transport.close()

    def _feed(self, data: bytes) -> None:
        self._received.append(data)
        self._received_size += len(data)
        if self._received_size > self._read_max:
            self._wire.hold_reading(True)
        self._wake()

    def _feed_eof(self) -> None:
        self._eof = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _close(self) -> None:
        self._feed_eof()
        super()._close()
