"""Limits of connections and time, and draining."""

from __future__ import annotations

import asyncio
import logging

import pytest

from steersman.lib.http.message import Request, Response, StreamResponse

GET = b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST %b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%b"


def get(path: str) -> bytes:
    return GET % path.encode()


async def soon(condition) -> None:
    """Let the loop run until `condition()` holds."""
    async with asyncio.timeout(5):
        while not condition():  # the conditions are states of the server, which sets no event for tests
            await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def no_unexpected_log(caplog):
    caplog.set_level(logging.INFO)
    yield
    assert [r for r in caplog.get_records("call") if r.name == "asyncio"] == []


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


async def test_a_peer_of_a_patient_answer_may_pause(serve) -> None:
    async def run(stream) -> None:
        for _ in range(200):
            stream.write(b"x" * 65536)
            await stream.drain()

    site = await serve(lambda _: StreamResponse(200, run, patient=True), stall_s=5)
    client = await site.connect()
    client.writer.transport.pause_reading()
    client.send(get("/"))
    await soon(lambda: any(c.write_paused for c in site.server._connections))
    site.pass_time(50)
    client.writer.transport.resume_reading()
    assert len((await client.answer()).body) == 200 * 65536


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
