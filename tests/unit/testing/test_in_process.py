"""The in-process client hands a handler what a connection would, and collects what it answers."""

from __future__ import annotations

import asyncio

import pytest

from steersman.lib.http.message import BodyStream, Request, Response, StreamResponse
from steersman.testing.in_process import InProcessClient, Reply, Stream
from steersman.testing.virtual_time import settle


def echo(request: Request) -> Response:
    text = f"{request.method} {request.path} {request.params} {request.headers.get('x-who')} {request.body!r}"
    return Response(201, [text.encode(), b"!"], "text/plain", headers=(("X-A", "1"),))


async def test_a_request_arrives_as_from_a_connection() -> None:
    client = InProcessClient(echo, headers=[("X-Who", "me")])
    reply = await client.request("POST", "/a%20b", query={"x": "1 2"}, body={"k": 1})
    assert isinstance(reply, Reply)
    assert reply.body == b"POST /a b {'x': ['1 2']} me b'{\"k\": 1}'!"
    assert (reply.status, reply.header("x-a"), reply.content_type) == (201, ["1"], "text/plain")
    await client.close()


@pytest.mark.virtual_time
async def test_a_stream_is_taken_line_by_line_while_it_runs() -> None:
    async def tick(body: BodyStream) -> None:
        for number in range(3):
            body.write(b"%d\n%d" % (number, number))
            await asyncio.sleep(10)

    async def handler(request: Request) -> StreamResponse:
        del request
        return StreamResponse(200, tick)

    client = InProcessClient(handler)
    stream = await client.request("GET", "/")
    assert isinstance(stream, Stream)
    await settle()
    assert stream.take_lines() == [b"0"]
    await asyncio.sleep(10)
    assert stream.take_lines() == [b"01"]
    assert not stream.ended
    await asyncio.sleep(30)
    assert stream.ended
    await client.close()


@pytest.mark.virtual_time
async def test_a_handler_sees_its_peer_go_away() -> None:
    gone: list[str] = []

    async def wait(body: BodyStream) -> None:
        body.on_close(lambda: gone.append("closed"))
        await body.closed

    client = InProcessClient(lambda _: StreamResponse(200, wait))
    stream = await client.request("GET", "/")
    assert isinstance(stream, Stream)
    await settle()
    stream.close()
    await settle()
    assert gone == ["closed"]
    await client.close()
