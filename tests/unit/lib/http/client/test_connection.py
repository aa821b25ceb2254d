"""Answers that are none."""

from __future__ import annotations

import asyncio

import pytest

from steersman.lib.http.client.errors import PeerClosed, ProtocolError

GARBAGE = [
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
]


@pytest.mark.parametrize("answer", GARBAGE)
async def test_what_is_no_answer_is_refused_and_the_connection_closed(peer, client, answer: bytes, soon) -> None:
    made = await peer(answer)
    with pytest.raises(ProtocolError, match=f"malformed answer of {made.target.authority}"):
        await client.request(made.target, "GET", "/", timeout_s=5)
    await made.gone.wait()
    await soon(lambda: not client._connections)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
async def test_an_answer_that_breaks_off_is_none(peer, client, answer: bytes) -> None:
    made = await peer(answer, close=True)
    with pytest.raises(PeerClosed, match="in the middle of its answer"):
        await client.request(made.target, "GET", "/", timeout_s=5)


async def test_a_head_may_come_byte_by_byte(peer, client, soon) -> None:
    made = await peer(b"")
    asked = client.open(made.target, "GET", "/", timeout_s=5)
    task = asyncio.get_running_loop().create_task(asked)
    await soon(lambda: made.requests)
    writer = next(iter(made.open))
    for byte in b"HTTP/1.1 200 OK\r\nX-Name:  a b \t\r\nContent-Length: 2\r\n\r\nok":
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(0)
    async with await task as response:
        assert response.headers.get("x-name") == "a b"
        assert await response.read() == b"ok"
