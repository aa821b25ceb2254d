"""A connection of a server without a socket, and a peer that speaks frames to it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

import hpack
import pytest

from steersman.lib.clock import ManualClock
from steersman.lib.http.http2 import frames
from steersman.lib.http.http2.connection import Http2Connection
from steersman.lib.http.message import Request, Response
from steersman.lib.http.server import Limits, Server

GET = (
    (":method", "GET"),
    (":scheme", "https"),
    (":authority", "h"),
    (":path", "/"),
)


class Transport(asyncio.Transport):
    """Keeps what is written; `full` is what its buffer seems to hold."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 4321)})
        self.written = bytearray()
        self.writes = 0
        self.full = 0
        self.closing = self.aborted = False
        self.reading = True

    def write(self, data: bytes) -> None:
        self.written += data
        self.writes += 1

    def set_write_buffer_limits(self, high=None, low=None) -> None:
        self.high = high

    def get_write_buffer_size(self) -> int:
        return self.full

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = self.aborted = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


@dataclass
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def code(self) -> int:
        """Of RST_STREAM or GOAWAY."""
        return int.from_bytes(self.payload[:4] if self.kind == frames.RST_STREAM else self.payload[4:8], "big")


@dataclass
class Answer:
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False
    reset: int | None = None

    @property
    def status(self) -> int:
        return int(self.headers[":status"])


class Dialogue:
    """One connection, seen from the peer."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.transport = Transport()
        self.connection = Http2Connection(server)
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.next_id = 1
        self.lost = False
        self.answers: dict[int, Answer] = {}
        self.control: list[Frame] = []

    def begin(self, settings: dict | None = None) -> Dialogue:
        self.connection.connection_made(self.transport)
        self.feed(frames.PREFACE + frames.settings_frame(settings or {}))
        return self

    def feed(self, data: bytes) -> None:
        self.connection.data_received(data)

    def send(self, kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> None:
        self.feed(frames.frame(kind, flags, stream, payload))

    def block(self, *fields: tuple[str, str]) -> bytes:
        return self.encoder.encode(list(fields))

    def head(self, *more: tuple[str, str], end: bool = True, method: str = "GET", path: str = "/") -> bytes:
        """A HEADERS frame of a new stream, `next_id` afterwards being the next one's."""
        fields = [(n, {":method": method, ":path": path}.get(n, v)) for n, v in GET]
        flags = frames.END_HEADERS | (frames.END_STREAM if end else 0)
        stream, self.next_id = self.next_id, self.next_id + 2
        return frames.frame(frames.HEADERS, flags, stream, self.block(*fields, *more))

    def ask(self, *more: tuple[str, str], end: bool = True, method: str = "GET", path: str = "/") -> int:
        stream = self.next_id
        self.feed(self.head(*more, end=end, method=method, path=path))
        return stream

    def hear(self) -> None:
        """Take in what the server has written, or would write at the end of this turn of the loop."""
        self.connection.sender.flush()
        data, at = bytes(self.transport.written), 0
        self.transport.written.clear()
        while at < len(data):
            head, flags, stream = frames.FRAME_HEAD.unpack_from(data, at)
            payload = data[at + 9 : at + 9 + (head >> 8)]
            assert len(payload) == head >> 8, "frames are whole"
            at += 9 + len(payload)
            self._note(Frame(head & 0xFF, flags, stream, payload))

    def _note(self, frame: Frame) -> None:
        answer = self.answers.setdefault(frame.stream, Answer()) if frame.stream else Answer()
        if frame.kind == frames.HEADERS:
            assert not answer.ended
            answer.headers = dict(self.decoder.decode(frame.payload))
        elif frame.kind == frames.DATA:
            assert answer.headers
            assert not answer.ended
            answer.body += frame.payload
        elif frame.kind == frames.RST_STREAM:
            answer.reset = frame.code
        else:
            self.control.append(frame)
        if frame.kind in (frames.HEADERS, frames.DATA) and frame.flags & frames.END_STREAM:
            answer.ended = True

    def answer(self, stream: int = 1) -> Answer:
        self.hear()
        return self.answers.get(stream, Answer())

    def goaway(self) -> tuple[int, str] | None:
        """Code and message of the last GOAWAY."""
        self.hear()
        found = [frame for frame in self.control if frame.kind == frames.GOAWAY]
        return (found[-1].code, found[-1].payload[8:].decode()) if found else None

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.server.wheel.turn()

    def lose(self) -> None:
        """The connection breaks, if it has not before."""
        if not self.lost:
            self.lost = True
            self.connection.connection_lost(None)

    def full(self, size: int = 300_000) -> None:
        self.transport.full = size
        self.connection.pause_writing()

    def drained(self) -> None:
        self.transport.full = 0
        self.connection.resume_writing()


def echo(request: Request) -> Response:
    """Tells what arrived."""
    return Response(200, b"%s %s %b" % (request.method.encode(), request.path.encode(), request.body), "text/plain")


@pytest.fixture
async def talk(anyio_backend):
    """A function that begins a connection with a handler, the peer's settings, and limits; all are lost at the end."""
    begun: list[Dialogue] = []

    async def start(handler=echo, *, settings=None, error=None, **limits) -> Dialogue:
        more = {} if error is None else {"error": error}
        logger = logging.getLogger("test.http2")
        server = Server(handler=handler, limits=Limits(**limits), clock=ManualClock(), logger=logger, **more)
        server.loop = asyncio.get_running_loop()
        begun.append(Dialogue(server).begin(settings))
        return begun[-1]

    yield start
    for dialogue in begun:
        dialogue.lose()
        await dialogue.server.drain(0)
        assert dialogue.server.counters.in_flight == 0
        assert dialogue.connection.busy == 0


async def turn() -> None:
    """Let the loop run what is ready."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def settle():
    return turn
