"""HTTP/2 over TLS on a real server, by a client that was written elsewhere; and HTTP/1.1 beside it."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import pytest

from steersman.lib.http.http2 import frames
from steersman.lib.http.http2.frames import ErrorCode
from steersman.lib.http.message import Request, Response, StreamResponse
from steersman.lib.http.tls import server_context


@dataclass
class Answer:
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False
    reset: int | None = None


class H2Client:
    """Requests on one connection; `until` reads on until something has happened."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.protocol = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.answers: dict[int, Answer] = {}
        self.protocol.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self.writer.write(self.protocol.data_to_send())

    def ask(self, method: str, path: str, *more: tuple[str, str], body: bytes | None = None) -> int:
        stream = self.protocol.get_next_available_stream_id()
        fields = [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path), *more]
        self.protocol.send_headers(stream, fields, end_stream=body is None)
        self.answers[stream] = Answer()
        self.flush()
        return stream

    async def upload(self, stream: int, body: bytes) -> None:
        at = 0
        while at < len(body):
            room = min(self.protocol.local_flow_control_window(stream), self.protocol.max_outbound_frame_size)
            if not room:
                await self.hear()
                continue
            self.protocol.send_data(stream, body[at : at + room])
            at += room
            self.flush()
        self.protocol.end_stream(stream)
        self.flush()

    async def hear(self) -> bool:
        data = await self.reader.read(65536)
        for event in self.protocol.receive_data(data):
            answer = self.answers.get(getattr(event, "stream_id", 0) or 0, Answer())
            if isinstance(event, h2.events.ResponseReceived):
                answer.headers = dict(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                answer.body += event.data
                self.protocol.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                answer.ended = True
            elif isinstance(event, h2.events.StreamReset):
                answer.reset = event.error_code
        self.flush()
        return bool(data)

    async def answer(self, stream: int) -> Answer:
        answer = self.answers[stream]
        async with asyncio.timeout(10):
            while not answer.ended and answer.reset is None:
                assert await self.hear()
        return answer


@pytest.fixture
async def connect(serve, pki):
    """A function that starts a server with a handler, and returns it with a function that opens connections to it."""

    def tls(*protocols: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if protocols:
            context.set_alpn_protocols(protocols)
        return context

    async def start(handler, **limits):
        server_side = server_context(certificate=pki.certificate("old"), key=pki.key("old"))
        site = await serve(handler, tls=server_side, **limits)

        async def client(*protocols: str):
            plain = await site.connect(tls(*protocols))
            agreed = plain.writer.get_extra_info("ssl_object").selected_alpn_protocol()
            return H2Client(plain.reader, plain.writer) if agreed == "h2" else plain

        return site, client

    return start


def echo(request: Request) -> Response:
    return Response(200, b"%s %s %b" % (request.method.encode(), request.path.encode(), request.body), "text/plain")


async def test_requests_are_answered_on_one_connection(connect) -> None:
    site, open_client = await connect(echo)
    client = await open_client("h2", "http/1.1")
    streams = [client.ask("GET", f"/{number}", ("user-agent", "test")) for number in range(50)]
    for number, stream in enumerate(streams):
        answer = await client.answer(stream)
        assert (answer.headers[":status"], answer.body) == ("200", b"GET /%d " % number)
    assert (site.server.counters.requests, site.server.counters.connections) == (50, 1)


@pytest.mark.parametrize("protocols", [("http/1.1", "h2"), ("h2",)])
async def test_the_server_prefers_http_2(connect, protocols) -> None:
    _, open_client = await connect(echo)
    assert isinstance(await open_client(*protocols), H2Client)


@pytest.mark.parametrize("protocols", [("http/1.1",), ()])
async def test_who_does_not_ask_for_it_speaks_http_1_1(connect, protocols) -> None:
    _, open_client = await connect(echo)
    client = await open_client(*protocols)
    client.send(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
    assert (await client.answer()).body == b"GET /x "


async def test_large_bodies_cross_in_both_directions(connect) -> None:
    _, open_client = await connect(echo)
    client = await open_client("h2")
    body = bytes(range(256)) * 8000
    streams = [client.ask("POST", "/up", body=b"") for _ in range(3)]
    for stream in streams:
        await client.upload(stream, body)
    for stream in streams:
        assert (await client.answer(stream)).body == b"POST /up " + body


async def test_streams_and_answers_share_a_connection(connect) -> None:
    events = asyncio.Queue()

    async def run(stream) -> None:
        while (event := await events.get()) is not None:
            stream.write(event)

    big = Response(200, [b"x" * 100_000] * 30)
    answers = {"/watch": StreamResponse(200, run), "/big": big, "/small": Response(200, b"small")}
    _, open_client = await connect(lambda r: answers[r.path])
    client = await open_client("h2")
    watch, large, small = (client.ask("GET", path) for path in answers)
    assert (await client.answer(small)).body == b"small"
    events.put_nowait(b"one\n")
    assert (await client.answer(large)).body == b"x" * 3_000_000
    assert client.answers[watch].body == b"one\n"
    events.put_nowait(None)
    assert (await client.answer(watch)).body == b"one\n"


async def test_a_refusal_reaches_a_peer_that_goes_on_sending(connect) -> None:
    _, open_client = await connect(echo, body_bytes_max=10)
    client = await open_client("h2")
    stream = client.ask("POST", "/", ("content-length", "200000"), body=b"")
    client.protocol.send_data(stream, b"x" * 16_000)
    client.flush()
    answer = await client.answer(stream)
    assert (answer.headers[":status"], answer.body) == ("413", b"limit is 10\n")
    assert (await client.answer(client.ask("GET", "/"))).body == b"GET / "


async def test_a_stopping_server_lets_streams_end(connect) -> None:
    async def run(stream) -> None:
        await stream.draining.wait()
        stream.write(b"bye")

    site, open_client = await connect(lambda _: StreamResponse(200, run))
    busy, idle = await open_client("h2"), await open_client("h2")
    stream = busy.ask("GET", "/")
    while not busy.answers[stream].headers:
        await busy.hear()
    draining = asyncio.ensure_future(site.server.drain(5))  # noqa: TID251
    heard = await asyncio.gather(busy.reader.read(), idle.reader.read())  # h2 itself takes any GOAWAY for the end
    for client in (busy, idle):
        client.writer.close()
    async with asyncio.timeout(5):
        await draining
    assert frames.frame(frames.DATA, 0, 1, b"bye") in heard[0]
    assert heard[0].count(frames.goaway_frame(1, ErrorCode.NO_ERROR)) == 1
    assert heard[1].endswith(frames.goaway_frame(0, ErrorCode.NO_ERROR))


async def test_a_peer_that_does_not_look_does_not_hold_up_the_end(connect) -> None:
    site, open_client = await connect(echo)
    client = await open_client("h2")
    await client.answer(client.ask("GET", "/"))
    client.reader._transport.pause_reading()
    begun = site.server.loop.time()
    await site.server.drain(5)
    assert site.server.loop.time() - begun < 1
    client.reader._transport.resume_reading()


async def test_a_client_certificate_is_seen(serve, pki) -> None:
    context = server_context(
        certificate=pki.certificate("old"), key=pki.key("old"), client_ca=pki.certificate("authority")
    )
    site = await serve(lambda r: Response(200, r.peer.certificate_der or b"none"), tls=context)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    tls.set_alpn_protocols(["h2"])
    tls.load_cert_chain(pki.certificate("alice"), pki.key("alice"))
    plain = await site.connect(tls)
    client = H2Client(plain.reader, plain.writer)
    assert b"alice" in (await client.answer(client.ask("GET", "/"))).body
