"""What is special about a transport without sockets; what both have in common: tests/conformance/transport."""

from __future__ import annotations

import asyncio

import pytest

from steersman.api.errors import TooManyRequests
from steersman.client.errors import Interrupted, retry_after_s
from steersman.client.request import ApiRequest
from steersman.cluster.local_transport import LocalTransport
from steersman.lib.aio import Tasks, loop_time
from steersman.lib.http.message import Response, StreamResponse

pytestmark = pytest.mark.virtual_time

GET = ApiRequest("GET", "/a", (("x", "1 2"),))
EVENT = b'{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n'


@pytest.fixture
async def local():
    made = []

    def make(handler, **options):
        transport = LocalTransport(handler=handler, user_agent="me", **options)
        made.append(transport)
        return transport

    yield make
    for transport in made:
        await transport.close()


async def test_requests_that_repeat_their_head_share_it_until_the_token_changes(local):
    token, seen = ["one"], []
    transport = local(lambda request: seen.append(request) or Response(200, [b'{"a":', b"1}"]), token=lambda: token[0])
    for body in (b"", b"", b"{}"):
        assert await transport.exchange(ApiRequest("POST", "/a", body=body), timeout_s=1) == {"a": 1}
    token[0] = "two"
    await transport.exchange(GET, timeout_s=1)
    first, second, third, fourth = (request.headers for request in seen)
    assert first is second
    assert (first.get("content-type"), third.get("content-type")) == ("", "application/json")
    assert (third.get("authorization"), fourth.get("authorization")) == ("Bearer one", "Bearer two")
    assert (seen[3].query, seen[0].query) == ("x=1+2", "")


async def test_the_time_of_a_request_is_bounded(local):
    transport = local(lambda _: asyncio.sleep(100))
    begun = loop_time()
    with pytest.raises(Interrupted, match=r"GET /a: no answer in 5\.0 s"):
        await transport.exchange(GET, timeout_s=5.0)
    with pytest.raises(Interrupted):
        await transport.watch(GET, timeout_s=5.0)
    assert loop_time() - begun == pytest.approx(10)


async def test_an_answer_that_is_written_piece_by_piece_is_one(local):
    async def run(body):
        for piece in (b'{"a', b'":', b"1}"):
            body.write(piece)
            await asyncio.sleep(1)

    transport = local(lambda _: StreamResponse(200, run))
    assert await transport.exchange(GET, timeout_s=10) == {"a": 1}

    async def broken(body):
        body.write(b'{"a":1}')
        body.abort()

    with pytest.raises(Interrupted, match="broke"):
        await local(lambda _: StreamResponse(200, broken)).exchange(GET, timeout_s=10)


async def test_refusals_carry_their_headers(local):
    transport = local(lambda _: Response(429, b"busy", headers=(("Retry-After", "3"),)))
    for asking in (transport.exchange, transport.watch):
        with pytest.raises(TooManyRequests) as caught:
            await asking(GET, timeout_s=1)
        assert retry_after_s(caught.value) == 3


async def test_events_that_came_together_are_told_together(local):
    async def run(body):
        body.write(EVENT)
        body.write(EVENT)
        await asyncio.sleep(1)
        body.write(EVENT)

    watch = await local(lambda _: StreamResponse(200, run)).watch(GET, timeout_s=1)
    assert [len(events) async for events in watch] == [2, 1]


async def test_a_watch_that_is_cut_off_is_told_apart_from_one_that_ended(local):
    async def run(body):
        body.write(EVENT)
        body.abort()

    watch = await local(lambda _: StreamResponse(200, run)).watch(GET, timeout_s=1)
    assert len(await anext(watch)) == 1
    with pytest.raises(Interrupted):
        await anext(watch)
    with pytest.raises(Interrupted, match="no watch"):
        await local(lambda _: Response(200)).watch(GET, timeout_s=1)


async def test_many_requests_in_a_row_let_others_run(local):
    transport = local(lambda _: Response(200, b"{}"))
    turns = []

    async def other():
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    transport._pacer = None
    tasks = Tasks()
    tasks.start(other(), name="other")
    for _ in range(20):
        await transport.exchange(GET, timeout_s=1)
        if transport._pacer is not None:
            transport._pacer._until = 0.0  # time stands still here: the slice is used up
    assert len(turns) > 10
    await tasks.close()
