"""Exchanges, connections that are used again, repetition, time, cancellation and the end."""

from __future__ import annotations

import asyncio
import logging

import pytest

from steersman.lib.http.client.answer import WholeAnswer
from steersman.lib.http.client.errors import ClientClosed, PeerClosed, ProtocolError, Timeout
from steersman.lib.http.client.message import Target
from steersman.lib.http.message import Request, Response, StreamResponse

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(autouse=True)
def no_unexpected_log(caplog):
    caplog.set_level(logging.INFO)
    yield
    assert [r for r in caplog.get_records("call") if r.name in ("asyncio", "test.client")] == []


def echo(request: Request) -> Response:
    text = b"%s %s?%s %b" % (request.method.encode(), request.raw_path.encode(), request.query.encode(), request.body)
    return Response(201, text, "text/plain", (("X-Host", request.headers.get("host")), ("X-Two", "1"), ("X-Two", "2")))


async def idle(client) -> int:
    """How many connections wait; the counts agree."""
    count = sum(map(len, client._idle.values()))
    assert count == client._idle_count
    return count


# Exchanges


async def test_an_answer_is_its_status_its_headers_and_its_body(serve, client) -> None:
    site = await serve(echo)
    response = await client.request(
        site.target, "PUT", "/a%2Fb?c=d", headers=(("Content-Type", "text/plain"),), body=b"body", timeout_s=5
    )
    assert (response.status, response.body) == (201, b"PUT /a%2Fb?c=d body")
    assert response.headers.get("content-type") == "text/plain"
    assert response.headers.get("x-host") == site.target.authority
    assert response.headers.get_all("x-two") == ["1", "2"]


@pytest.mark.parametrize("size", [70_000, 2_000_000])
async def test_bodies_may_be_large_in_both_directions(serve, client, size: int) -> None:
    site = await serve(lambda request: Response(200, request.body))
    body = bytes(range(256)) * (size // 256)
    assert (await client.request(site.target, "POST", "/", body=body, timeout_s=20)).body == body


@pytest.mark.parametrize(
    ("method", "answer", "body"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", b""),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b""),
        ("HEAD", b"HTTP/1.1 200 OK\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\nT: 1\r\n\r\n", b"abc"),
        ("GET", b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        ("GET", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK, b"ok"),
        ("GET", b"HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nok", b"ok"),
    ],
)
async def test_a_connection_is_used_again_after_every_answer_of_certain_length(peer, client, method, answer, body):
    made = await peer(answer, OK)
    response = await client.request(made.target, method, "/", timeout_s=5)
    assert response.body == body
    assert "t" not in response.headers
    assert "link" not in response.headers
    assert (await client.request(made.target, "GET", "/", timeout_s=5)).body == b"ok"
    assert made.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        OK + OK,
        OK + b"garbage",
    ],
)
async def test_a_connection_is_not_used_again_after_others(peer, client, answer) -> None:
    made = await peer(answer, OK)
    for _ in range(2):
        assert (await client.request(made.target, "GET", "/", timeout_s=5)).body == b"ok"
        made.answers = made.answers or [OK]
    assert made.connections == 2


async def test_an_answer_may_end_with_its_connection(peer, client, soon) -> None:
    made = await peer(b"HTTP/1.1 200 OK\r\n\r\nall of it", close=True)
    assert (await client.request(made.target, "GET", "/", timeout_s=5)).body == b"all of it"
    await soon(lambda: not client._connections)


async def test_what_a_head_answer_carries_after_its_head_ends_the_connection(peer, client, soon) -> None:
    made = await peer(OK)
    assert (await client.request(made.target, "HEAD", "/", timeout_s=5)).body == b""
    await soon(lambda: not client._connections)


async def test_a_client_asks_many_at_once(serve, client) -> None:
    site = await serve(echo)
    asked = [client.request(site.target, "GET", f"/{n}", timeout_s=5) for n in range(50)]
    assert [r.body for r in await asyncio.gather(*asked)] == [b"GET /%d? " % n for n in range(50)]
    assert await idle(client) == client.limits.idle_per_target_max


# Limits


async def test_a_body_that_is_too_large_is_not_taken(peer, make_client, soon) -> None:
    client = make_client(body_bytes_max=1)
    made = await peer(OK)
    with pytest.raises(ProtocolError, match="larger than 1 bytes"):
        await client.request(made.target, "GET", "/", timeout_s=5)
    await soon(lambda: not client._connections)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2000,
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 33,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 2000,
    ],
)
async def test_heads_that_are_too_large_are_not_taken(peer, make_client, answer) -> None:
    client = make_client(header_bytes_max=1000)
    made = await peer(answer)
    with pytest.raises(ProtocolError, match=r"header is too large|too many interim"):
        await client.request(made.target, "GET", "/", timeout_s=5)


async def test_idle_connections_are_bounded(serve, make_client, soon) -> None:
    client = make_client(idle_per_target_max=2, idle_max=3)
    sites = [await serve(echo) for _ in range(2)]
    for site in sites:
        await asyncio.gather(*(client.request(site.target, "GET", "/", timeout_s=5) for _ in range(5)))
    assert await idle(client) == 3
    assert len(client._idle[sites[0].target]) == 1
    await soon(lambda: len(client._connections) == 3)


async def test_idle_connections_are_closed_after_a_while(peer, make_client, soon) -> None:
    client = make_client(idle_s=0.01)
    made = await peer(OK, OK)
    await client.request(made.target, "GET", "/", timeout_s=5)
    await made.gone.wait()
    await soon(lambda: not client._connections)
    assert await idle(client) == 0
    assert client._sweeper is None


# Peers that close


async def test_a_connection_that_closes_while_idle_is_not_used(peer, client, soon) -> None:
    made = await peer(OK, OK, close=True)
    await client.request(made.target, "GET", "/", timeout_s=5)
    await soon(lambda: not client._connections)
    assert await idle(client) == 0
    await client.request(made.target, "POST", "/", timeout_s=5)
    assert made.connections == 2


async def test_what_a_peer_says_unasked_ends_the_connection(peer, client, soon) -> None:
    made = await peer(OK)
    await client.request(made.target, "GET", "/", timeout_s=5)
    next(iter(made.open)).write(OK)
    await soon(lambda: not client._connections)


async def test_a_stale_connection_costs_nothing_but_time(peer, client) -> None:
    made = await peer(OK, None, OK)
    for _ in range(2):
        assert (await client.request(made.target, "GET", "/", timeout_s=5)).body == b"ok"
    assert (len(made.requests), made.connections) == (3, 2)


@pytest.mark.parametrize(("idempotent", "asked"), [(None, 2), (False, 2), (True, 3)])
async def test_what_may_have_been_done_is_not_asked_for_again(peer, client, idempotent, asked) -> None:
    made = await peer(OK, None, OK)
    await client.request(made.target, "GET", "/", timeout_s=5)
    request = client.request(made.target, "POST", "/", body=b"x", timeout_s=5, idempotent=idempotent)
    if idempotent:
        assert (await request).status == 200
    else:
        with pytest.raises(PeerClosed) as raised:
            await request
        assert not raised.value.answered
    assert len(made.requests) == asked


async def test_a_new_connection_that_closes_is_no_reason_to_ask_again(peer, client) -> None:
    made = await peer(None, OK)
    with pytest.raises(PeerClosed, match="closed the connection without an answer"):
        await client.request(made.target, "GET", "/", timeout_s=5)
    assert len(made.requests) == 1


async def test_a_request_is_repeated_once(peer, client) -> None:
    made = await peer(OK, None, None, OK)
    await client.request(made.target, "GET", "/", timeout_s=5)
    with pytest.raises(PeerClosed):
        await client.request(made.target, "GET", "/", timeout_s=5)
    assert len(made.requests) == 3


async def test_half_an_answer_is_no_reason_to_ask_again(peer, client) -> None:
    made = await peer(OK, OK[:-1])
    await client.request(made.target, "GET", "/", timeout_s=5)
    made.close = True
    with pytest.raises(PeerClosed, match="in the middle of its answer") as raised:
        await client.request(made.target, "GET", "/", timeout_s=5)
    assert raised.value.answered
    assert len(made.requests) == 2


# Time and cancellation


@pytest.mark.parametrize("answer", [b"", OK[:10], OK[:-1]])
async def test_a_slow_answer_ends_with_the_time_of_the_caller(peer, client, answer, soon) -> None:
    made = await peer(answer)
    with pytest.raises(Timeout, match=r"did not answer within 0\.02 s"):
        await client.request(made.target, "GET", "/", timeout_s=0.02)
    await made.gone.wait()
    await soon(lambda: not client._connections)


@pytest.mark.parametrize("ask", ["request", "open", "upgrade"])
async def test_a_caller_that_is_cancelled_leaves_no_connection(peer, client, ask, soon) -> None:
    made = await peer(b"")
    task = asyncio.get_running_loop().create_task(getattr(client, ask)(made.target, "GET", "/", timeout_s=None))
    await soon(lambda: made.requests)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await made.gone.wait()
    await soon(lambda: not client._connections)


async def test_a_caller_that_is_cancelled_while_connecting_leaves_no_connection(peer, client) -> None:
    made = await peer(OK)
    task = asyncio.get_running_loop().create_task(client.request(made.target, "GET", "/", timeout_s=None))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not client._connections
    assert not made.requests


# The end


async def test_whoever_waits_hears_of_the_end(peer, client, soon) -> None:
    made = await peer(b"")
    task = asyncio.get_running_loop().create_task(client.request(made.target, "GET", "/", timeout_s=None))
    await soon(lambda: made.requests)
    await client.close()
    with pytest.raises(ClientClosed):
        await task
    with pytest.raises(ClientClosed):
        await client.request(made.target, "GET", "/", timeout_s=5)
    await client.close()


async def test_an_open_answer_hears_of_the_end(serve, client) -> None:
    forever = asyncio.Event()

    async def run(stream) -> None:
        stream.write(b"begin")
        await forever.wait()

    site = await serve(lambda _: StreamResponse(200, run))
    response = await client.open(site.target, "GET", "/", timeout_s=5)
    assert await anext(response) == b"begin"
    await client.close()
    with pytest.raises(ClientClosed):
        await anext(response)


async def test_whoever_still_connects_hears_of_the_end(peer, client, certificates, soon) -> None:
    made = await peer(b"")
    target = Target("127.0.0.1", made.target.port, certificates.client_side())
    task = asyncio.get_running_loop().create_task(client.request(target, "GET", "/", timeout_s=None))
    await soon(lambda: made.connections)
    await client.close()
    with pytest.raises(ClientClosed):
        await task
    await made.gone.wait()


async def test_a_connection_that_closes_before_it_is_used_is_no_answer(client) -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with await asyncio.start_server(leave, "127.0.0.1", 0) as server:
        target = Target("127.0.0.1", server.sockets[0].getsockname()[1])
        connection = await client._dial(target)
        while not connection.lost:
            await asyncio.sleep(0)
        assert not client._connections
        answer = WholeAnswer(client.limits)
        with pytest.raises(PeerClosed, match="without an answer"):
            await client._ask(connection, answer, "GET", b"", b"")


async def test_nothing_is_sent_that_is_no_request(client) -> None:
    with pytest.raises(ValueError, match="invalid request target"):
        await client.request(Target("127.0.0.1", 1), "GET", "/\r\nEvil: 1", timeout_s=5)
