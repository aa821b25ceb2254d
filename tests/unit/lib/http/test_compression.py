"""gzip: who gets it, and that it arrives."""

from __future__ import annotations

import asyncio
import gzip
import logging

import pytest

from steersman.lib.http.compression import negotiate_gzip
from steersman.lib.http.message import Connection, Headers, Request, Response

GET = b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST %b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%b"


def get(path: str) -> bytes:
    return GET % path.encode()


async def soon(condition) -> None:
    """Let the loop run until `condition()` holds."""
    async with asyncio.timeout(5):
        while not condition():  # the conditions are states of the server, which sets no event for tests
            await asyncio.sleep(0)


def close(client) -> None:
    client.writer.close()


@pytest.fixture(autouse=True)
def no_unexpected_log(caplog):
    caplog.set_level(logging.INFO)
    yield
    assert [r for r in caplog.get_records("call") if r.name == "asyncio"] == []


class NoTransport:
    def get_extra_info(self, name):
        return None


def request(query: str = "", **headers: str) -> Request:
    fields = Headers()
    for name, value in headers.items():
        fields.add(name.replace("_", "-"), value)
    connection = Connection(NoTransport())
    return Request("GET", "/", "/", query, fields, b"", connection.peer, connection)


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("", False),
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("identity", False),
        ("*", True),
        ("*;q=0", False),
        ("*, gzip;q=0", False),
        ("gzip; q=bad", False),
    ],
)
def test_gzip_is_used_when_it_is_accepted(value: str, accepted: bool) -> None:
    assert negotiate_gzip(request(accept_encoding=value)) is accepted


TEXT = b"".join(b"line %d\n" % number for number in range(50_000))
GZIP = b"GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n"


@pytest.mark.parametrize("body", [TEXT, [TEXT[:200_000], TEXT[200_000:]]])
async def test_large_compressible_answers_are_gzipped_for_those_who_accept_it(serve, body) -> None:
    client = await (await serve(lambda _: Response(200, body, compressible=True))).connect()
    client.send(GZIP + get("/") + GZIP)
    for accepted in (True, False, True):
        answer = await client.answer()
        assert answer.headers.get("content-encoding") == ("gzip" if accepted else None)
        assert (gzip.decompress(answer.body) if accepted else answer.body) == TEXT


async def test_awaited_answers_are_gzipped_too(serve) -> None:
    async def later() -> Response:
        return Response(200, TEXT, compressible=True)

    client = await (await serve(lambda _: later())).connect()
    client.send(GZIP * 2)
    for _ in range(2):
        assert gzip.decompress((await client.answer()).body) == TEXT


async def test_a_peer_that_leaves_ends_its_compression(serve) -> None:
    site = await serve(lambda _: Response(200, [TEXT] * 1000, compressible=True))
    client = await site.connect()
    client.send(GZIP)
    await client.head()
    close(client)
    await soon(lambda: not len(site.server.tasks))
    assert site.server.counters.in_flight == 0


@pytest.mark.parametrize("response", [Response(200, TEXT), Response(200, TEXT[: 128 * 1024 - 1], compressible=True)])
async def test_small_answers_and_those_not_marked_are_sent_as_they_are(serve, response: Response) -> None:
    answer = await (await serve(lambda _: response)).exchange(GZIP)
    assert "content-encoding" not in answer.headers
    assert answer.body == response.body
