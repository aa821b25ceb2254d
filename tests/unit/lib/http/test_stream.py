"""Open answers and upgraded connections."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct

import pytest

from steersman.lib.http.message import Response, StreamResponse, UpgradeResponse, chunk_frame

GET = b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST %b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%b"


def get(path: str) -> bytes:
    return GET % path.encode()


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
