"""Open answers, their pace, and other protocols."""

from __future__ import annotations

import asyncio

import pytest

from steersman.lib.http.client.answer import OpenResponse, Upgraded
from steersman.lib.http.client.errors import PeerClosed, ProtocolError
from steersman.lib.http.message import Response, StreamResponse, UpgradeResponse

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
UPGRADE = (("Connection", "Upgrade"), ("Upgrade", "echo"))
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"


async def test_pieces_come_as_they_are_sent(serve, client) -> None:
    go_on = asyncio.Event()

    async def run(stream) -> None:
        for piece in (b"one", b"two"):
            stream.write(piece)
            await go_on.wait()
            go_on.clear()

    site = await serve(lambda _: StreamResponse(200, run))
    async with await client.open(site.target, "GET", "/", timeout_s=5) as response:
        assert response.status == 200
        got = []
        async for piece in response:
            got.append(piece)
            go_on.set()
        assert got == [b"one", b"two"]
        assert await response.read() == b""
    await client.request(site.target, "HEAD", "/", timeout_s=5)
    assert site.server.counters.accepted == 1


async def test_the_rest_can_be_read_at_once(serve, client) -> None:
    site = await serve(lambda _: Response(404, b"x" * 500_000))
    response = await client.open(site.target, "GET", "/", timeout_s=5)
    first = await anext(response)
    assert first + await response.read() == b"x" * 500_000
    assert response.status == 404


async def test_all_at_once_has_a_limit(serve, make_client, soon) -> None:
    client = make_client(body_bytes_max=1000)
    site = await serve(lambda _: Response(200, b"x" * 500_000))
    response = await client.open(site.target, "GET", "/", timeout_s=5)
    with pytest.raises(ProtocolError, match="larger than 1000 bytes"):
        await response.read()
    await soon(lambda: not client._connections)
    response = await client.open(site.target, "GET", "/", timeout_s=5)
    assert sum([len(piece) async for piece in response]) == 500_000


async def test_an_answer_that_is_not_read_is_not_sent(serve, make_client) -> None:
    client = make_client(read_buffer_bytes=10_000)
    sent = 0

    async def run(stream) -> None:
        nonlocal sent
        for _ in range(2000):
            stream.write(b"x" * 10_000)
            sent += 10_000
            await stream.drain()

    site = await serve(lambda _: StreamResponse(200, run), write_buffer_bytes=10_000)
    response = await client.open(site.target, "GET", "/", timeout_s=5)
    before = -1
    while before != sent:  # until the buffers of the kernel are full
        before = sent
        for _ in range(200):
            await asyncio.sleep(0)
    assert sent < 20_000_000
    assert response._size < 1_000_000
    assert sum([len(piece) async for piece in response]) == 20_000_000


async def test_what_arrived_is_read_before_the_end_that_came_too_early(peer, client) -> None:
    made = await peer(OK[:-1], close=True)
    response = await client.open(made.target, "GET", "/", timeout_s=5)
    assert await anext(response) == b"o"
    for _ in range(2):
        with pytest.raises(PeerClosed):
            await response.read()


async def test_time_counts_until_the_head_only(peer, client) -> None:
    made = await peer(OK[:-1])
    response = await client.open(made.target, "GET", "/", timeout_s=0.02)
    assert await anext(response) == b"o"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await anext(response)


async def test_a_reader_that_is_cancelled_ends_the_answer(peer, client) -> None:
    made = await peer(OK[:-2])
    response = await client.open(made.target, "GET", "/", timeout_s=5)
    task = asyncio.get_running_loop().create_task(response.read())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="another task"):
        await anext(response)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await made.gone.wait()


async def test_closing_gives_up_the_rest(peer, client) -> None:
    made = await peer(OK[:-1])
    response = await client.open(made.target, "GET", "/", timeout_s=5)
    await response.close()
    await response.close()
    assert [piece async for piece in response] == []
    await made.gone.wait()


async def test_closing_a_complete_answer_keeps_its_connection(peer, client) -> None:
    made = await peer(OK, OK)
    for _ in range(2):
        async with await client.open(made.target, "GET", "/", timeout_s=5) as response:
            assert response.status == 200
    assert made.connections == 1


# Other protocols


async def echo(stream) -> None:
    while data := await stream.read():
        stream.write(data)


async def test_an_upgrade_gives_the_connection_away(serve, client) -> None:
    site = await serve(lambda _: UpgradeResponse(echo, (("Upgrade", "echo"),)))
    upgraded = await client.upgrade(site.target, "GET", "/", headers=UPGRADE, timeout_s=5)
    assert isinstance(upgraded, Upgraded)
    assert upgraded.headers.get("upgrade") == "echo"
    stream = upgraded.stream
    stream.write(b"hello")
    assert await stream.read() == b"hello"
    assert stream.write_eof()
    assert await stream.read() == b""
    stream.close()
    await stream.closed
    assert not client._connections


async def test_what_came_behind_the_head_is_not_lost(peer, client) -> None:
    made = await peer(SWITCHED + b"first words")
    upgraded = await client.upgrade(made.target, "GET", "/", headers=UPGRADE, timeout_s=5)
    assert await upgraded.stream.read() == b"first words"
    upgraded.stream.abort()
    await made.gone.wait()


@pytest.mark.parametrize("status", [b"200 OK", b"403 Forbidden", b"426 Upgrade Required"])
async def test_an_upgrade_that_is_declined_is_an_open_answer(peer, client, status: bytes) -> None:
    made = await peer(b"HTTP/1.1 %b\r\nUpgrade: x\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nno" % status, OK)
    response = await client.upgrade(made.target, "POST", "/", headers=UPGRADE, timeout_s=5)
    assert isinstance(response, OpenResponse)
    assert (response.status, await response.read()) == (int(status[:3]), b"no")
    await client.request(made.target, "GET", "/", timeout_s=5)
    assert made.connections == 1


async def test_the_pace_of_a_raw_stream_is_the_slower_one(serve, make_client, soon) -> None:
    client = make_client(write_buffer_bytes=1000, read_buffer_bytes=1000)
    read = asyncio.Event()

    async def wait(stream) -> None:
        await read.wait()
        await echo(stream)

    site = await serve(lambda _: UpgradeResponse(wait, (("Upgrade", "echo"),)), raw_read_bytes_max=1000)
    stream = (await client.upgrade(site.target, "GET", "/", headers=UPGRADE, timeout_s=5)).stream
    size = 16 << 20
    stream.write(b"x" * size)
    await soon(lambda: stream.paused)
    read.set()
    task = asyncio.get_running_loop().create_task(_count(stream, size))
    await stream.drain()
    assert not stream.paused
    assert await task == size
    stream.close()


async def _count(stream, size: int) -> int:
    got = 0
    while got < size and (data := await stream.read()):
        got += len(data)
    return got


async def test_a_raw_stream_sees_the_end_of_the_client(peer, client) -> None:
    made = await peer(SWITCHED)
    stream = (await client.upgrade(made.target, "GET", "/", headers=UPGRADE, timeout_s=5)).stream
    closed = []
    stream.on_close(lambda: closed.append(True))
    await client.close()
    assert stream.draining.is_set()
    assert await stream.read() == b""
    assert closed
    with pytest.raises(ConnectionResetError):
        await stream.drain()
