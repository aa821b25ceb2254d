"""Answers that take time or space: streams, waiting, resets, compression."""

from __future__ import annotations

import asyncio
import gzip
import logging

import pytest

from steersman.lib.http.http2 import frames
from steersman.lib.http.http2.exchange import header_frames
from steersman.lib.http.http2.frames import ErrorCode, Setting
from steersman.lib.http.message import Request, Response, StreamResponse, UpgradeResponse, chunk_frame

WIDE = {Setting.INITIAL_WINDOW_SIZE: 1 << 24}


def cancel(dialogue, stream: int) -> None:
    dialogue.feed(frames.reset_frame(stream, ErrorCode.CANCEL))


class Watch:
    """A handler whose answers stay open, and what became of them."""

    def __init__(self) -> None:
        self.streams: list = []
        self.done: list[str] = []

    def __call__(self, request: Request):
        if request.path == "/quick":
            return Response(200, b"quick")
        return StreamResponse(200, self.run, "application/json")

    async def run(self, stream) -> None:
        self.streams.append(stream)
        stream.on_close(lambda: self.done.append("closed"))
        try:
            await stream.closed
        except asyncio.CancelledError:
            self.done.append("cancelled")
            raise


async def test_an_open_answer_leaves_as_it_is_written(talk, settle) -> None:
    watch = Watch()
    dialogue = await talk(watch)
    dialogue.ask()
    await settle()
    assert dialogue.answer().status == 200
    assert "content-length" not in dialogue.answer().headers
    [stream] = watch.streams
    stream.write(b"one\n")
    stream.write_framed(chunk_frame(b"two\n"))
    stream.write(b"")
    before = dialogue.transport.writes
    await settle()
    assert dialogue.answer().body == b"one\ntwo\n"
    assert dialogue.transport.writes == before + 1, "one turn, one write"
    assert not dialogue.answer().ended


async def test_an_open_answer_ends_when_its_function_returns(talk, settle) -> None:
    async def run(stream) -> None:
        stream.write(b"all")

    dialogue = await talk(lambda _: StreamResponse(200, run, length=3))
    dialogue.ask()
    await settle()
    answer = dialogue.answer()
    assert (answer.body, answer.ended, answer.headers["content-length"]) == (b"all", True, "3")
    assert dialogue.server.counters.requests == 1


async def test_a_reset_ends_a_stream_and_leaves_the_others(talk, settle) -> None:
    watch = Watch()
    dialogue = await talk(watch)
    first, _ = dialogue.ask(), dialogue.ask()
    await settle()
    cancel(dialogue, first)
    await settle()
    assert watch.done == ["closed", "cancelled"]
    with pytest.raises(ConnectionResetError):
        await watch.streams[0].drain()
    watch.streams[0].write(b"nobody reads this")
    watch.streams[1].write(b"still here")
    await settle()
    assert (dialogue.answer(1).body, dialogue.answer(3).body) == (b"", b"still here")
    assert dialogue.server.counters.in_flight == 1


@pytest.mark.parametrize(("method", "completed"), [("GET", False), ("HEAD", False), ("POST", True), ("DELETE", True)])
async def test_a_reset_cancels_reads_and_lets_changes_complete(talk, settle, method: str, completed: bool) -> None:
    gate, seen = asyncio.Event(), []

    async def handler(request: Request) -> Response:
        await gate.wait()
        seen.append(request.method)
        return Response(200, b"done")

    dialogue = await talk(handler)
    stream = dialogue.ask(method=method)
    await settle()
    cancel(dialogue, stream)
    await settle()
    assert dialogue.server.counters.in_flight == (1 if completed else 0)
    gate.set()
    await settle()
    assert seen == ([method] if completed else [])
    assert dialogue.answer(stream).headers == {}
    assert dialogue.server.counters.in_flight == 0


async def test_work_that_goes_on_counts_towards_the_limit_of_streams(talk, settle) -> None:
    gate = asyncio.Event()

    async def handler(request: Request) -> Response:
        await gate.wait()
        return Response(200, b"done")

    dialogue = await talk(handler, streams_max=2)
    for _ in range(3):
        cancel(dialogue, dialogue.ask(method="POST"))
    assert dialogue.server.counters.in_flight == 2
    assert dialogue.answer(5).reset == ErrorCode.REFUSED_STREAM
    gate.set()
    await settle()


async def test_what_was_opened_for_an_answer_is_closed_although_nobody_waits(talk, settle) -> None:
    gate, closed = asyncio.Event(), []

    async def run(stream) -> None:
        closed.append(stream.closed.done())

    async def handler(_: Request) -> StreamResponse:
        await gate.wait()
        return StreamResponse(200, run)

    dialogue = await talk(handler)
    cancel(dialogue, dialogue.ask(method="POST"))
    gate.set()
    await settle()
    assert closed == [True]


async def test_a_slow_reader_pauses_its_own_stream_only(talk, settle) -> None:
    watch = Watch()
    dialogue = await talk(watch, write_buffer_bytes=1000, settings={Setting.INITIAL_WINDOW_SIZE: 100})
    dialogue.ask()
    dialogue.ask()
    await settle()
    slow, other = watch.streams
    slow.write(b"x" * 1200)
    assert (slow.paused, slow.buffered) == (True, 1200)
    await settle()
    assert slow.buffered == 1100
    drained = asyncio.ensure_future(slow.drain())  # noqa: TID251
    other.write(b"y" * 50)
    dialogue.ask(path="/quick")
    await settle()
    assert dialogue.answer(1).body == b"x" * 100
    assert dialogue.answer(3).body == b"y" * 50
    assert dialogue.answer(5).body == b"quick"
    assert not other.paused
    assert not drained.done()
    dialogue.feed(frames.window_frame(1, 800))
    await settle()
    assert not drained.done(), "a quarter of what is too much may wait"
    dialogue.feed(frames.window_frame(1, 100))
    await settle()
    assert drained.done()
    assert slow.buffered == 200


async def test_who_waits_for_room_hears_that_the_peer_has_gone(talk, settle) -> None:
    heard = []

    async def run(stream) -> None:
        stream.write(b"x" * 2000)
        try:
            await stream.drain()
        except ConnectionResetError:
            heard.append("reset")
            raise

    dialogue = await talk(
        lambda _: StreamResponse(200, run), write_buffer_bytes=1000, settings={Setting.INITIAL_WINDOW_SIZE: 10}
    )
    stream = dialogue.ask(method="POST")
    await settle()
    cancel(dialogue, stream)
    await settle()
    assert heard in (["reset"], [])
    assert dialogue.server.counters.in_flight == 0


async def test_a_stream_may_be_cut(talk, settle) -> None:
    watch = Watch()
    dialogue = await talk(watch)
    dialogue.ask()
    dialogue.ask()
    await settle()
    watch.streams[0].abort()
    await settle()
    assert dialogue.answer(1).reset == ErrorCode.CANCEL
    assert dialogue.answer(3).reset is None
    assert watch.done == ["closed", "cancelled"]


async def test_a_stream_that_fails_is_reset(talk, settle, caplog) -> None:
    async def run(stream) -> None:
        stream.write(b"begin")
        raise ValueError("broken")

    dialogue = await talk(lambda _: StreamResponse(200, run))
    dialogue.ask()
    await settle()
    assert dialogue.answer().reset == ErrorCode.INTERNAL_ERROR
    assert "stream of GET / failed" in caplog.text


@pytest.mark.parametrize("late", [False, True])
async def test_a_handler_that_raises_is_answered_for(talk, settle, caplog, late: bool) -> None:
    async def wait(_: Request) -> Response:
        raise ValueError("broken")

    def at_once(_: Request) -> Response:
        raise ValueError("broken")

    dialogue = await talk(wait if late else at_once)
    dialogue.ask()
    await settle()
    assert dialogue.answer().status == 500
    assert dialogue.server.counters.failures == 1
    assert caplog.records[0].levelno == logging.ERROR


@pytest.mark.parametrize("stream", [False, True])
async def test_invalid_header_fields_of_an_answer_are_a_failure(talk, settle, caplog, stream: bool) -> None:
    async def run(_) -> None:
        raise AssertionError

    bad = (("x", "a\nb"),)
    answer = StreamResponse(200, run, unique_headers=bad) if stream else Response(200, b"x", unique_headers=bad)
    dialogue = await talk(lambda _: answer)
    dialogue.ask()
    await settle()
    assert (dialogue.answer().status, dialogue.answer().ended) == (500, True)


async def test_nothing_is_upgraded(talk, settle) -> None:
    seen = []

    async def run(stream) -> None:
        seen.append((stream.closed.done(), await stream.read()))

    dialogue = await talk(lambda _: UpgradeResponse(run))
    dialogue.ask()
    await settle()
    assert dialogue.answer().status == 505
    assert seen == [(True, b"")]


@pytest.mark.parametrize("body", [b"x" * 200_000, [b"x" * 70_000, b"", b"y" * 30_000]])
async def test_large_answers_leave_in_frames(talk, settle, body) -> None:
    dialogue = await talk(lambda _: Response(200, body, "a/b"), settings=WIDE)
    dialogue.feed(frames.window_frame(0, 1 << 24))
    dialogue.ask()
    await settle()
    answer = dialogue.answer()
    assert answer.body == (body if isinstance(body, bytes) else b"".join(body))
    assert (answer.ended, answer.headers["content-length"]) == (True, str(len(answer.body)))
    assert dialogue.server.counters.requests == 1


@pytest.mark.parametrize(
    ("method", "answer", "length"),
    [
        ("HEAD", Response(200, b"abc"), "3"),
        ("GET", Response(204), None),
        ("GET", Response(304), None),
        ("GET", Response(200), "0"),
        ("HEAD", Response(200, [b"abc", b"de"]), "5"),
    ],
)
async def test_some_answers_have_no_body(talk, method: str, answer: Response, length: str | None) -> None:
    dialogue = await talk(lambda _: answer)
    dialogue.ask(method=method)
    found = dialogue.answer()
    assert (found.ended, found.body, found.headers.get("content-length")) == (True, b"", length)


async def test_a_head_request_does_not_run_a_stream(talk, settle) -> None:
    watch = Watch()
    dialogue = await talk(watch)
    dialogue.ask(method="HEAD")
    await settle()
    assert dialogue.answer().ended
    assert watch.streams == []


async def test_large_answers_are_compressed_when_they_may_be(talk, settle) -> None:
    body = b"abcdefgh" * 40_000
    dialogue = await talk(lambda _: Response(200, body, compressible=True), settings=WIDE)
    dialogue.ask(("accept-encoding", "gzip"))
    while not dialogue.answer().ended:
        await settle()
    assert dialogue.answer().headers["content-encoding"] == "gzip"
    assert gzip.decompress(dialogue.answer().body) == body


async def test_an_answer_that_closes_says_farewell(talk, settle) -> None:
    dialogue = await talk(lambda _: Response(200, b"bye", close=True))
    dialogue.ask()
    assert dialogue.answer().body == b"bye"
    assert dialogue.goaway()[0] == ErrorCode.NO_ERROR


def test_header_blocks_larger_than_a_frame_go_on() -> None:
    raw = header_frames(1, b"abcdefgh", frames.END_STREAM, 3)
    heads = [frames.FRAME_HEAD.unpack_from(raw, at) for at in (0, 12, 24)]
    assert heads == [(3 << 8 | 1, 1, 1), (3 << 8 | 9, 0, 1), (2 << 8 | 9, 4, 1)]
