"""What arrives: rules of the protocol, windows, bodies, and peers that do harm."""

from __future__ import annotations

import random

import pytest

from steersman.lib.http.http2 import frames
from steersman.lib.http.http2.frames import ErrorCode, Setting
from steersman.lib.http.message import Request, Response

LARGE = 1 << 20


def data(stream: int, content: bytes, *, end: bool = False) -> bytes:
    return frames.frame(frames.DATA, frames.END_STREAM if end else 0, stream, content)


async def test_the_server_tells_its_limits_first(talk) -> None:
    dialogue = await talk()
    dialogue.hear()
    settings, window, ack = dialogue.control
    assert dict(frames.parse_settings(settings.payload)) == {
        Setting.MAX_CONCURRENT_STREAMS: 100,
        Setting.INITIAL_WINDOW_SIZE: 256 * 1024,
        Setting.MAX_FRAME_SIZE: 256 * 1024,
        Setting.MAX_HEADER_LIST_SIZE: 1 << 20,
    }
    assert frames.parse_number(window.payload) == 100 * 256 * 1024 - 65_535
    assert (ack.kind, ack.flags) == (frames.SETTINGS, frames.ACK)


async def test_frames_may_arrive_in_any_pieces(talk) -> None:
    dialogue = await talk()
    raw = dialogue.head() + dialogue.head(end=False, method="POST", path="/p") + data(3, b"hello", end=True)
    for at in range(len(raw)):
        dialogue.feed(raw[at : at + 1])
    assert dialogue.answer(1).body == b"GET / "
    assert dialogue.answer(3).body == b"POST /p hello"


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" + b" " * 20,
        frames.PREFACE + frames.frame(frames.PING, 0, 0, b"12345678"),
        frames.PREFACE + frames.frame(frames.SETTINGS, frames.ACK, 0, b""),
    ],
)
async def test_the_preface_is_asked_for(talk, raw: bytes) -> None:
    dialogue = await talk()
    dialogue.connection._intake.greeted = False
    dialogue.feed(raw)
    assert dialogue.goaway()[0] == ErrorCode.PROTOCOL_ERROR


HEAD = b"\x82\x87\x84\x41\x01h"  # GET https / h


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (frames.frame(frames.DATA, 0, 0, b"x"), ErrorCode.PROTOCOL_ERROR),
        (frames.frame(frames.DATA, 0, 5, b"x"), ErrorCode.PROTOCOL_ERROR),
        (frames.frame(frames.HEADERS, 5, 2, HEAD), ErrorCode.STREAM_CLOSED),
        (frames.frame(frames.HEADERS, 5, 0, HEAD), ErrorCode.STREAM_CLOSED),
        (frames.frame(frames.HEADERS, 5, 1, b"\x80"), ErrorCode.COMPRESSION_ERROR),
        (frames.frame(frames.HEADERS, 5, 3, HEAD) + frames.frame(frames.HEADERS, 5, 1, HEAD), ErrorCode.STREAM_CLOSED),
        (2 * frames.frame(frames.HEADERS, 5, 1, HEAD), ErrorCode.STREAM_CLOSED),
        (frames.frame(frames.HEADERS, 5 | 8, 1, b""), ErrorCode.FRAME_SIZE_ERROR),
        (frames.frame(frames.HEADERS, 5 | 8, 1, b"\x40" + HEAD), ErrorCode.PROTOCOL_ERROR),
        (frames.frame(frames.HEADERS, 5 | 32, 1, b"\x00\x00"), ErrorCode.FRAME_SIZE_ERROR),
        (
            frames.frame(frames.HEADERS, 1, 1, HEAD) + frames.frame(frames.PING, 0, 0, b"8" * 8),
            ErrorCode.PROTOCOL_ERROR,
        ),
        (2 * frames.frame(frames.HEADERS, 1, 1, HEAD), ErrorCode.PROTOCOL_ERROR),
        (
            frames.frame(frames.HEADERS, 1, 1, HEAD) + frames.frame(frames.CONTINUATION, 4, 3, b""),
            ErrorCode.PROTOCOL_ERROR,
        ),
        (frames.frame(frames.CONTINUATION, 4, 1, HEAD), ErrorCode.PROTOCOL_ERROR),
        (frames.frame(frames.PING, 0, 1, b"8" * 8), ErrorCode.PROTOCOL_ERROR),
        (frames.frame(frames.PING, 0, 0, b"7" * 7), ErrorCode.FRAME_SIZE_ERROR),
        (frames.frame(frames.SETTINGS, 0, 1, b""), ErrorCode.PROTOCOL_ERROR),
        (frames.frame(frames.SETTINGS, 1, 0, b"x" * 6), ErrorCode.FRAME_SIZE_ERROR),
        (frames.frame(frames.SETTINGS, 0, 0, b"x"), ErrorCode.FRAME_SIZE_ERROR),
        (frames.frame(frames.PRIORITY, 0, 0, b"x" * 5), ErrorCode.PROTOCOL_ERROR),
        (frames.frame(frames.PUSH_PROMISE, 4, 1, b"x" * 5), ErrorCode.PROTOCOL_ERROR),
        (frames.frame(frames.GOAWAY, 0, 1, b"x" * 8), ErrorCode.PROTOCOL_ERROR),
        (frames.frame(frames.RST_STREAM, 0, 1, b"x" * 4), ErrorCode.PROTOCOL_ERROR),
        (frames.frame(frames.RST_STREAM, 0, 1, b"x" * 3), ErrorCode.FRAME_SIZE_ERROR),
        (frames.window_frame(0, 0), ErrorCode.PROTOCOL_ERROR),
        (frames.window_frame(0, 0x7FFFFFFF), ErrorCode.FLOW_CONTROL_ERROR),
        (frames.window_frame(7, 1), ErrorCode.PROTOCOL_ERROR),
        (frames.FRAME_HEAD.pack((256 * 1024 + 1) << 8, 0, 1), ErrorCode.FRAME_SIZE_ERROR),
    ],
)
async def test_faults_of_a_connection_end_it_and_say_why(talk, raw: bytes, code: ErrorCode) -> None:
    dialogue = await talk()
    dialogue.feed(raw)
    assert dialogue.goaway()[0] == code
    assert dialogue.server.counters.refused == 1
    before = dialogue.server.counters.requests
    dialogue.ask()
    assert dialogue.server.counters.requests == before, "nothing is served any more"
    dialogue.pass_time(3)
    assert dialogue.transport.closing


async def test_padding_and_priority_are_read_over(talk) -> None:
    dialogue = await talk()
    block = dialogue.block((":method", "POST"), (":scheme", "https"), (":authority", "h"), (":path", "/p"))
    dialogue.send(frames.HEADERS, 4 | 8 | 32, 1, b"\x03" + b"\x80\x00\x00\x00\x10" + block + b"\x00" * 3)
    dialogue.send(frames.PRIORITY, 0, 9, b"\x00" * 5)
    dialogue.send(0x77, 0xFF, 3, b"unknown")
    dialogue.send(frames.DATA, 1 | 8, 1, b"\x02abc\x00\x00")
    assert dialogue.answer().body == b"POST /p abc"


async def test_header_blocks_may_go_on(talk) -> None:
    dialogue = await talk()
    block = dialogue.block((":method", "GET"), (":scheme", "https"), (":authority", "h"), (":path", "/" + "x" * 99))
    dialogue.send(frames.HEADERS, frames.END_STREAM, 1, block[:5])
    dialogue.send(frames.CONTINUATION, 0, 1, block[5:9])
    dialogue.send(frames.CONTINUATION, frames.END_HEADERS, 1, block[9:])
    assert dialogue.answer().body == b"GET /" + b"x" * 99 + b" "


async def test_trailers_end_a_request(talk) -> None:
    dialogue = await talk()
    stream = dialogue.ask(end=False, method="POST")
    dialogue.feed(data(stream, b"abc"))
    dialogue.send(frames.HEADERS, 5, stream, dialogue.block(("x-checksum", "1")))
    assert dialogue.answer().body == b"POST / abc"


@pytest.mark.parametrize(("flags", "field"), [(5, (":path", "/")), (4, ("x", "y")), (5, ("connection", "close"))])
async def test_malformed_trailers_are_refused(talk, flags: int, field) -> None:
    dialogue = await talk()
    stream = dialogue.ask(end=False, method="POST")
    dialogue.send(frames.HEADERS, flags, stream, dialogue.block(field))
    answer = dialogue.answer()
    assert (answer.status, answer.reset) == (400, ErrorCode.PROTOCOL_ERROR)
    dialogue.ask()
    assert dialogue.answer(3).status == 200


async def test_a_malformed_request_is_told_and_its_stream_is_reset(talk) -> None:
    dialogue = await talk()
    dialogue.ask(("connection", "close"))
    answer = dialogue.answer()
    assert (answer.status, answer.ended, answer.reset) == (400, True, ErrorCode.PROTOCOL_ERROR)
    assert b"connection" in answer.body
    dialogue.ask()
    assert dialogue.answer(3).status == 200


@pytest.mark.parametrize(("length", "parts"), [("3", [b"abcd"]), ("5", [b"abcd"]), ("3", [b"ab", b"cd"]), ("1", [b""])])
async def test_a_body_has_the_length_that_was_told(talk, length: str, parts: list[bytes]) -> None:
    dialogue = await talk()
    stream = dialogue.ask(("content-length", length), end=False, method="POST")
    for number, part in enumerate(parts, 1):
        dialogue.feed(data(stream, part, end=number == len(parts)))
    answer = dialogue.answer()
    assert (answer.status, answer.reset) == (400, ErrorCode.PROTOCOL_ERROR)


async def test_a_length_without_a_body_is_malformed(talk) -> None:
    dialogue = await talk()
    dialogue.ask(("content-length", "3"))
    assert dialogue.answer().status == 400


async def test_the_go_ahead_is_given_to_those_who_wait_for_it(talk) -> None:
    dialogue = await talk()
    stream = dialogue.ask(("expect", "100-continue"), end=False, method="POST")
    assert dialogue.answer().status == 100
    dialogue.feed(data(stream, b"abc", end=True))
    assert dialogue.answer().body == b"POST / abc"


@pytest.mark.parametrize("told", [True, False])
async def test_bodies_are_limited(talk, told: bool) -> None:
    def error(status: int, message: str) -> Response:
        return Response(status, message.encode())

    dialogue = await talk(error=error, body_bytes_max=10)
    stream = dialogue.ask(*([("content-length", "11")] if told else []), end=False, method="POST")
    if not told:
        dialogue.feed(data(stream, b"x" * 11))
    answer = dialogue.answer()
    assert (answer.status, answer.body, answer.ended) == (413, b"limit is 10", True)
    dialogue.feed(data(stream, b"more that is on its way"))
    dialogue.send(frames.HEADERS, 5, stream, dialogue.block(("x-trailer", "1")))
    dialogue.ask()
    assert dialogue.answer(3).status == 200


async def test_headers_are_limited(talk) -> None:
    dialogue = await talk(header_bytes_max=2000)
    dialogue.ask(("x", "y" * 1900))
    assert dialogue.answer().status == 431
    dialogue.ask()
    assert dialogue.answer(3).status == 200


# Flow control of what is received


async def test_an_upload_is_let_in_window_by_window(talk) -> None:
    dialogue = await talk(body_bytes_max=10 * LARGE)
    stream = dialogue.ask(end=False, method="POST")
    window, sent = 256 * 1024, 0
    dialogue.hear()
    while sent < 3 * LARGE:
        size = min(16_384, window)
        assert size, "the window was not opened again"
        dialogue.feed(data(stream, b"x" * size))
        sent, window = sent + size, window - size
        dialogue.control.clear()
        dialogue.hear()
        window += sum(
            frames.parse_number(f.payload) for f in dialogue.control if f.kind == frames.WINDOW_UPDATE and f.stream
        )
    dialogue.feed(data(stream, b"", end=True))
    assert dialogue.answer().headers["content-length"] == str(len(b"POST / ") + sent)


async def test_more_than_the_window_of_a_stream_ends_it(talk) -> None:
    dialogue = await talk(body_bytes_max=LARGE, stream_window_bytes=1000)
    stream = dialogue.ask(end=False, method="POST")
    dialogue.feed(data(stream, b"x" * 1001))
    assert dialogue.answer().reset == ErrorCode.FLOW_CONTROL_ERROR
    dialogue.ask()
    assert dialogue.answer(3).status == 200


async def test_more_than_the_window_of_the_connection_ends_it(talk) -> None:
    dialogue = await talk(stream_window_bytes=100, streams_max=2)
    stream = dialogue.ask(end=False, method="POST")
    for _ in range(10):
        dialogue.feed(data(stream, b"x" * 30_000))
    assert dialogue.goaway() is None, "what a stream does not take still leaves the window of the connection"
    dialogue.feed(data(stream, b"x" * 65_536))
    assert dialogue.goaway()[0] == ErrorCode.FLOW_CONTROL_ERROR


async def test_padding_counts(talk) -> None:
    dialogue = await talk(stream_window_bytes=1000)
    stream = dialogue.ask(end=False, method="POST")
    for _ in range(4):
        dialogue.send(frames.DATA, frames.PADDED, stream, b"\xfe" + b"\x00" * 254)
    dialogue.hear()
    widened = sum(
        frames.parse_number(f.payload) for f in dialogue.control if f.kind == frames.WINDOW_UPDATE and f.stream
    )
    assert widened >= 500


async def test_when_much_is_incomplete_only_the_oldest_upload_goes_on(talk) -> None:
    dialogue = await talk(stream_window_bytes=1000, uploads_bytes_max=1500)
    streams = [dialogue.ask(end=False, method="POST") for _ in range(3)]
    dialogue.hear()
    dialogue.control.clear()
    for stream in streams:
        dialogue.feed(data(stream, b"x" * 900))
    dialogue.hear()
    assert [f.stream for f in dialogue.control if f.stream] == streams[:1]
    dialogue.feed(data(streams[0], b"", end=True))
    dialogue.hear()
    assert [f.stream for f in dialogue.control if f.stream] == streams[:2], "then the next one is the oldest"


async def test_an_upload_that_is_given_up_is_not_counted_any_more(talk) -> None:
    dialogue = await talk()
    stream = dialogue.ask(end=False, method="POST")
    dialogue.feed(data(stream, b"x" * 900))
    dialogue.send(frames.RST_STREAM, 0, stream, b"\x00\x00\x00\x08")
    assert dialogue.connection._intake._uploaded == 0
    assert dialogue.server.counters.requests == 0


async def test_data_behind_the_end_resets_the_stream(talk) -> None:
    async def handler(request: Request) -> Response:
        raise AssertionError(request)

    dialogue = await talk()
    stream = dialogue.ask()
    dialogue.feed(data(stream, b"x"))
    assert dialogue.answer().reset == ErrorCode.STREAM_CLOSED


# Peers that do harm


async def test_rapid_resets_end_the_connection(talk) -> None:
    """Streams that are begun and reset cost the peer nothing, so they are counted, whatever became of them."""
    dialogue = await talk()
    for _ in range(500):
        raw = dialogue.head(end=False)
        dialogue.feed(raw + frames.reset_frame(dialogue.next_id - 2, ErrorCode.CANCEL))
        if dialogue.goaway():
            break
    assert dialogue.goaway() == (ErrorCode.ENHANCE_YOUR_CALM, "too many streams were reset")
    assert dialogue.next_id < 2 * 450


async def test_resets_now_and_then_are_no_offence(talk) -> None:
    dialogue = await talk()
    for _ in range(30):
        for _ in range(50):
            raw = dialogue.head(end=False)
            dialogue.feed(raw + frames.reset_frame(dialogue.next_id - 2, ErrorCode.CANCEL))
        dialogue.pass_time(1)
    assert dialogue.goaway() is None


async def test_making_the_server_reset_streams_counts_as_well(talk) -> None:
    dialogue = await talk()
    for _ in range(500):
        stream = dialogue.ask(end=False, method="POST")
        dialogue.feed(frames.window_frame(stream, 0))
    assert dialogue.goaway()[0] == ErrorCode.ENHANCE_YOUR_CALM


async def test_malformed_requests_without_end_count_as_well(talk) -> None:
    dialogue = await talk()
    for _ in range(500):
        dialogue.ask(("connection", "x"))
    assert dialogue.goaway()[0] == ErrorCode.ENHANCE_YOUR_CALM


@pytest.mark.parametrize(
    "raw",
    [
        frames.frame(frames.PING, 0, 0, b"12345678"),
        frames.settings_frame({}),
        frames.settings_frame({Setting.INITIAL_WINDOW_SIZE: 5}),
        frames.frame(frames.SETTINGS, frames.ACK, 0, b""),
        frames.frame(frames.PRIORITY, 0, 1, b"\x00" * 5),
        frames.window_frame(0, 1),
        frames.frame(0x99, 0, 0, b""),
        frames.frame(frames.DATA, 0, 1, b""),
        frames.frame(frames.DATA, frames.PADDED, 1, b"\x05" + b"\x00" * 5),
    ],
)
async def test_floods_of_frames_that_carry_nothing_end_the_connection(talk, raw: bytes) -> None:
    dialogue = await talk()
    dialogue.ask(end=False, method="POST")
    dialogue.feed(raw * 1500)
    assert dialogue.goaway() is None
    dialogue.feed(raw * 1000)
    assert dialogue.goaway() == (ErrorCode.ENHANCE_YOUR_CALM, "too many frames that carry nothing")


async def test_window_updates_for_what_was_sent_are_free(talk) -> None:
    dialogue = await talk()
    for _ in range(3000):
        stream = dialogue.ask()
        size = len(dialogue.answer(stream).body)
        dialogue.feed(frames.window_frame(0, size) + frames.window_frame(stream, size))
    assert dialogue.goaway() is None


@pytest.mark.parametrize("size", [1, 16_000])
async def test_header_blocks_without_end_end_the_connection(talk, size: int) -> None:
    dialogue = await talk()
    dialogue.send(frames.HEADERS, 0, 1, b"")
    for _ in range(2500):
        dialogue.send(frames.CONTINUATION, 0, 1, b"\x82" * size)
    assert dialogue.goaway()[0] == ErrorCode.ENHANCE_YOUR_CALM
    assert not dialogue.connection._held


async def test_a_bomb_in_the_table_is_refused_at_little_cost(talk) -> None:
    dialogue = await talk(header_bytes_max=100_000)
    bomb = b"\x40\x01x\x7f\x81\x1e" + b"y" * 3968
    dialogue.send(frames.HEADERS, 5, 1, bomb + HEAD)
    dialogue.send(frames.HEADERS, 5, 3, b"\xbe" * 16_000)
    assert dialogue.answer(3).status == 431


async def test_streams_beyond_the_limit_are_refused(talk, settle) -> None:
    async def handler(_: Request) -> Response:
        return Response(200, b"late")

    dialogue = await talk(handler, streams_max=3)
    streams = [dialogue.ask() for _ in range(5)]
    await settle()
    dialogue.hear()
    answers = [dialogue.answers[stream] for stream in streams]
    assert [answer.body for answer in answers] == [b"late"] * 3 + [b""] * 2
    assert [answer.reset for answer in answers[3:]] == [ErrorCode.REFUSED_STREAM] * 2
    dialogue.ask()
    await settle()
    assert dialogue.answer(11).body == b"late"


async def test_many_requests_at_once_leave_others_their_turn(talk, settle) -> None:
    dialogue = await talk()
    raw = b"".join(dialogue.head() for _ in range(300))
    dialogue.feed(raw)
    assert dialogue.server.counters.requests == 64
    assert not dialogue.transport.reading
    dialogue.feed(dialogue.head(path="/last"))
    for _ in range(3):
        await settle()
    assert dialogue.server.counters.requests == 301
    assert dialogue.transport.reading
    assert dialogue.answer(601).body == b"GET /last "


async def test_whatever_arrives_is_answered_or_ends_the_connection(talk, settle) -> None:
    """No frames, however malformed, do anything else; and nothing is left in flight."""

    async def later(request: Request) -> Response:
        return Response(200, b"later")

    rng = random.Random(9113)
    kinds = [frames.DATA, frames.HEADERS, frames.RST_STREAM, frames.SETTINGS, frames.WINDOW_UPDATE, frames.CONTINUATION]
    for _ in range(150):
        dialogue = await talk(lambda r: later(r) if r.method == "POST" else Response(200, b"x" * 30), body_bytes_max=50)
        for _ in range(rng.randrange(1, 40)):
            if rng.random() < 0.5:
                raw = bytearray(dialogue.head(end=rng.random() < 0.5, method=rng.choice(("GET", "POST"))))
                if rng.random() < 0.1:
                    raw[rng.randrange(9, len(raw))] = rng.randrange(256)
                dialogue.feed(bytes(raw))
            else:
                kind = rng.choice(kinds) if rng.random() < 0.9 else rng.randrange(12)
                payload = rng.randbytes(rng.choice((0, 4, 4, 4, 6, 8, 30)))
                if kind == frames.WINDOW_UPDATE:
                    payload = payload[:4].replace(b"\xff", b"\x00").rjust(4, b"\x00")[-2:].rjust(4, b"\x00")
                dialogue.send(
                    kind, rng.choice((0, 1, 4, 5, rng.randrange(256))), rng.randrange(dialogue.next_id + 2), payload
                )
            if rng.random() < 0.2:
                await settle()
        dialogue.pass_time(2)
        dialogue.lose()
        await settle()
        assert dialogue.server.counters.in_flight == 0
        assert dialogue.connection.busy == 0
        assert dialogue.server.counters.failures == 0
