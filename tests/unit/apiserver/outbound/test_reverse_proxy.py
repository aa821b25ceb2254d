"""ReverseProxy: a request passes, its answer passes back, over real sockets on both sides."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest

from steersman.api.errors import ApiError
from steersman.apiserver import respond
from steersman.apiserver.codec.negotiate import Negotiator
from steersman.apiserver.outbound.forwarding import Links
from steersman.apiserver.outbound.reverse_proxy import Forward, ReverseProxy
from steersman.lib.http.client.errors import PeerClosed
from steersman.lib.http.client.message import Target
from steersman.lib.http.message import Request, Response, StreamResponse, UpgradeResponse

PREFIX = "/api/v1/namespaces/n/pods/p/proxy"


def echo(request: Request) -> Response:
    """Says what arrived."""
    arrived = {
        "method": request.method,
        "path": request.raw_path,
        "query": request.query,
        "headers": {name: request.headers.get_all(name) for name in request.headers},
        "body": request.body.decode(),
    }
    return Response(200, json.dumps(arrived).encode(), "application/json", (("X-Backend", "yes"),))


@dataclass
class Path:
    """A backend, and a proxy before it."""

    port: int
    backend_port: int

    @property
    def proxy(self) -> Target:
        return Target("127.0.0.1", self.port)


@pytest.fixture
async def behind(serve, client):
    """A function that starts a backend with a handler and a proxy before it."""

    async def start(handler, *, port: int | None = None, links: bool = False, **settings) -> Path:
        backend_port = await serve(handler) if port is None else port
        proxy = ReverseProxy(client=client)

        async def pass_on(request: Request):
            path = request.raw_path.removeprefix(PREFIX) + (f"?{request.query}" if request.query else "")
            leads = Links(prefix=PREFIX, backend=f"127.0.0.1:{backend_port}", host=request.headers.get("host"))
            to = Forward(
                target=Target("127.0.0.1", backend_port), path=path or "/", links=leads if links else None, **settings
            )
            try:
                return await proxy.forward(request, to)
            except ApiError as error:
                return respond.failure(error, "", Negotiator())

        return Path(await serve(pass_on), backend_port)

    return start


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_every_method_passes_with_its_path_query_and_body(behind, client, method: str) -> None:
    path = await behind(echo)
    answer = await client.request(
        path.proxy,
        method,
        f"{PREFIX}/a%2Fb//c?x=1&y=%20",
        headers=(("Host", "example.com"), ("X-Mine", "1"), ("Authorization", "Bearer secret"), ("Connection", "X-Hop")),
        body=b"body",
        timeout_s=5,
    )
    arrived = json.loads(answer.body)
    assert (arrived["method"], arrived["path"], arrived["query"]) == (method, "/a%2Fb//c", "x=1&y=%20")
    assert arrived["body"] == "body"
    assert arrived["headers"] == {
        "host": ["example.com"],
        "x-mine": ["1"],
        "x-forwarded-for": ["127.0.0.1"],
        "content-length": ["4"],
    }
    assert (answer.status, answer.headers.get("x-backend")) == (200, "yes")
    assert answer.headers.get_all("cache-control") == ["no-cache, private"]
    assert answer.headers.get("content-length") == str(len(answer.body))


async def test_head_tells_the_length_and_has_no_body(behind, client) -> None:
    path = await behind(lambda _: Response(200, b"x" * 70000, "text/plain"))
    answer = await client.request(path.proxy, "HEAD", "/", timeout_s=5)
    assert (answer.status, answer.headers.get("content-length"), answer.body) == (200, "70000", b"")


@pytest.mark.parametrize("status", [204, 304, 404, 500, 503])
async def test_any_status_is_the_backends_answer(behind, client, status: int) -> None:
    path = await behind(lambda _: Response(status, b"" if status in (204, 304) else b"why", "text/plain"))
    answer = await client.request(path.proxy, "GET", "/", timeout_s=5)
    assert answer.status == status
    assert "transfer-encoding" not in answer.headers


async def test_pieces_arrive_when_they_are_sent(behind, client) -> None:
    first_read = asyncio.Event()

    async def run(stream) -> None:
        stream.write(b"first")
        await first_read.wait()
        stream.write(b"second")

    path = await behind(lambda _: StreamResponse(200, run, "text/event-stream"))
    answer = await client.open(path.proxy, "GET", "/", timeout_s=5)
    assert await anext(answer) == b"first"
    first_read.set()
    assert await answer.read() == b"second"


async def test_a_client_that_goes_takes_the_backends_connection_with_it(behind, client) -> None:
    gone = asyncio.Event()

    async def run(stream) -> None:
        stream.on_close(gone.set)
        stream.write(b"first")
        await asyncio.Event().wait()

    path = await behind(lambda _: StreamResponse(200, run))
    answer = await client.open(path.proxy, "GET", "/", timeout_s=5)
    await anext(answer)
    await answer.close()
    async with asyncio.timeout(5):
        await gone.wait()


async def test_a_client_that_does_not_read_slows_the_backend(behind, client) -> None:
    written = 0

    async def run(stream) -> None:
        nonlocal written
        while written < 1 << 26:
            stream.write(b"x" * 65536)
            written += 65536
            await stream.drain()

    path = await behind(lambda _: StreamResponse(200, run))
    answer = await client.open(path.proxy, "GET", "/", timeout_s=5)
    before = -1
    async with asyncio.timeout(10):
        while written != before:  # until nothing moves any more
            before = written
            for _ in range(2000):
                await asyncio.sleep(0)
    assert written < 1 << 26
    await answer.close()


async def test_an_answer_that_breaks_off_does_so_for_the_client(behind, client) -> None:
    async def run(stream) -> None:
        stream.write(b"first")
        await stream.drain()
        stream.abort()

    path = await behind(lambda _: StreamResponse(200, run))
    answer = await client.open(path.proxy, "GET", "/", timeout_s=5)
    with pytest.raises(PeerClosed):
        await answer.read()


async def test_a_backend_that_is_not_there_is_unavailable(behind, client, unused_port) -> None:
    path = await behind(None, port=unused_port)
    answer = await client.request(path.proxy, "GET", "/", timeout_s=5)
    status = json.loads(answer.body)
    assert (answer.status, status["reason"]) == (503, "ServiceUnavailable")
    where = f"dial tcp 127.0.0.1:{unused_port}: connect: connection refused"
    assert status["message"] == f"error trying to reach service: {where}"


async def test_redirects_are_refused_where_nobody_may_be_led_elsewhere(behind, client) -> None:
    path = await behind(lambda _: Response(302, b"", "", (("Location", "http://elsewhere/"),)), allow_redirects=False)
    answer = await client.request(path.proxy, "GET", "/", timeout_s=5)
    assert (answer.status, answer.headers.get("location")) == (502, "")
    assert answer.body == b"the backend attempted to redirect this request, which is not permitted"


class TestPages:
    """Of pods, services and nodes: they count as pages of the API server."""

    async def test_links_lead_through_the_proxy(self, behind, client) -> None:
        page = b'<a href="/x">t</a>'
        path = await behind(lambda _: Response(200, page, "text/html; charset=utf-8"), links=True)
        answer = await client.request(path.proxy, "GET", f"{PREFIX}/page", timeout_s=5)
        assert answer.body == f'<a href="{PREFIX}/x">t</a>'.encode()
        assert "content-length" not in answer.headers
        assert answer.headers.get("content-type") == "text/html; charset=utf-8"

    async def test_other_types_pass_untouched(self, behind, client) -> None:
        path = await behind(lambda _: Response(200, b'<a href="/x">', "text/plain"), links=True)
        assert (await client.request(path.proxy, "GET", "/", timeout_s=5)).body == b'<a href="/x">'

    async def test_redirects_lead_through_the_proxy(self, behind, client) -> None:
        path = await behind(lambda _: Response(302, b"", "text/html", (("Location", "/login"),)), links=True)
        answer = await client.request(path.proxy, "GET", "/", timeout_s=5)
        assert (answer.status, answer.headers.get("location")) == (302, f"{PREFIX}/login")

    async def test_a_page_that_is_not_what_it_says_breaks_off(self, behind, client) -> None:
        bad = Response(200, b"no gzip", "text/html", (("Content-Encoding", "gzip"),))
        path = await behind(lambda _: bad, links=True)
        answer = await client.open(path.proxy, "GET", "/", timeout_s=5)
        with pytest.raises(PeerClosed):
            await answer.read()


class TestUpgrades:
    ASK = (("Connection", "Upgrade"), ("Upgrade", "shout"), ("X-Mine", "1"))

    async def test_both_directions_pass(self, behind, client) -> None:
        async def run(stream) -> None:
            while data := await stream.read():
                stream.write(data.upper())

        def switch(request: Request) -> UpgradeResponse:
            assert request.headers.get("upgrade") == "shout"
            assert (request.raw_path, request.query) == ("/s", "a=b")
            assert request.headers.get("x-forwarded-for") == "127.0.0.1"
            return UpgradeResponse(run, headers=(("Upgrade", "shout"), ("X-Mine", "2")))

        path = await behind(switch)
        upgraded = await client.upgrade(path.proxy, "GET", f"{PREFIX}/s?a=b", headers=self.ASK, timeout_s=5)
        assert (upgraded.headers.get("upgrade"), upgraded.headers.get("x-mine")) == ("shout", "2")
        assert upgraded.headers.get_all("connection") == ["Upgrade"]
        upgraded.stream.write(b"hello")
        assert await upgraded.stream.read() == b"HELLO"
        upgraded.stream.write_eof()
        assert await upgraded.stream.read() == b""

    async def test_a_refusal_is_passed_on(self, behind, client) -> None:
        path = await behind(lambda _: Response(403, b"no", "text/plain"))
        answer = await client.upgrade(path.proxy, "POST", "/", headers=self.ASK, timeout_s=5)
        assert (answer.status, await answer.read()) == (403, b"no")

    async def test_an_answer_that_is_neither_is_an_error(self, behind, client) -> None:
        path = await behind(lambda _: Response(200, b"fine", "text/plain"))
        answer = await client.upgrade(path.proxy, "GET", "/", headers=self.ASK, timeout_s=5)
        status = json.loads(await answer.read())
        assert (answer.status, status["message"]) == (500, "invalid upgrade response: status code 200")
        assert "reason" not in status

    async def test_a_backend_that_is_not_there_is_told(self, behind, client, unused_port) -> None:
        path = await behind(None, port=unused_port)
        answer = await client.upgrade(path.proxy, "GET", "/", headers=self.ASK, timeout_s=5)
        message = json.loads(await answer.read())["message"]
        assert message == f"error dialing backend: dial tcp 127.0.0.1:{unused_port}: connect: connection refused"
