"""What becomes of an answer while it arrives: collected as a whole, handed out piece by piece, or left for a stream.

A connection calls `begun` when it takes the request, `on_head`, `on_body` and `on_end` as the answer comes,
`on_switched` in place of all these after a 101, and `on_error` when nothing more will come. `answered` is what the
caller waits for.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from steersman.lib.http.client.errors import ProtocolError
from steersman.lib.http.client.message import ClientResponse

if TYPE_CHECKING:
    from types import TracebackType

    from steersman.lib.http.client.errors import ClientError
    from steersman.lib.http.client.message import ClientLimits
    from steersman.lib.http.message import Headers
    from steersman.lib.http.stream import RawStream


class Line(Protocol):
    """What an answer needs of its connection."""

    def hold_reading(self, hold: bool) -> None:
        """Stop or go on reading from the peer."""

    def abandon(self, answer: Answer) -> None:
        """Cut the connection if it still belongs to `answer`."""


class Answer:
    """Base of all: who waits for it, and on which connection it arrives."""

    __slots__ = ("answered", "line")

    upgrade = False
    """101 is an answer to what was asked."""

    def __init__(self) -> None:
        self.begun(None)

    def begun(self, line: Line | None) -> None:
        """The request is sent on `line`, perhaps not for the first time."""
        self.line = line
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def abandon(self) -> None:
        """Nobody is interested any more."""
        if self.line is not None:
            self.line.abandon(self)
            self.line = None

    def on_head(self, status: int, headers: Headers) -> None:
        """The final status and its header fields."""
        raise NotImplementedError

    def on_body(self, data: bytes) -> None:
        """More of the body. Raises ProtocolError when it is too much."""
        raise NotImplementedError

    def on_end(self) -> None:
        """The answer is complete, and the connection is no longer its own."""
        self.line = None

    def on_switched(self, headers: Headers, stream: RawStream) -> None:
        """The peer has changed to another protocol; only if `upgrade`."""
        raise NotImplementedError

    def on_error(self, error: ClientError) -> None:
        """The answer will never be complete."""
        self.line = None
        if not self.answered.done():
            self.answered.set_exception(error)

    def _wake(self) -> None:
        if not self.answered.done():
            self.answered.set_result(None)


class WholeAnswer(Answer):
    """`answered` once it is complete; then `response()` is it."""

    __slots__ = ("_body", "_headers", "_limit", "_status")

    _headers: Headers

    def __init__(self, limits: ClientLimits) -> None:
        super().__init__()
        self._limit = limits.body_bytes_max
        self._status = 0
        self._body: bytes | bytearray = b""

    def response(self) -> ClientResponse:
        """What arrived."""
        return ClientResponse(self._status, self._headers, bytes(self._body))

    def on_head(self, status: int, headers: Headers) -> None:
        self._status, self._headers = status, headers

    def on_body(self, data: bytes) -> None:
        if len(self._body) + len(data) > self._limit:
            raise _too_large(self._limit)
        if not self._body:
            self._body = data
            return
        if not isinstance(self._body, bytearray):
            self._body = bytearray(self._body)
        self._body += data

    def on_end(self) -> None:
        super().on_end()
        self._wake()


class OpenResponse(Answer):
    """An answer whose body is still arriving, of any status.

    Iterate over it, `read` it, or both; then, or instead, `close` it (`async with` does). Pieces are as they came, not
    as the peer framed them. One reader at a time. A reader that is cancelled ends the answer. Raises PeerClosed,
    ProtocolError, TlsError or ClientClosed where the body ends too early, after all that had arrived.
    """

    __slots__ = ("_body_bytes_max", "_ended", "_error", "_pieces", "_read_max", "_size", "_waiter", "headers", "status")

    headers: Headers

    def __init__(self, limits: ClientLimits) -> None:
        super().__init__()
        self.status = 0
        self._read_max = limits.read_buffer_bytes
        self._body_bytes_max = limits.body_bytes_max
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._error: ClientError | None = None
        self._waiter: asyncio.Future[None] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._next()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def read(self) -> bytes:
        """All that has not been read yet. Raises ProtocolError when that is more than `ClientLimits.body_bytes_max`."""
        pieces, size = [], 0
        while piece := await self._next():
            size += len(piece)
            if size > self._body_bytes_max:
                self._end()
                raise _too_large(self._body_bytes_max)
            pieces.append(piece)
        return b"".join(pieces)

    async def close(self) -> None:
        """Give up what has not been read; safe to call at any time, and more than once."""
        self._end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    async def _next(self) -> bytes:
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self._ended:
                return b""
            if self._waiter is not None:
                raise RuntimeError("another task reads this answer")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            except asyncio.CancelledError:
                self._end()
                raise
            finally:
                self._waiter = None
        piece = self._pieces.popleft()
        before = self._size
        self._size -= len(piece)
        if before > self._read_max >= self._size and self.line is not None:
            self.line.hold_reading(False)
        return piece

    def _end(self) -> None:
        self.abandon()
        self._pieces.clear()
        self._size = 0
        self._ended = True
        self._wake_reader()

    def _wake_reader(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def on_head(self, status: int, headers: Headers) -> None:
        self.status, self.headers = status, headers
        self._wake()

    def on_body(self, data: bytes) -> None:
        self._pieces.append(data)
        self._size += len(data)
        if self._size > self._read_max and self.line is not None:
            self.line.hold_reading(True)
        self._wake_reader()

    def on_end(self) -> None:
        super().on_end()
        self._ended = True
        self._wake_reader()

    def on_error(self, error: ClientError) -> None:
        super().on_error(error)
        self._error = error
        self._wake_reader()


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The peer speaks another protocol now. Whoever has this owns the connection, and closes the stream."""

    headers: Headers
    stream: RawStream


class SwitchedAnswer(OpenResponse):
    """The answer to a request for an upgrade: `upgraded` if that was granted, otherwise an open answer like others."""

    __slots__ = ("upgraded",)

    upgrade = True

    def __init__(self, limits: ClientLimits) -> None:
        super().__init__(limits)
        self.upgraded: Upgraded | None = None

    def abandon(self) -> None:
        super().abandon()
        if self.upgraded is not None:
            self.upgraded.stream.abort()

    def on_switched(self, headers: Headers, stream: RawStream) -> None:
        self.line = None
        self.upgraded = Upgraded(headers, stream)
        self._wake()


def _too_large(limit: int) -> ProtocolError:
    return ProtocolError(f"the body of the answer is larger than {limit} bytes")
