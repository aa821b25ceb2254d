"""Messages over an upgraded connection.

Fragments are put together, pings answered and closing handshakes completed while `receive` waits. What is sent is
written at once, each message in one frame; who sends much awaits `drain`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from websockets.frames import BINARY, CONT, TEXT, CloseCode, Frame
from websockets.protocol import SERVER, State
from websockets.protocol import Protocol as Frames

if TYPE_CHECKING:
    from websockets.protocol import Event

MESSAGE_BYTES_MAX = 32 << 20
_log = logging.getLogger(__name__)


class _Quiet(logging.LoggerAdapter[logging.Logger]):
    """For the frame layer, to which the end of every connection is news."""

    def info(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.debug(msg, *args, **kwargs)


class Wire(Protocol):
    """What a connection needs of the stream under it."""

    async def read(self) -> bytes:
        """b"" at the end."""

    def write(self, data: bytes) -> None:
        """Never waits."""

    async def drain(self) -> None:
        """Wait for room. Raises ConnectionResetError when the peer has gone."""

    def close(self) -> None:
        """After what was written has been sent."""


class Message(NamedTuple):
    """One message; `text`: as such it was sent, and `data` is its UTF-8."""

    data: bytes
    text: bool


class WebSocket:
    """The server's end, after the handshake."""

    def __init__(self, *, wire: Wire, message_bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self._wire = wire
        logger = _Quiet(_log)
        self._frames = Frames(SERVER, state=State.OPEN, max_size=message_bytes_max, logger=logger)
        self._ready: list[Message] = []
        self._parts: list[bytes] = []
        self._text = False
        self._ended = False

    async def receive(self) -> Message | None:
        """The next message, None when there will be no more: the peer closed, broke a rule, or went away."""
        while not self._ready:
            if self._ended:
                return None
            data = await self._wire.read()
            if data:
                self._frames.receive_data(data)
            else:
                self._frames.receive_eof()
                self._ended = True
            self._flush()
            self._ready += [message for event in self._frames.events_received() if (message := self._join(event))]
            self._ready.reverse()
            if self._frames.state is not State.OPEN:
                self._ended = True
        return self._ready.pop()

    def send(self, data: bytes, *, text: bool = False) -> None:
        """One message, binary unless it is `text`. Nothing happens once the connection is closing."""
        if self._frames.state is State.OPEN:
            if text:
                self._frames.send_text(data)
            else:
                self._frames.send_binary(data)
            self._flush()

    async def drain(self) -> None:
        """Wait for room. Raises ConnectionResetError when the peer has gone."""
        await self._wire.drain()

    def close(self, code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Say goodbye if that was not done, and close what is under the connection once it has been sent."""
        if self._frames.state is State.OPEN:
            self._frames.send_close(code, reason)
            self._flush()
        self._ended = True
        self._wire.close()

    async def linger(self) -> None:
        """Say goodbye, and take what is still on its way until the peer says it too, or has gone.

        A connection that is closed while something of it is unread is reset, and the peer may lose what it was sent
        last. The caller gives it a time.
        """
        if self._frames.state is State.OPEN:
            self._frames.send_close(CloseCode.NORMAL_CLOSURE)
            self._flush()
        self._ended = True
        while self._frames.close_rcvd is None and (data := await self._wire.read()):
            self._frames.receive_data(data)
            self._frames.events_received()

    def _flush(self) -> None:
        # The layer's sign for closing is an empty write; who reads sees the end and closes.
        for data in self._frames.data_to_send():
            if data:
                self._wire.write(data)

    def _join(self, frame: Event) -> Message | None:
        if not isinstance(frame, Frame) or frame.opcode not in (TEXT, BINARY, CONT):
            return None
        if frame.opcode is not CONT:
            self._text = frame.opcode is TEXT
        if frame.fin and not self._parts:
            return Message(bytes(frame.data), self._text)
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            return None
        parts, self._parts = self._parts, []
        return Message(b"".join(parts), self._text)
