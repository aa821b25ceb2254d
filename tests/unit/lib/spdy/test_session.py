"""The client's end, against a peer that is played frame by frame."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest

from steersman.lib.spdy.frames import Data, Decoder, Encoder, GoAway, Ping, RstStream, SynStream
from steersman.lib.spdy.session import Session, SessionEnded, Stream, StreamRefused

if TYPE_CHECKING:
    from steersman.lib.spdy.frames import Frame

pytestmark = pytest.mark.virtual_time
KIND = (("kind", "x"),)


class Wire:
    """Both ends of a connection: the session's, and a peer's frames."""

    def __init__(self) -> None:
        self.encoder = Encoder()
        self._decoder = Decoder()
        self._to_session: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self.frames: list[Frame] = []
        self.closed = False
        self.reads = 0
        self.accepts = True

    async def read(self) -> bytes:
        while not self._to_session:
            self._arrived.clear()
            await self._arrived.wait()
        self.reads += 1
        return self._to_session.popleft()

    def write(self, data: bytes) -> None:
        for frame in self._decoder.feed(data):
            self.frames.append(frame)
            if isinstance(frame, SynStream) and self.accepts:
                self.send(self.encoder.syn_reply(frame.stream))

    async def drain(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def send(self, data: bytes) -> None:
        """As the peer."""
        self._to_session.append(data)
        self._arrived.set()


async def _opened(session: Session) -> Stream:
    return await session.open(KIND, timeout_s=30)


async def test_streams_are_opened_written_and_finished() -> None:
    wire = Wire()
    async with Session(wire=wire) as session:
        first, second = await _opened(session), await _opened(session)
        second.write(b"hello")
        second.finish()
        second.write(b"too late")
        second.finish()
        wire.send(wire.encoder.data(1, b"a") + wire.encoder.data(1, b"b", fin=True))
        assert [await first.read() for _ in range(3)] == [b"a", b"b", b""]
        assert first.orderly
    sent: list[Any] = [SynStream(1, KIND), SynStream(3, KIND), Data(3, b"hello"), Data(3, b"", fin=True)]
    assert wire.frames == [*sent, RstStream(1, 5), GoAway(0, 0)]
    assert wire.closed


async def test_large_writes_become_frames_of_a_size() -> None:
    wire = Wire()
    async with Session(wire=wire) as session:
        (await _opened(session)).write(bytes(150_000))
    assert [len(frame.data) for frame in wire.frames if isinstance(frame, Data)] == [65536, 65536, 18928]


async def test_a_peer_may_refuse_a_stream_or_not_answer() -> None:
    wire = Wire()
    wire.accepts = False
    async with Session(wire=wire) as session:
        wire.send(wire.encoder.rst_stream(1, 3))
        with pytest.raises(StreamRefused):
            await _opened(session)
        with pytest.raises(TimeoutError):
            await _opened(session)
        assert wire.frames[-1] == RstStream(3, 5)
        wire.send(b"")
        with pytest.raises(SessionEnded):
            await _opened(session)
        with pytest.raises(SessionEnded):
            await _opened(session)


async def test_reading_stops_while_a_stream_is_full() -> None:
    wire = Wire()
    async with Session(wire=wire, stream_bytes_max=10) as session:
        slow, other = await _opened(session), await _opened(session)
        before = wire.reads
        for _ in range(3):
            wire.send(wire.encoder.data(1, bytes(11)))
        wire.send(wire.encoder.data(3, b"other"))
        await asyncio.sleep(1)
        assert wire.reads == before + 1
        for _ in range(3):
            await slow.read()
        assert await other.read() == b"other"
        slow.discard()
        wire.send(wire.encoder.data(1, bytes(11)) + wire.encoder.data(3, b"more"))
        assert await other.read() == b"more"
        assert await slow.read() == b""


async def test_a_reset_ends_both_directions() -> None:
    wire = Wire()
    async with Session(wire=wire) as session:
        stream = await _opened(session)
        wire.send(wire.encoder.data(1, b"last") + wire.encoder.rst_stream(1, 5))
        assert [await stream.read(), await stream.read()] == [b"last", b""]
        assert stream.orderly
        stream.write(b"nobody listens")
    assert not any(isinstance(frame, Data) for frame in wire.frames)


@pytest.mark.parametrize("goodbye", [True, False])
async def test_streams_end_with_the_connection(goodbye: bool) -> None:
    wire = Wire()
    async with Session(wire=wire) as session:
        stream = await _opened(session)
        if goodbye:
            wire.send(wire.encoder.go_away(1))
        wire.send(b"")
        assert await stream.read() == b""
        assert (stream.orderly, session.ended, session.gone_away) == (goodbye, True, goodbye)


async def test_nonsense_ends_the_session() -> None:
    wire = Wire()
    async with Session(wire=wire) as session:
        stream = await _opened(session)
        wire.send(b"\x80\x02\0\6\0\0\0\4\0\0\0\2")  # SPDY/2
        while await stream.read():
            pass
        assert session.error is not None
    assert wire.closed


async def test_pings_are_sent_and_sent_back() -> None:
    wire = Wire()
    async with Session(wire=wire, ping_period_s=5) as session:
        stream = await _opened(session)
        await asyncio.sleep(11)
        wire.send(wire.encoder.ping(2) + wire.encoder.ping(1) + wire.encoder.data(1, b"."))
        await stream.read()
        assert [frame.id for frame in wire.frames if isinstance(frame, Ping)] == [1, 3, 2]


async def test_what_is_not_ours_is_refused_or_ignored() -> None:
    wire = Wire()
    async with Session(wire=wire) as session:
        stream = await _opened(session)
        wire.send(wire.encoder.syn_stream(2, KIND) + wire.encoder.data(9, b"?") + wire.encoder.rst_stream(9, 1))
        wire.send(wire.encoder.syn_reply(9) + wire.encoder.headers(9, ()) + wire.encoder.headers(1, (), fin=True))
        assert await stream.read() == b""
        assert RstStream(2, 3) in wire.frames


async def test_a_reply_may_end_a_stream_at_once() -> None:
    wire = Wire()
    wire.accepts = False
    async with Session(wire=wire) as session:
        wire.send(wire.encoder.syn_reply(1, fin=True))
        stream = await _opened(session)
        assert await stream.read() == b""
