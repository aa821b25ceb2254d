"""Two streams joined: pace, half-closed ends, and the end of either."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from steersman.lib.http.client.message import Target
from steersman.lib.http.client.pipe import pipe
from steersman.lib.http.message import UpgradeResponse

UPGRADE = (("Connection", "Upgrade"), ("Upgrade", "raw"))


@dataclass
class Chain:
    """A client, a server that pipes to another server, and that one's stream."""

    near: object
    far: object
    done: asyncio.Future[None]


@pytest.fixture
async def chain(serve, make_client, certificates):
    """A function that builds a Chain; `secure`: TLS to the near end, so that its half-closed state does not exist."""
    leave = asyncio.Event()

    async def build(*, secure: bool = False, **limits) -> Chain:
        client = make_client(**limits)
        loop = asyncio.get_running_loop()
        far, done = loop.create_future(), loop.create_future()

        async def end(stream) -> None:
            far.set_result(stream)
            await leave.wait()

        async def middle(stream) -> None:
            try:
                await pipe(stream, upgraded.stream)
            except BaseException as error:
                done.set_exception(error)
                raise
            done.set_result(None)

        raw_read = {"raw_read_bytes_max": limits["read_buffer_bytes"]} if limits else {}
        last = await serve(lambda _: UpgradeResponse(end, (("Upgrade", "raw"),)), **raw_read)
        upgraded = await client.upgrade(last.target, "GET", "/", headers=UPGRADE, timeout_s=5)
        tls = certificates.server_side() if secure else None
        first = await serve(lambda _: UpgradeResponse(middle, (("Upgrade", "raw"),)), tls=tls, **raw_read)
        target = Target("127.0.0.1", first.target.port, certificates.client_side() if secure else None)
        near = await make_client(**limits).upgrade(target, "GET", "/", headers=UPGRADE, timeout_s=5)
        return Chain(near.stream, await far, done)

    yield build
    leave.set()


async def test_both_ways_are_copied_and_each_ends_by_itself(chain) -> None:
    made = await chain()
    made.near.write(b"question")
    assert await made.far.read() == b"question"
    assert made.near.write_eof()
    assert await made.far.read() == b""
    assert not made.done.done()
    made.far.write(b"answer")
    assert await made.near.read() == b"answer"
    assert made.far.write_eof()
    assert await made.near.read() == b""
    await made.done


async def test_what_was_on_its_way_arrives_before_the_end(chain) -> None:
    made = await chain()
    made.far.write(b"last words")
    made.far.close()
    assert await made.near.read() == b"last words"
    assert await made.near.read() == b""
    made.near.close()
    await made.done


@pytest.mark.parametrize("side", ["near", "far"])
async def test_when_one_side_is_cut_the_other_sees_an_end(chain, side) -> None:
    """Over TCP it may be a half-closed one, so that the other side has to close."""
    made = await chain()
    getattr(made, side).abort()
    other = made.far if side == "near" else made.near
    assert await other.read() == b""
    other.close()
    await made.done


async def test_where_an_end_cannot_be_told_it_is_the_end_of_all(chain) -> None:
    made = await chain(secure=True)
    made.far.write(b"last words")
    assert made.far.write_eof()
    assert await made.near.read() == b"last words"
    assert await made.near.read() == b""
    await made.done


async def test_the_slower_side_sets_the_pace(chain) -> None:
    made = await chain(read_buffer_bytes=10_000, write_buffer_bytes=10_000)
    size = 64 << 20
    made.near.write(b"x" * size)
    for _ in range(2000):
        await asyncio.sleep(0)
    assert made.near.buffered > size / 2
    assert made.near.paused
    got = 0
    while got < size:
        got += len(await made.far.read())
    assert got == size
    made.near.close()
    made.far.close()
    await made.done


async def test_a_caller_that_is_cancelled_cuts_both(serve, make_client) -> None:
    async def echo(stream) -> None:
        while data := await stream.read():
            stream.write(data)

    site = await serve(lambda _: UpgradeResponse(echo, (("Upgrade", "raw"),)))
    client = make_client()
    a, b = [await client.upgrade(site.target, "GET", "/", headers=UPGRADE, timeout_s=5) for _ in range(2)]
    task = asyncio.get_running_loop().create_task(pipe(a.stream, b.stream))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await a.stream.closed
    await b.stream.closed
