"""A connection's life: small answers, time, its end."""

from __future__ import annotations

import asyncio
import gc

import pytest

from steersman.lib.http.http2 import frames
from steersman.lib.http.http2.connection import Http2Connection
from steersman.lib.http.http2.frames import ErrorCode, Setting
from steersman.lib.http.message import Request, Response, StreamResponse


async def test_a_small_answer_is_two_frames_in_one_write(talk) -> None:
    dialogue = await talk()
    before = dialogue.transport.writes
    dialogue.feed(dialogue.head(path="/a") + dialogue.head(path="/b"))
    assert dialogue.transport.writes == before + 1
    assert dialogue.answer(1).headers == {
        ":status": "200",
        "content-type": "text/plain",
        "date": "Thu, 01 Jan 2026 00:00:00 GMT",
        "content-length": "7",
    }
    assert [dialogue.answer(stream).body for stream in (1, 3)] == [b"GET /a ", b"GET /b "]
    assert (dialogue.server.counters.requests, dialogue.server.counters.in_flight) == (2, 0)


async def test_fields_of_one_answer_only_are_sent(talk) -> None:
    dialogue = await talk(lambda _: Response(200, b"x", "", (("A", "1"),), (("Audit-ID", "7"),)))
    dialogue.ask()
    assert (dialogue.answer().headers["a"], dialogue.answer().headers["audit-id"]) == ("1", "7")


async def test_header_fields_may_be_larger_than_a_frame(talk) -> None:
    dialogue = await talk(lambda _: Response(200, b"x", unique_headers=(("Warning", "w" * 20_000),)))
    dialogue.ask()
    dialogue.connection.sender.flush()
    raw = bytes(dialogue.transport.written)
    assert frames.FRAME_HEAD.pack(16_384 << 8 | frames.HEADERS, 0, 1) in raw
    assert raw.endswith(frames.frame(frames.DATA, frames.END_STREAM, 1, b"x"))


async def test_requests_of_one_connection_share_state_and_headers(talk) -> None:
    seen: list[Request] = []

    def handler(request: Request) -> Response:
        seen.append(request)
        return Response(200, b"x")

    dialogue = await talk(handler)
    for path in ("/a", "/b", "/b"):
        dialogue.ask(("authorization", "Bearer abc"), path=path)
    assert seen[0].headers is seen[1].headers is seen[2].headers
    assert seen[0].connection is seen[1].connection
    assert seen[0].peer.address == "192.0.2.1"
    assert [request.path for request in seen] == ["/a", "/b", "/b"]


async def test_answers_leave_as_they_are_ready(talk, settle) -> None:
    gate = asyncio.Event()

    async def wait() -> Response:
        await gate.wait()
        return Response(200, b"slow")

    dialogue = await talk(lambda r: wait() if r.path == "/slow" else Response(200, b"fast"))
    dialogue.ask(path="/slow")
    dialogue.ask()
    assert (dialogue.answer(1).body, dialogue.answer(3).body) == (b"", b"fast")
    gate.set()
    await settle()
    assert dialogue.answer(1).body == b"slow"


async def test_when_the_peers_socket_is_full_answers_wait(talk, settle) -> None:
    dialogue = await talk()
    dialogue.full()
    dialogue.ask()
    await settle()
    assert dialogue.answer().headers == {} or dialogue.answer().body == b""
    assert dialogue.server.counters.in_flight == 1
    dialogue.drained()
    assert dialogue.answer().body == b"GET / "


async def test_reading_stops_when_far_too_much_waits_to_be_sent(talk) -> None:
    dialogue = await talk(write_buffer_bytes=1000)
    dialogue.full(3000)
    dialogue.ask()
    assert dialogue.transport.reading, "window updates and resets are read as long as possible"
    dialogue.full(5000)
    dialogue.ask()
    assert not dialogue.transport.reading
    dialogue.drained()
    assert dialogue.transport.reading


# Time


async def test_a_connection_that_never_asks_is_closed(talk, settle) -> None:
    dialogue = await talk(header_s=5, idle_s=90)
    dialogue.pass_time(5)
    assert dialogue.goaway() is None
    dialogue.pass_time(2)
    assert dialogue.goaway() == (ErrorCode.NO_ERROR, "")
    dialogue.pass_time(3)
    await settle()
    assert dialogue.transport.closing


async def test_an_idle_connection_is_closed(talk, settle) -> None:
    dialogue = await talk(idle_s=20)
    dialogue.ask()
    dialogue.pass_time(15)
    dialogue.ask()
    dialogue.pass_time(20)
    assert dialogue.goaway() is None
    dialogue.feed(frames.frame(frames.PING, 0, 0, b"keepaliv"))
    dialogue.pass_time(2)
    assert dialogue.goaway() == (ErrorCode.NO_ERROR, "")
    dialogue.feed(frames.frame(frames.PING, frames.ACK, 0, b"farewell"))
    await settle()
    assert dialogue.transport.closing


async def test_an_open_answer_keeps_its_connection(talk, settle) -> None:
    async def run(stream) -> None:
        await stream.closed

    dialogue = await talk(lambda _: StreamResponse(200, run), idle_s=5, stall_s=5)
    dialogue.ask()
    await settle()
    dialogue.pass_time(500)
    assert dialogue.goaway() is None


async def test_a_body_that_does_not_come_is_answered(talk) -> None:
    dialogue = await talk(body_s=10, idle_s=20)
    stream = dialogue.ask(end=False, method="POST")
    dialogue.pass_time(10)
    assert dialogue.answer().headers == {}
    dialogue.pass_time(2)
    assert dialogue.answer(stream).status == 408
    assert dialogue.goaway() is None
    dialogue.ask()
    assert dialogue.answer(3).status == 200


async def test_a_header_block_that_does_not_end_ends_the_connection(talk) -> None:
    dialogue = await talk(header_s=5)
    dialogue.ask()
    dialogue.pass_time(3)
    dialogue.send(frames.HEADERS, 0, 3, b"\x82")
    dialogue.pass_time(8)
    assert dialogue.goaway()[0] == ErrorCode.ENHANCE_YOUR_CALM


async def test_a_peer_that_takes_nothing_is_cut_off(talk) -> None:
    dialogue = await talk(stall_s=10)
    dialogue.full()
    dialogue.ask()
    dialogue.pass_time(9)
    assert not dialogue.transport.aborted
    dialogue.pass_time(3)
    assert dialogue.transport.aborted


async def test_a_stream_whose_answer_is_not_taken_is_reset(talk, settle) -> None:
    dialogue = await talk(stall_s=10, settings={Setting.INITIAL_WINDOW_SIZE: 2})
    first, second = dialogue.ask(), dialogue.ask()
    await settle()
    dialogue.pass_time(8)
    dialogue.feed(frames.window_frame(second, 1))
    await settle()
    dialogue.pass_time(4)
    assert dialogue.answer(first).reset == ErrorCode.CANCEL
    assert dialogue.answer(second).reset is None
    dialogue.feed(frames.window_frame(second, 100))
    await settle()
    assert dialogue.answer(second).ended


@pytest.mark.parametrize("patient", [False, True])
async def test_a_peer_of_a_patient_stream_may_pause(talk, settle, patient: bool) -> None:
    async def run(stream) -> None:
        stream.write(b"x" * (1 << 20))
        await stream.closed

    settings = {Setting.INITIAL_WINDOW_SIZE: 2}
    dialogue = await talk(lambda _: StreamResponse(200, run, patient=patient), stall_s=10, settings=settings)
    stream = dialogue.ask()
    await settle()
    dialogue.pass_time(500)
    assert dialogue.answer(stream).reset == (None if patient else ErrorCode.CANCEL)


@pytest.mark.parametrize("socket_full", [True, False])
@pytest.mark.parametrize("patient", [True, False])
async def test_readers_of_patient_answers_may_pause(talk, settle, patient: bool, socket_full: bool) -> None:
    async def run(stream) -> None:
        stream.write(b"x" * 2000)

    window = 1 << 20 if socket_full else 10
    dialogue = await talk(
        lambda _: StreamResponse(200, run, patient=patient), stall_s=10, settings={Setting.INITIAL_WINDOW_SIZE: window}
    )
    if socket_full:
        dialogue.full()
    stream = dialogue.ask()
    await settle()
    dialogue.pass_time(100)
    assert dialogue.transport.aborted == (socket_full and not patient)
    if not socket_full:
        assert (dialogue.answer(stream).reset is None) == patient


# The end


async def test_draining_has_two_phases(talk, settle) -> None:
    gate = asyncio.Event()

    async def wait(_: Request) -> Response:
        await gate.wait()
        return Response(200, b"done")

    dialogue = await talk(wait)
    dialogue.ask()
    dialogue.connection.start_drain()
    await settle()
    dialogue.hear()
    announced, ping = dialogue.control[-2:]
    assert announced.payload[:8] == b"\x7f\xff\xff\xff\x00\x00\x00\x00"
    dialogue.ask()  # was on its way
    dialogue.feed(frames.frame(frames.PING, frames.ACK, 0, ping.payload))
    dialogue.hear()
    assert dialogue.control[-1].payload[:8] == b"\x00\x00\x00\x03\x00\x00\x00\x00"
    late = dialogue.ask()
    assert dialogue.answer(late).reset == ErrorCode.REFUSED_STREAM
    assert not dialogue.transport.closing
    gate.set()
    await settle()
    assert [dialogue.answer(stream).body for stream in (1, 3)] == [b"done", b"done"]
    assert dialogue.transport.closing


async def test_a_peer_that_does_not_answer_the_farewell_is_left_all_the_same(talk, settle) -> None:
    dialogue = await talk()
    dialogue.ask()
    dialogue.connection.start_drain()
    dialogue.connection.cut_if_silent()
    await settle()
    assert dialogue.transport.closing
    assert not dialogue.transport.aborted
    dialogue.connection.cut_if_silent()
    assert dialogue.transport.aborted


async def test_a_peer_may_say_farewell(talk, settle) -> None:
    dialogue = await talk()
    dialogue.ask()
    dialogue.feed(frames.goaway_frame(0, ErrorCode.NO_ERROR))
    await settle()
    assert dialogue.transport.closing


async def test_streams_see_that_the_server_drains(talk, settle) -> None:
    seen = []

    async def run(stream) -> None:
        await stream.draining.wait()
        seen.append("draining")
        stream.write(b"bye")

    dialogue = await talk(lambda _: StreamResponse(200, run))
    dialogue.ask()
    await settle()
    dialogue.server.draining.set()
    dialogue.connection.start_drain()
    dialogue.connection.cut_if_silent()
    await settle()
    assert seen == ["draining"]
    assert (dialogue.answer().body, dialogue.answer().ended) == (b"bye", True)
    assert dialogue.transport.closing


async def test_connections_beyond_the_limit_are_turned_away(talk) -> None:
    dialogue = await talk(connections_max=0)
    assert dialogue.goaway() == (ErrorCode.ENHANCE_YOUR_CALM, "too many connections")
    assert dialogue.server.counters.turned_away == 1


async def test_a_connection_that_comes_while_the_server_stops_is_cut(talk) -> None:
    dialogue = await talk()
    dialogue.server.stopping = True
    late = type(dialogue)(dialogue.server)
    late.connection.connection_made(late.transport)
    assert late.transport.aborted
    late.feed(b"x" * 100)
    late.connection.connection_lost(None)


@pytest.mark.parametrize("upload", [True, False])
async def test_a_lost_connection_leaves_nothing_behind(talk, settle, upload: bool) -> None:
    async def run(stream) -> None:
        await stream.closed

    gc.collect()
    gc.disable()
    try:
        dialogue = await talk(lambda _: StreamResponse(200, run))
        connection = Http2Connection(dialogue.server)
        other = type(dialogue)(dialogue.server)
        other.connection = connection
        other.begin()
        other.ask(end=not upload)
        await settle()
        connection.connection_lost(None)
        await settle()
        assert dialogue.server.counters.in_flight == 0
        del connection, other
        assert not [x for x in gc.get_objects() if type(x) is Http2Connection and x is not dialogue.connection]
    finally:
        gc.enable()
