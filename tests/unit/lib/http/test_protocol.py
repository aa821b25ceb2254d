"""One connection: order, back-pressure, closing, refusals, peers that leave, time."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import struct

import pytest

from steersman.lib.http.message import Request, Response, StreamResponse, UpgradeResponse, chunk_frame
from steersman.lib.http.protocol import HttpConnection

GET = b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST %b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%b"


def get(path: str) -> bytes:
    return GET % path.encode()


def post(path: str, body: bytes = b"") -> bytes:
    return POST % (path.encode(), len(body), body)


async def soon(condition) -> None:
    """Let the loop run until `condition()` holds."""
    async with asyncio.timeout(5):
        while not condition():  # the conditions are states of the server, which sets no event for tests
            await asyncio.sleep(0)


def reset(client) -> None:
    linger = struct.pack("ii", 1, 0)
    client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    client.writer.transport.abort()


def close(client) -> None:
    client.writer.close()


@pytest.fixture(autouse=True)
def no_unexpected_log(caplog):
    caplog.set_level(logging.INFO)
    yield
    assert [r for r in caplog.get_records("call") if r.name == "asyncio"] == []


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


async def test_a_stream_of_known_length_says_it_and_has_no_chunks(serve) -> None:
    async def run(stream) -> None:
        stream.write(b"one")
        stream.write(b"two")

    client = await (await serve(lambda _: StreamResponse(200, run, length=6))).connect()
    client.send(get("/") + b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + get("/"))
    for method, body in (("GET", b"onetwo"), ("HEAD", b""), ("GET", b"onetwo")):
        answer = await client.answer(method=method)
        assert "transfer-encoding" not in answer.headers
        assert (answer.headers["content-length"], answer.body) == ("6", body)


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


# Peers that go away


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


async def test_what_was_opened_for_an_answer_is_closed_when_the_peer_left_before_it(serve) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()
    outcome = []

    async def run(stream) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            outcome.append("closed" if stream.closed.done() else "open")

    async def switched(stream) -> None:
        outcome.append(await stream.read())

    async def work(request: Request) -> StreamResponse | UpgradeResponse:
        begun.set()
        await gate.wait()
        return StreamResponse(200, run) if request.path == "/stream" else UpgradeResponse(switched)

    site = await serve(work)
    for path, expected in (("/stream", "closed"), ("/raw", b"")):
        begun.clear()
        gate.clear()
        client = await site.connect()
        client.send(post(path))
        await begun.wait()
        reset(client)
        await soon(lambda: not site.server._connections)
        gate.set()
        await soon(lambda: outcome and site.server.counters.in_flight == 0)
        assert outcome.pop() == expected


@pytest.mark.parametrize("leaving", ["peer", "server"])
async def test_a_connection_that_has_gone_is_freed_at_once(serve, leaving: str) -> None:
    """Its buffers are large, and the collector is told to come rarely."""

    async def forever(stream) -> None:
        stream.write(b"x")
        await asyncio.Event().wait()

    def answer(request: Request) -> Response | StreamResponse:
        if request.path == "/stream":
            return StreamResponse(200, forever, "text/plain")
        return Response(200, b"x", "text/plain", close=leaving == "server")

    site = await serve(answer)
    gc.collect()
    gc.disable()
    try:
        for path in (b"/stream", b"/whole"):
            client = await site.connect()
            client.send(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
            await client.head()
            await client.close()
        while site.server.counters.connections or len(site.server.tasks):
            await asyncio.sleep(0)
        assert [found for found in gc.get_objects() if isinstance(found, HttpConnection)] == []
    finally:
        gc.enable()
