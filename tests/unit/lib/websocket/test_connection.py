"""Messages over a stream, against the client's side of the protocol."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
from websockets.frames import BINARY, CLOSE, PONG
from websockets.protocol import CLIENT, Protocol

from steersman.lib.websocket.connection import Message, WebSocket

pytestmark = pytest.mark.virtual_time


class Wire:
    """What the client says, and what it is told."""

    def __init__(self) -> None:
        self.client = Protocol(CLIENT)
        self._waiting: deque[bytes] = deque()
        self.closed = False

    async def read(self) -> bytes:
        return self._waiting.popleft() if self._waiting else b""

    def write(self, data: bytes) -> None:
        self.client.receive_data(data)

    async def drain(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def arrive(self, data: bytes | None = None) -> None:
        """Bytes of the client, by default what it has to send."""
        self._waiting += [data] if data is not None else [piece for piece in self.client.data_to_send() if piece]

    def told(self) -> list[Any]:
        return self.client.events_received()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def socket(wire: Wire) -> WebSocket:
    return WebSocket(wire=wire, message_bytes_max=1000)


async def test_messages_arrive_whole_and_in_order(wire: Wire, socket: WebSocket) -> None:
    wire.client.send_binary(b"one")
    wire.client.send_text(b"two")
    wire.client.send_binary(b"th", fin=False)
    wire.client.send_ping(b"between")
    wire.client.send_continuation(b"r", fin=False)
    wire.client.send_continuation(b"ee", fin=True)
    sent = b"".join(wire.client.data_to_send())
    for start in range(0, len(sent), 5):
        wire.arrive(sent[start : start + 5])
    expected = [Message(b"one", False), Message(b"two", True), Message(b"three", False), None, None]
    assert [await socket.receive() for _ in expected] == expected
    assert [(event.opcode, event.data) for event in wire.told()] == [(PONG, b"between")]


async def test_several_messages_may_come_at_once(wire: Wire, socket: WebSocket) -> None:
    for text in (b"1", b"2", b"3"):
        wire.client.send_binary(text)
    wire.arrive(b"".join(wire.client.data_to_send()))
    assert [(await socket.receive()).data for _ in range(3)] == [b"1", b"2", b"3"]  # type: ignore[union-attr]


async def test_what_is_sent_is_one_message_each(wire: Wire, socket: WebSocket) -> None:
    socket.send(b"a" * 70_000)
    socket.send(b"")
    assert [(event.opcode, len(event.data)) for event in wire.told()] == [(BINARY, 70_000), (BINARY, 0)]


async def test_a_closing_client_is_answered(wire: Wire, socket: WebSocket) -> None:
    wire.client.send_binary(b"last")
    wire.client.send_close(1000, "bye")
    wire.arrive()
    assert await socket.receive() == Message(b"last", False)
    assert await socket.receive() is None
    socket.send(b"too late")
    assert [event.opcode for event in wire.told()] == [CLOSE]
    socket.close()
    assert wire.closed


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (b"\x82\x01a", 1002),  # not masked
        (b"\xf2\x81\0\0\0\0a", 1002),  # reserved bits
        (b"\x80\x81\0\0\0\0a", 1002),  # continues nothing
        (b"\x82\xfe\x04\0\0\0\0\0", 1009),  # 1024 bytes
    ],
)
async def test_who_breaks_the_rules_is_told_and_left(wire: Wire, socket: WebSocket, wrong: bytes, code: int) -> None:
    wire.arrive(wrong)
    assert await socket.receive() is None
    assert wire.client.close_rcvd is not None
    assert wire.client.close_rcvd.code == code


async def test_fragments_count_together(wire: Wire, socket: WebSocket) -> None:
    wire.client.send_binary(bytes(600), fin=False)
    wire.client.send_continuation(bytes(600), fin=True)
    wire.arrive()
    assert await socket.receive() is None


async def test_goodbye_is_said_once(wire: Wire, socket: WebSocket) -> None:
    socket.close(1001)
    socket.close()
    assert wire.client.close_rcvd is not None
    assert wire.client.close_rcvd.code == 1001
    assert await socket.receive() is None


async def test_lingering_takes_what_is_still_on_its_way(wire: Wire, socket: WebSocket) -> None:
    wire.client.send_binary(b"unread")
    wire.arrive()
    wire.client.send_close(1000)
    wire.arrive()
    wire.arrive(b"never asked for")
    await socket.linger()
    assert await wire.read() == b"never asked for"
    assert wire.client.close_rcvd is not None
    socket.close()
    assert wire.closed
