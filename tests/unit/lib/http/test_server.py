from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import struct

import pytest

from steersman.lib.http.message import Request, Response, StreamResponse, UpgradeResponse, chunk_frame

GET = b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST %b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%b"


def get(path: str) -> bytes:
    return GET % path.encode()


def post(path: str, body: bytes = b"") -> bytes:
    return POST % (path.encode(), len(body), body)


async def soon(condition) -> None:
    """Let the loop run until `condition()` holds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # the conditions are states of the server, which sets no event for tests
            await asyncio.sleep(0)


# Answers


async def test_an_answer_has_status_type_length_and_date(serve) -> None:
    answer = await (await serve()).exchange(post("/x", b"body"))
    assert (answer.status, answer.body) == (200, b"POST /x body")
    assert answer.headers == {
        "content-type": "text/plain",
        "content-length": "12",
        "date": "Thu, 01 Jan 2026 00:00:00 GMT",
    }


async def test_a_connection_serves_many_requests(serve) -> None:
    site = await serve()
    client = await site.connect()
    for number in range(5):
        client.send(get(f"/{number}"))
        assert (await client.answer()).body == b"GET /%d " % number
    assert site.server.counters.accepted == 1
    assert site.server.counters.requests == 5


async def test_pipelined_answers_keep_the_order_of_their_requests(serve) -> None:
    gates = {"/slow": asyncio.Event(), "/slower": asyncio.Event()}

    async def wait(path: str) -> Response:
        await gates[path].wait()
        return Response(200, path.encode())

    def handle(request: Request):
        return wait(request.path) if request.path in gates else Response(200, request.path.encode())

    client = await (await serve(handle)).connect()
    client.send(b"".join(map(get, ("/slow", "/fast", "/slower", "/last"))))
    gates["/slower"].set()
    await asyncio.sleep(0)
    gates["/slow"].set()
    assert [(await client.answer()).body for _ in range(4)] == [b"/slow", b"/fast", b"/slower", b"/last"]


async def test_a_flood_of_pipelined_requests_waits_in_the_kernel(serve) -> None:
    gate = asyncio.Event()
    handled = []

    async def first() -> Response:
        await gate.wait()
        return Response(200)

    def handle(request: Request):
        handled.append(request.path)
        return first() if len(handled) == 1 else Response(200)

    site = await serve(handle)
    client = await site.connect()
    count = 100_000
    client.send(get("/x") * count)
    await soon(lambda: handled)
    for _ in range(100):
        await asyncio.sleep(0)
    [connection] = site.server._connections
    assert sum(map(len, connection._held)) + len(connection._reader.ready) * 30 < 1 << 20
    assert len(handled) == 1
    gate.set()
    for _ in range(count):
        assert (await client.head()).status == 200
    assert len(handled) == count


async def test_head_has_the_head_of_get_and_no_body(serve) -> None:
    client = await (await serve(lambda _: Response(200, b"0123456789"))).connect()
    client.send(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + get("/"))
    answer = await client.answer(method="HEAD")
    assert answer.headers["content-length"] == "10"
    assert (await client.answer()).body == b"0123456789"


@pytest.mark.parametrize("status", [204, 304])
async def test_answers_that_cannot_have_a_body_have_none(serve, status: int) -> None:
    client = await (await serve(lambda _: Response(status, b"ignored"))).connect()
    client.send(get("/") * 2)
    for _ in range(2):
        answer = await client.answer()
        assert answer.status == status
        assert "content-length" not in answer.headers


async def test_options_is_the_handlers_affair(serve) -> None:
    answer = await (await serve()).exchange(b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")
    assert answer.body == b"OPTIONS * "


async def test_header_lines_of_an_answer(serve) -> None:
    response = Response(200, headers=(("A", "1"), ("B", "2")), unique_headers=(("Id", "x"),))
    answer = await (await serve(lambda _: response)).exchange(get("/"))
    assert (answer.headers["a"], answer.headers["b"], answer.headers["id"]) == ("1", "2", "x")


async def test_a_header_value_cannot_split_an_open_answer(serve) -> None:
    async def run(stream) -> None:
        raise AssertionError

    client = await (await serve(lambda _: StreamResponse(200, run, headers=(("A", "1\r\nB: 2"),)))).connect()
    client.send(get("/") * 2)
    for _ in range(2):
        answer = await client.answer()
        assert answer.status == 500
        assert "b" not in answer.headers


@pytest.mark.parametrize("field", ["headers", "unique_headers"])
async def test_a_header_value_cannot_split_an_answer(serve, field: str, caplog) -> None:
    response = Response(200, **{field: (("A", "1\r\nSet-Cookie: x"),)})
    answer = await (await serve(lambda _: response)).exchange(get("/"))
    assert answer.status == 500
    assert "set-cookie" not in answer.headers


async def test_large_bodies_and_pieces_arrive_whole(serve) -> None:
    body = bytes(range(256)) * 40_000
    pieces = [body[start : start + 100_000] for start in range(0, len(body), 100_000)]
    bodies = {"/whole": body, "/pieces": pieces, "/none": []}
    client = await (await serve(lambda request: Response(200, bodies[request.path]))).connect()
    client.send(get("/whole") + get("/pieces") + get("/none") + get("/pieces"))
    assert (await client.answer()).body == body
    assert (await client.answer()).body == body
    assert (await client.answer()).body == b""
    assert (await client.answer()).body == body


async def test_pieces_are_written_as_fast_as_the_peer_reads(serve) -> None:
    pieces = [b"x" * 65536] * 1000
    site = await serve(lambda _: Response(200, pieces))
    with socket.create_connection(("127.0.0.1", site.port)) as sock:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_sendall(sock, get("/"))
        await soon(lambda: site.server._connections and next(iter(site.server._connections)).write_paused)
        for _ in range(100):
            await asyncio.sleep(0)
        [connection] = site.server._connections
        assert connection.transport.get_write_buffer_size() < 1 << 20
        received = 0
        while received < 65536 * 1000:
            received += len(await asyncio.get_running_loop().sock_recv(sock, 1 << 20))
    await soon(lambda: not site.server._connections)


async def test_a_peer_that_leaves_in_the_middle_of_pieces_leaves_nothing_behind(serve) -> None:
    site = await serve(lambda _: Response(200, [b"x" * 65536] * 1000))
    client = await site.connect()
    client.send(get("/"))
    await client.reader.readexactly(100_000)
    client.writer.transport.abort()
    await soon(lambda: not site.server._connections)
    assert site.server.counters.in_flight == 0


# HTTP/1.0 and closing


async def test_the_connection_closes_when_the_peer_says_so(serve) -> None:
    client = await (await serve()).connect()
    client.send(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + get("/never"))
    answer = await client.answer()
    assert answer.headers["connection"] == "close"
    assert await client.ended()


async def test_the_connection_closes_when_the_handler_says_so(serve) -> None:
    client = await (await serve(lambda _: Response(200, close=True))).connect()
    client.send(get("/"))
    assert (await client.answer()).headers["connection"] == "close"
    assert await client.ended()


async def test_http_1_0_closes_unless_asked_not_to(serve) -> None:
    client = await (await serve()).connect()
    client.send(b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert (await client.answer()).headers["connection"] == "keep-alive"
    client.send(b"GET /b HTTP/1.0\r\n\r\n")
    assert (await client.answer()).headers["connection"] == "close"
    assert await client.ended()


async def test_http_1_0_gets_a_stream_without_chunks(serve) -> None:
    async def run(stream) -> None:
        stream.write(b"one")
        stream.write_framed(chunk_frame(b"two\r\n"))

    answer = await (await serve(lambda _: StreamResponse(200, run))).exchange(b"GET / HTTP/1.0\r\n\r\n")
    assert "transfer-encoding" not in answer.headers
    assert answer.body == b"onetwo\r\n"


async def test_a_half_closed_peer_gets_its_answers(serve) -> None:
    gate = asyncio.Event()

    async def later() -> Response:
        await gate.wait()
        return Response(200, b"later")

    site = await serve(lambda _: later())
    client = await site.connect()
    client.send(post("/a") + post("/b"))
    client.writer.write_eof()
    await soon(lambda: site.server._connections and next(iter(site.server._connections))._eof)
    gate.set()
    assert (await client.answer()).body == b"later"
    assert (await client.answer()).body == b"later"
    assert await client.ended()


# Refusals and failures


async def test_a_malformed_request_is_answered_after_those_before_it(serve) -> None:
    client = await (await serve()).connect()
    client.send(get("/ok") + b"NONSENSE\r\n\r\n" + get("/never"))
    assert (await client.answer()).status == 200
    answer = await client.answer()
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert await client.ended()


async def test_a_body_that_is_announced_too_large_is_refused_without_reading_it(serve) -> None:
    def error(status: int, message: str) -> Response:
        return Response(status, f"<{message}>".encode(), "text/x-error")

    site = await serve(body_bytes_max=1000, error=error)
    answer = await site.exchange(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (413, b"<limit is 1000>", "text/x-error")


async def test_a_refusal_reaches_a_peer_that_goes_on_sending(serve) -> None:
    site = await serve(body_bytes_max=1000)
    client = await site.connect()
    client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 4_000_000)
    await client.writer.drain()
    assert (await client.answer()).status == 413
    assert await client.ended()


async def test_continue_is_sent_when_the_body_is_waited_for(serve) -> None:
    client = await (await serve()).connect()
    client.send(b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert (await client.head()).status == 100
    client.send(b"ab")
    assert (await client.answer()).body == b"POST / ab"


async def test_continue_comes_after_the_answers_before_it(serve) -> None:
    gate = asyncio.Event()

    async def later() -> Response:
        await gate.wait()
        return Response(200, b"later")

    client = await (await serve(lambda r: later() if r.path == "/slow" else Response(200, r.body))).connect()
    client.send(get("/slow") + b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    await asyncio.sleep(0)
    gate.set()
    assert (await client.answer()).body == b"later"
    assert (await client.head()).status == 100
    client.send(b"ab")
    assert (await client.answer()).body == b"ab"


async def test_a_too_large_body_gets_no_continue(serve) -> None:
    site = await serve(body_bytes_max=1)
    answer = await site.exchange(b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert answer.status == 413


@pytest.mark.parametrize("awaited", [False, True])
async def test_a_handler_that_raises_becomes_500_and_the_connection_lives(serve, awaited: bool, caplog) -> None:
    async def fail() -> Response:
        raise ValueError("secret")

    def handle(request: Request):
        if request.path == "/ok":
            return Response(200)
        if awaited:
            return fail()
        raise ValueError("secret")

    site = await serve(handle)
    client = await site.connect()
    client.send(get("/bad") + get("/ok"))
    answer = await client.answer()
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert (await client.answer()).status == 200
    [record] = caplog.records
    assert record.getMessage() == "handler of GET /bad failed"
    assert record.exc_info
    assert site.server.counters.failures == 1


async def test_connections_beyond_the_limit_are_turned_away(serve) -> None:
    site = await serve(connections_max=1)
    first = await site.connect()
    first.send(get("/"))
    assert (await first.answer()).status == 200
    second = await site.connect()
    assert (await second.answer()).status == 503
    assert await second.ended()
    assert site.server.counters.turned_away == 1
    first.send(get("/"))
    assert (await first.answer()).status == 200


# Peers that go away


def reset(client) -> None:
    linger = struct.pack("ii", 1, 0)
    client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    client.writer.transport.abort()


def close(client) -> None:
    client.writer.close()


@pytest.mark.parametrize(
    ("method", "leave", "expected"),
    [
        ("GET", close, "cancelled"),
        ("HEAD", close, "cancelled"),
        ("GET", reset, "cancelled"),
        ("POST", reset, "completed"),
    ],
)
async def test_a_read_is_cancelled_and_a_change_completed_when_the_peer_leaves(
    serve, method: str, leave, expected: str
) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()
    outcome = []

    async def work() -> Response:
        begun.set()
        try:
            await gate.wait()
        except asyncio.CancelledError:
            outcome.append("cancelled")
            raise
        outcome.append("completed")
        return Response(200)

    site = await serve(lambda _: work())
    client = await site.connect()
    client.send(f"{method} / HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    await begun.wait()
    leave(client)
    await soon(lambda: not site.server._connections)
    gate.set()
    await soon(lambda: outcome and site.server.counters.in_flight == 0)
    assert outcome == [expected]


# Streams


async def test_the_head_of_a_stream_arrives_before_its_first_chunk(serve) -> None:
    gate = asyncio.Event()

    async def run(stream) -> None:
        await gate.wait()
        stream.write(b"one")
        stream.write(b"")
        stream.write_framed(chunk_frame(b"two"))

    client = await (await serve(lambda _: StreamResponse(200, run, "text/x"))).connect()
    client.send(get("/") + get("/"))
    head = await client.head()
    assert (head.headers["transfer-encoding"], head.headers["content-type"]) == ("chunked", "text/x")
    gate.set()
    assert [await client.chunk() for _ in range(3)] == [b"one", b"two", b""]
    assert (await client.answer()).body == b"onetwo"


async def test_a_stream_learns_that_its_peer_has_gone(serve) -> None:
    seen = []
    begun = asyncio.Event()

    async def run(stream) -> None:
        stream.on_close(lambda: seen.append("callback"))
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(stream.closed.done())
            stream.write(b"into the void")
            assert stream.buffered == 0
            with pytest.raises(ConnectionResetError):
                await stream.drain()
            stream.on_close(lambda: seen.append("late callback"))

    site = await serve(lambda _: StreamResponse(200, run))
    client = await site.connect()
    client.send(get("/"))
    await begun.wait()
    await client.close()
    await soon(lambda: len(seen) == 3)
    assert seen == ["callback", True, "late callback"]


async def test_a_stream_is_paused_by_a_slow_peer_and_goes_on(serve) -> None:
    paused = asyncio.Event()
    count = 0

    async def run(stream) -> None:
        nonlocal count
        for _ in range(400):
            stream.write(b"x" * 65536)
            count += 1
            if stream.paused:
                assert stream.buffered > 0
                paused.set()
                await stream.drain()

    client = await (await serve(lambda _: StreamResponse(200, run))).connect()
    client.writer.transport.pause_reading()
    client.send(get("/"))
    await paused.wait()
    assert count < 400
    client.writer.transport.resume_reading()
    assert len((await client.answer()).body) == 400 * 65536


async def test_a_failing_stream_is_cut_so_that_it_does_not_look_complete(serve, caplog) -> None:
    async def run(stream) -> None:
        stream.write(b"part")
        raise ValueError("no more")

    client = await (await serve(lambda _: StreamResponse(200, run))).connect()
    client.send(get("/"))
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await client.answer()
    assert [record.getMessage() for record in caplog.records] == ["stream of GET / failed"]


async def test_head_of_a_stream_runs_nothing(serve) -> None:
    async def run(stream) -> None:
        raise AssertionError

    client = await (await serve(lambda r: StreamResponse(200, run) if r.method == "HEAD" else Response(200))).connect()
    client.send(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + get("/"))
    assert (await client.answer(method="HEAD")).status == 200
    assert (await client.answer()).headers["content-length"] == "0"


async def test_a_failing_callback_of_a_closed_stream_keeps_nobody_from_hearing_of_it(serve) -> None:
    heard, problems = asyncio.Event(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context["message"]))

    async def run(stream) -> None:
        stream.on_close(lambda: 1 // 0)
        stream.on_close(heard.set)
        await stream.closed

    client = await (await serve(lambda _: StreamResponse(200, run))).connect()
    client.send(get("/"))
    await client.head()
    close(client)
    async with asyncio.timeout(5):
        await heard.wait()
    assert problems == ["callback of a closed stream failed"]


# Upgrades

UPGRADE = b"GET /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n"


async def shout(stream) -> None:
    while data := await stream.read():
        stream.write(data.upper())
    stream.write(b"bye")


async def test_an_upgraded_connection_carries_bytes_both_ways(serve) -> None:
    client = await (await serve(lambda _: UpgradeResponse(shout, (("Upgrade", "shout"),)))).connect()
    client.send(UPGRADE + b"early")
    head = await client.head()
    assert (head.status, head.headers["upgrade"], head.headers["connection"]) == (101, "shout", "Upgrade")
    assert await client.reader.readexactly(5) == b"EARLY"
    client.send(b"more")
    assert await client.reader.readexactly(4) == b"MORE"
    client.writer.write_eof()
    assert await client.reader.read() == b"bye"


async def test_bytes_that_arrive_before_the_upgrade_is_decided_are_not_lost(serve) -> None:
    gate = asyncio.Event()

    async def later() -> UpgradeResponse:
        await gate.wait()
        return UpgradeResponse(shout)

    client = await (await serve(lambda _: later())).connect()
    client.send(UPGRADE + b"a")
    await asyncio.sleep(0)
    client.send(b"b")
    for _ in range(10):
        await asyncio.sleep(0)
    client.send(b"c")
    gate.set()
    assert (await client.head()).status == 101
    assert await client.reader.readexactly(3) == b"ABC"


async def test_a_declined_upgrade_leaves_http(serve) -> None:
    client = await (await serve()).connect()
    client.send(UPGRADE + get("/next"))
    assert (await client.answer()).body == b"GET /up "
    assert (await client.answer()).body == b"GET /next "


async def test_an_upgraded_connection_reads_no_more_than_it_can_keep(serve) -> None:
    gate = asyncio.Event()
    total = 0

    async def run(stream) -> None:
        nonlocal total
        await gate.wait()
        while data := await stream.read():
            total += len(data)

    site = await serve(lambda _: UpgradeResponse(run), raw_read_bytes_max=100_000)
    client = await site.connect()
    client.send(UPGRADE + b"x" * 10_000_000)
    assert (await client.head()).status == 101
    [connection] = site.server._connections
    await soon(lambda: connection._stream.full)
    for _ in range(100):
        await asyncio.sleep(0)
    assert connection._stream._received_size < 1_000_000
    gate.set()
    await soon(lambda: total == 10_000_000)


async def test_a_lost_upgraded_connection_reads_as_its_end(serve) -> None:
    ended = asyncio.Event()

    async def run(stream) -> None:
        assert await stream.read() == b"x"
        assert await stream.read() == b""
        await stream.closed
        ended.set()

    client = await (await serve(lambda _: UpgradeResponse(run))).connect()
    client.send(UPGRADE + b"x")
    assert (await client.head()).status == 101
    reset(client)
    async with asyncio.timeout(5):
        await ended.wait()


# Compression

TEXT = b"".join(b"line %d\n" % number for number in range(50_000))
GZIP = b"GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n"


@pytest.mark.parametrize("body", [TEXT, [TEXT[:200_000], TEXT[200_000:]]])
async def test_large_compressible_answers_are_gzipped_for_those_who_accept_it(serve, body) -> None:
    client = await (await serve(lambda _: Response(200, body, compressible=True))).connect()
    client.send(GZIP + get("/") + GZIP)
    for accepted in (True, False, True):
        answer = await client.answer()
        assert answer.headers.get("content-encoding") == ("gzip" if accepted else None)
        assert (gzip.decompress(answer.body) if accepted else answer.body) == TEXT


async def test_awaited_answers_are_gzipped_too(serve) -> None:
    async def later() -> Response:
        return Response(200, TEXT, compressible=True)

    client = await (await serve(lambda _: later())).connect()
    client.send(GZIP * 2)
    for _ in range(2):
        assert gzip.decompress((await client.answer()).body) == TEXT


async def test_a_peer_that_leaves_ends_its_compression(serve) -> None:
    site = await serve(lambda _: Response(200, [TEXT] * 1000, compressible=True))
    client = await site.connect()
    client.send(GZIP)
    await client.head()
    close(client)
    await soon(lambda: not len(site.server.tasks))
    assert site.server.counters.in_flight == 0


@pytest.mark.parametrize("response", [Response(200, TEXT), Response(200, TEXT[: 128 * 1024 - 1], compressible=True)])
async def test_small_answers_and_those_not_marked_are_sent_as_they_are(serve, response: Response) -> None:
    answer = await (await serve(lambda _: response)).exchange(GZIP)
    assert "content-encoding" not in answer.headers
    assert answer.body == response.body


# Time


async def connected(site) -> None:
    await soon(lambda: site.server.counters.connections == 1)


async def test_a_connection_that_never_asks_is_closed(serve) -> None:
    site = await serve(header_s=5)
    client = await site.connect()
    await connected(site)
    site.pass_time(5)
    await asyncio.sleep(0)
    assert site.server.counters.connections == 1
    site.pass_time(2)
    assert await client.ended()


async def test_an_idle_connection_is_closed_later_than_a_slow_head(serve) -> None:
    site = await serve(header_s=5, idle_s=20)
    idle, slow = await site.connect(), await site.connect()
    for client in (idle, slow):
        client.send(get("/"))
        assert (await client.answer()).status == 200
    site.pass_time(10)
    slow.send(b"GET / HT")
    await soon(lambda: any(c._reader.phase == 1 for c in site.server._connections))
    site.pass_time(8)
    assert await slow.ended()
    assert site.server.counters.connections == 1
    site.pass_time(10)
    assert await idle.ended()


async def test_a_head_that_trickles_in_gains_no_time(serve) -> None:
    site = await serve(header_s=5)
    client = await site.connect()
    await connected(site)
    [connection] = site.server._connections
    for number in range(8):
        client.send(b"GET /slowly HTTP/1.1"[number : number + 1])
        await soon(lambda number=number: connection._lost or connection._reader._fed_bytes == number + 1)
        site.pass_time(1)
    assert await client.ended()


async def test_a_body_that_does_not_arrive_is_answered_with_408(serve) -> None:
    site = await serve(body_s=5)
    client = await site.connect()
    client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
    await soon(lambda: any(c._reader.phase == 2 for c in site.server._connections))
    site.pass_time(40)
    assert (await client.answer()).status == 408
    assert await client.ended()


async def test_a_handler_may_take_its_time(serve) -> None:
    gate = asyncio.Event()

    async def later() -> Response:
        await gate.wait()
        return Response(200)

    site = await serve(lambda _: later(), header_s=5, idle_s=5, body_s=5, stall_s=5)
    client = await site.connect()
    client.send(get("/"))
    await soon(lambda: site.server.counters.in_flight == 1)
    site.pass_time(1000)
    gate.set()
    assert (await client.answer()).status == 200


async def test_a_peer_that_takes_nothing_of_its_answer_is_cut_off(serve) -> None:
    site = await serve(lambda _: Response(200, [b"x" * 65536] * 1000), stall_s=5)
    client = await site.connect()
    client.writer.transport.pause_reading()
    client.send(get("/"))
    await soon(lambda: any(c.write_paused for c in site.server._connections))
    site.pass_time(50)
    await soon(lambda: not site.server._connections)
    assert site.server.counters.in_flight == 0


async def test_a_peer_that_ignores_a_refusal_is_cut_off(serve) -> None:
    site = await serve(linger_s=1)
    client = await site.connect()
    client.send(b"NONSENSE\r\n\r\n")
    assert (await client.answer()).status == 400
    site.pass_time(3)
    await soon(lambda: not site.server._connections)


# Draining


async def test_draining_lets_requests_end_and_closes_idle_connections(serve) -> None:
    gate = asyncio.Event()

    async def later() -> Response:
        await gate.wait()
        return Response(200, b"done")

    site = await serve(lambda request: later() if request.path == "/slow" else Response(200))
    idle, busy = await site.connect(), await site.connect()
    idle.send(get("/"))
    assert (await idle.answer()).status == 200
    busy.send(get("/slow"))
    await soon(lambda: site.server.counters.in_flight == 1)
    drained = asyncio.ensure_future(site.server.drain(5))  # noqa: TID251
    assert await idle.ended()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", site.port)
    gate.set()
    answer = await busy.answer()
    assert (answer.body, answer.headers["connection"]) == (b"done", "close")
    async with asyncio.timeout(2):
        await drained


async def test_draining_tells_streams_and_cuts_those_that_do_not_end(serve) -> None:
    async def polite(stream) -> None:
        await stream.draining.wait()
        stream.write(b"goodbye")

    async def rude(stream) -> None:
        await asyncio.Event().wait()

    site = await serve(lambda request: StreamResponse(200, polite if request.path == "/polite" else rude))
    good, bad = await site.connect(), await site.connect()
    good.send(get("/polite"))
    bad.send(get("/rude"))
    await good.head()
    await bad.head()
    async with asyncio.timeout(2):
        await site.server.drain(0.05)
    assert await good.chunk() == b"goodbye"
    assert await good.chunk() == b""
    assert await bad.ended()
    assert site.server.counters.connections == 0


async def test_a_caller_keeps_state_on_a_connection(serve) -> None:
    def handle(request: Request) -> Response:
        seen = request.connection.state["seen"] = request.connection.state.get("seen", 0) + 1
        return Response(200, f"{seen} {request.peer.address} {request.peer.certificate_der}".encode())

    client = await (await serve(handle)).connect()
    client.send(get("/") * 2)
    assert [(await client.answer()).body for _ in range(2)] == [b"1 127.0.0.1 None", b"2 127.0.0.1 None"]


@pytest.fixture(autouse=True)
def no_unexpected_log(caplog):
    caplog.set_level(logging.INFO)
    yield
    assert [r for r in caplog.get_records("call") if r.name == "asyncio"] == []
