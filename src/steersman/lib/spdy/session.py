"""The client's end of a SPDY connection: streams are opened, written to and read from.

    async with Session(wire=wire) as session:
        stream = await session.open((("kind", "greeting"),), timeout_s=30)
        stream.write(b"hello")
        stream.finish()
        while data := await stream.read(): ...

Reading stops while any stream holds more than may wait in it; writers look at `drain`. Streams that the peer opens are
refused.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

from steersman.lib.aio import Tasks
from steersman.lib.spdy.frames import (
    CANCEL,
    REFUSED_STREAM,
    Data,
    Decoder,
    Encoder,
    GoAway,
    Headers,
    Limits,
    Ping,
    ProtocolError,
    RstStream,
    SynReply,
    SynStream,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Self

    from steersman.lib.spdy.frames import Frame

_WRITE_BYTES_MAX = 64 << 10


class Wire(Protocol):
    """What a session needs of the connection under it."""

    async def read(self) -> bytes:
        """b"" at the end."""

    def write(self, data: bytes) -> None:
        """Never waits."""

    async def drain(self) -> None:
        """Wait for room. Raises ConnectionResetError when the peer has gone."""

    def close(self) -> None:
        """After what was written has been sent."""


class SessionEnded(Exception):
    """The connection is over, or does not take new streams."""


class StreamRefused(Exception):
    """The peer does not want this stream."""


class Stream:
    """One stream. It ends for the reader when the peer finishes or resets it, and when the session ends."""

    __slots__ = ("_arrived", "_finished", "_replied", "_session", "_size", "_waiter", "ended", "id", "orderly")

    def __init__(self, session: Session, id_: int, replied: asyncio.Future[None]) -> None:
        self._session = session
        self.id = id_
        self._replied = replied
        self._arrived: deque[bytes] | None = deque()
        self._size = 0
        self._finished = False
        self._waiter: asyncio.Future[None] | None = None
        self.ended = False
        """Nothing more will arrive."""
        self.orderly = False
        """The peer said that it ended."""

    @property
    def full(self) -> bool:
        """More waits here than may; the session does not read on."""
        return self._size > self._session.stream_bytes_max

    async def read(self) -> bytes:
        """What has arrived, piece by piece; b"" at the end. One reader at a time."""
        arrived = self._arrived
        if arrived is None:
            return b""
        while not arrived:
            if self.ended:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        data = arrived.popleft()
        was_full = self.full
        self._size -= len(data)
        if was_full and not self.full:
            self._session._room.set()
        return data

    def discard(self) -> None:
        """Drop what has arrived and what will."""
        self._arrived, self._size = None, 0
        self._session._room.set()

    def write(self, data: bytes) -> None:
        """Send bytes; nothing happens after `finish` or when the stream has been reset."""
        if self._finished:
            return
        for start in range(0, len(data), _WRITE_BYTES_MAX):
            self._session._send_data(self.id, data[start : start + _WRITE_BYTES_MAX])

    async def drain(self) -> None:
        """Wait for room. Raises ConnectionResetError when the peer has gone."""
        await self._session._wire.drain()

    def finish(self) -> None:
        """Close our half."""
        if not self._finished:
            self._finished = True
            self._session._send_data(self.id, b"", fin=True)
            self._session._forget(self)

    def reset(self) -> None:
        """Close both halves."""
        if not self._finished:
            self._finished = True
            self._session._send_reset(self.id, CANCEL)
        self._end()

    def _end(self, *, orderly: bool = False, reset: bool = False) -> None:
        self.ended = True
        self.orderly = self.orderly or orderly
        self._finished = self._finished or reset
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        self._session._forget(self)

    def _feed(self, data: bytes) -> None:
        if not data or self._arrived is None or self.ended:
            return
        self._arrived.append(data)
        self._size += len(data)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Session:
    """See the module. Entered: it reads. Left: what is open is reset, the peer is told, the wire closed."""

    def __init__(
        self,
        *,
        wire: Wire,
        stream_bytes_max: int = 256 << 10,
        ping_period_s: float = 0,
        limits: Limits | None = None,
    ) -> None:
        """`stream_bytes_max`: how much may wait in a stream before reading stops; `ping_period_s`: send pings so often,
        which keeps idle connections alive on their way; 0: never.
        """
        self._wire = wire
        self.stream_bytes_max = stream_bytes_max
        self._ping_period_s = ping_period_s
        self._encoder = Encoder()
        self._decoder = Decoder(limits=limits)
        self._streams: dict[int, Stream] = {}
        self._next_stream = self._next_ping = 1
        self._room = asyncio.Event()
        self._tasks = Tasks()
        self.ended = False
        """The connection is over."""
        self.gone_away = False
        """The peer said goodbye."""
        self.error: ProtocolError | None = None
        """Why we ended it."""

    async def __aenter__(self) -> Self:
        self._tasks.start(self._read(), name="spdy session")
        if self._ping_period_s:
            self._tasks.start(self._ping(), name="spdy pings")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in list(self._streams.values()):
            stream.reset()
        if not self.ended and not self.gone_away:
            self._wire.write(self._encoder.go_away(0))
        self._end()
        self._wire.close()
        await self._tasks.close()

    async def open(self, headers: Iterable[tuple[str, str]], *, timeout_s: float) -> Stream:
        """A new stream, once the peer has accepted it. Raises SessionEnded, StreamRefused, TimeoutError."""
        if self.ended or self.gone_away:
            raise SessionEnded("the connection takes no new streams")
        replied: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        stream = Stream(self, self._next_stream, replied)
        self._next_stream += 2
        self._streams[stream.id] = stream
        self._wire.write(self._encoder.syn_stream(stream.id, headers))
        try:
            async with asyncio.timeout(timeout_s):
                await replied
        except TimeoutError:
            stream.reset()
            raise
        return stream

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self._ping_period_s)
            self._wire.write(self._encoder.ping(self._next_ping))
            self._next_ping += 2

    async def _read(self) -> None:
        try:
            while data := await self._wire.read():
                for frame in self._decoder.feed(data):
                    self._take(frame)
                while any(stream.full for stream in self._streams.values()):
                    self._room.clear()
                    await self._room.wait()
        except ProtocolError as error:
            self.error = error
            self._wire.close()
        except ConnectionError:
            pass
        finally:
            self._end()

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, Data):
            stream = self._streams.get(frame.stream)
            if stream is not None:
                stream._feed(frame.data)
                if frame.fin:
                    stream._end(orderly=True)
        elif isinstance(frame, SynReply):
            stream = self._streams.get(frame.stream)
            if stream is not None:
                if not stream._replied.done():
                    stream._replied.set_result(None)
                if frame.fin:
                    stream._end(orderly=True)
        elif isinstance(frame, RstStream):
            self._reset(frame.stream)
        elif isinstance(frame, Ping):
            if not frame.id % 2:
                self._wire.write(self._encoder.ping(frame.id))
        elif isinstance(frame, SynStream):
            self._send_reset(frame.stream, REFUSED_STREAM)
        elif isinstance(frame, Headers):
            stream = self._streams.get(frame.stream)
            if stream is not None and frame.fin:
                stream._end(orderly=True)
        elif isinstance(frame, GoAway):
            self.gone_away = True

    def _reset(self, id_: int) -> None:
        stream = self._streams.get(id_)
        if stream is None:
            return
        if not stream._replied.done():
            stream._replied.set_exception(StreamRefused(f"stream {id_} was refused"))
        stream._end(orderly=True, reset=True)

    def _end(self) -> None:
        self.ended = True
        for stream in list(self._streams.values()):
            if not stream._replied.done():
                stream._replied.set_exception(SessionEnded("the connection ended"))
                stream._replied.exception()  # its opener may have given up
            stream._end(orderly=self.gone_away, reset=True)
        self._room.set()

    def _forget(self, stream: Stream) -> None:
        if stream.ended and stream._finished:
            self._streams.pop(stream.id, None)

    def _send_data(self, id_: int, data: bytes, *, fin: bool = False) -> None:
        self._wire.write(self._encoder.data(id_, data, fin=fin))

    def _send_reset(self, id_: int, status: int) -> None:
        self._wire.write(self._encoder.rst_stream(id_, status))
