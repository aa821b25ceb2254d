"""A handler is called as over a connection: back-pressure, ends that are told apart, changes that are completed."""

from __future__ import annotations

import asyncio

import pytest

from steersman.lib.aio import Tasks
from steersman.lib.http.in_process import InProcessCaller, OpenAnswer
from steersman.lib.http.message import Headers, Response, StreamResponse, UpgradeResponse
from steersman.testing.virtual_time import VirtualTimeLoop, settle

NONE = Headers()


@pytest.fixture
def anyio_backend():
    """Without sockets, so in virtual time, unlike the tests beside this one."""
    return "asyncio", {"loop_factory": VirtualTimeLoop}


@pytest.fixture
async def open_answer():
    """Opens the answer that a function writes."""
    callers = []

    async def opening(run, **options):
        caller = InProcessCaller(lambda _: StreamResponse(200, run), **options)
        callers.append(caller)
        answer = await caller.call("GET", "/", headers=NONE)
        assert isinstance(answer, OpenAnswer)
        return answer

    yield opening
    for caller in callers:
        await caller.close()


async def everything(answer):
    pieces = []
    while some := await answer.wire.read():
        pieces += some
    return pieces


async def test_a_request_arrives_as_from_a_connection_with_tls():
    seen = []
    caller = InProcessCaller(lambda request: seen.append(request) or Response(200), certificate_der=b"der")
    await caller.call("POST", "/a%20b", query="x=1", headers=NONE, body=b"{}")
    (request,) = seen
    assert (request.method, request.path, request.raw_path, request.params) == ("POST", "/a b", "/a%20b", {"x": ["1"]})
    assert (request.body, request.headers, request.connection.secure) == (b"{}", NONE, True)
    assert (request.peer.address, request.peer.certificate_der) == ("127.0.0.1", b"der")
    await caller.call("GET", "/", headers=NONE)
    assert seen[1].connection is request.connection
    await caller.close()


async def test_pieces_arrive_as_they_are_written_without_a_copy(open_answer):
    written = [b"one", b"two", b"three"]

    async def run(body):
        body.write(written[0])
        await asyncio.sleep(1)
        body.write(written[1])
        body.write(written[2])

    answer = await open_answer(run)
    assert await answer.wire.read() == [b"one"]
    second = await answer.wire.read()
    assert second == [b"two", b"three"]
    assert second[0] is written[1]
    assert await answer.wire.read() == []


async def test_a_writer_is_held_up_by_a_reader_that_takes_nothing(open_answer):
    written = []

    async def run(body):
        for number in range(100):
            body.write(b"x" * 10)
            written.append(number)
            if body.paused:
                await body.drain()

    answer = await open_answer(run, buffer_bytes_max=95)
    await settle()
    assert len(written) == 10
    assert answer.body.buffered == 100
    assert len(await everything(answer)) == 100


@pytest.mark.parametrize("how", ["raises", "aborts", "resets"])
async def test_an_answer_that_is_cut_off_does_not_end_well(open_answer, how, caplog):
    async def run(body):
        body.write(b"some")
        if how == "aborts":
            body.abort()
        elif how == "resets":
            raise ConnectionResetError
        else:
            raise ZeroDivisionError

    answer = await open_answer(run)
    assert await answer.wire.read() == [b"some"]
    with pytest.raises(ConnectionResetError):
        await answer.wire.read()
    assert ("ZeroDivisionError" in caplog.text) == (how == "raises")


async def test_a_reader_that_leaves_is_noticed_at_once(open_answer):
    noticed = []

    async def run(body):
        body.on_close(lambda: noticed.append("closed"))
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            noticed.append("cancelled")
            raise

    answer = await open_answer(run)
    await settle()
    answer.close()
    answer.close()
    await settle()
    assert noticed == ["closed", "cancelled"]
    assert await answer.wire.read() == []


async def test_what_was_opened_for_an_answer_that_nobody_wants_is_closed_there(open_answer):
    noticed = []

    async def run(_body):
        noticed.append("begun")
        try:
            await asyncio.sleep(1000)
        finally:
            noticed.append("closed")

    answer = await open_answer(run)
    answer.close()
    await settle()
    assert noticed == ["begun", "closed"]


async def test_a_writer_that_waits_is_freed_when_the_reader_leaves(open_answer):
    ended = []

    async def run(body):
        body.write(b"x" * 100)
        try:
            await body.drain()
        finally:
            ended.append(True)

    answer = await open_answer(run, buffer_bytes_max=10)
    await settle()
    assert not ended
    answer.close()
    await settle()
    assert ended


@pytest.mark.parametrize(("method", "completed"), [("POST", True), ("PATCH", True), ("GET", False)])
async def test_changes_are_completed_and_reads_are_not(method, completed):
    done = []

    async def handler(_request):
        await asyncio.sleep(5)
        done.append(True)
        return Response(200)

    caller, tasks = InProcessCaller(handler), Tasks()
    asking = tasks.start(caller.call(method, "/", headers=NONE), name="ask")
    await asyncio.sleep(1)
    asking.cancel()
    await asyncio.sleep(10)
    assert bool(done) == completed
    await caller.close()


async def test_closing_waits_for_changes_and_ends_what_is_open():
    done = []

    async def handler(request):
        if request.method == "GET":
            return StreamResponse(200, lambda body: body.closed)
        await asyncio.sleep(5)
        done.append(True)
        return Response(200)

    caller, tasks = InProcessCaller(handler), Tasks()
    answer = await caller.call("GET", "/", headers=NONE)
    tasks.start(caller.call("POST", "/", headers=NONE), name="ask")
    await settle()
    await caller.close()
    assert done
    assert answer.wire.ended
    await tasks.close()


async def test_another_protocol_needs_a_socket():
    async def run(_stream):
        return

    caller = InProcessCaller(lambda _: UpgradeResponse(run))
    with pytest.raises(TypeError, match="GET / answers with another protocol"):
        await caller.call("GET", "/", headers=NONE)
    await caller.close()
