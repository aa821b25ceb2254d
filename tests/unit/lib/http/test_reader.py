"""Requests from bytes, wherever the stream is split, and what is refused."""

from __future__ import annotations

import random

import pytest

from steersman.lib.http.message import Connection, Request
from steersman.lib.http.reader import BODY, HEAD, IDLE, Refusal, RequestReader, Vocabulary


class NoTransport:
    def get_extra_info(self, name):
        return None


def make_reader(*, head: int = 1 << 20, body: int = 1 << 20) -> RequestReader:
    return RequestReader(
        connection=Connection(NoTransport()), vocabulary=Vocabulary(), head_bytes_max=head, body_bytes_max=body
    )


def plain(item: Request | Refusal) -> object:
    if isinstance(item, Refusal):
        return item.status
    return item.method, item.path, item.query, sorted(item.headers.items()), item.body, item.keep_alive, item.http10


def read(*parts: bytes, **limits: int) -> list[Request | Refusal]:
    reader = make_reader(**limits)
    for part in parts:
        reader.feed(part)
    return list(reader.ready)


def read_one(raw: bytes, **limits: int) -> Request:
    [request] = read(raw, **limits)
    assert isinstance(request, Request), request
    return request


STREAM = (
    b"GET /a?x=1 HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nX-Two: 1\r\nx-two: 2\r\n\r\n"
    b"POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
    b"PUT /c%20d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: t\r\nEnd: e\r\n\r\n"
    b"DELETE /e HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    b"HEAD http://other/f HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
)
EXPECTED = [
    ("GET", "/a", "x=1", [("accept", "*/*"), ("host", "h"), ("x-two", "1"), ("x-two", "2")], b"", True, False),
    ("POST", "/b", "", [("content-length", "5"), ("host", "h")], b"hello", True, False),
    ("PUT", "/c d", "", [("host", "h"), ("transfer-encoding", "chunked")], b"abcde", True, False),
    ("DELETE", "/e", "", [("connection", "keep-alive")], b"", True, True),
    ("HEAD", "/f", "", [("connection", "close"), ("host", "other")], b"", False, False),
]


def test_requests_do_not_depend_on_where_the_stream_is_split() -> None:
    for position in range(len(STREAM) + 1):
        assert [plain(r) for r in read(STREAM[:position], STREAM[position:])] == EXPECTED, position


def test_requests_are_read_byte_by_byte() -> None:
    assert [plain(r) for r in read(*(STREAM[i : i + 1] for i in range(len(STREAM))))] == EXPECTED


def test_requests_do_not_depend_on_random_splits() -> None:
    rng = random.Random(7)
    for _ in range(50):
        cuts = sorted(rng.sample(range(len(STREAM)), 8))
        parts = [STREAM[a:b] for a, b in zip([0, *cuts], [*cuts, len(STREAM)], strict=True)]
        assert [plain(r) for r in read(*parts)] == EXPECTED


MALFORMED = [
    (b"GARBAGE\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: h\r\nX Y: z\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: h\r\nX : z\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: h\r\nX: a\x00b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: h\r\n folded: x\r\n\r\n", 400),
    (b"GET /a\x00b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    (b"GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    (b"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    (b"GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    (b"GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    (b"GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    (b"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    (b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 501),
    (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\nabc", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x3\r\n\r\nabc", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\nabc", 400),
    (b"POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\n", 417),
    (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n", 413),
    (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + b"9" * 19 + b"\r\n\r\n", 413),
]


@pytest.mark.parametrize(("raw", "status"), MALFORMED)
def test_a_message_that_could_be_misread_is_refused_wherever_it_is_split(raw: bytes, status: int) -> None:
    for position in range(1, len(raw) + 1):
        [*_, last] = read(raw[:position], raw[position:])
        assert isinstance(last, Refusal), position
        assert last.status == status, (position, last)


def test_nothing_is_read_after_a_refusal() -> None:
    reader = make_reader()
    reader.feed(b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET x y\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
    reader.feed(b"GET /3 HTTP/1.1\r\nHost: h\r\n\r\n")
    assert [plain(r) for r in reader.ready] == [("GET", "/1", "", [("host", "h")], b"", True, False), 400]
    assert reader.match(b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n") is None


def test_trailers_are_fields_of_no_request() -> None:
    chunked = (
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: stolen\r\nX: 1\r\n\r\n"
    )
    first, second = read(chunked + b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    assert dict(first.headers.items()) == {"host": "h", "transfer-encoding": "chunked"}
    assert dict(second.headers.items()) == {"host": "h"}


def test_line_ends_without_carriage_return_split_no_message() -> None:
    for raw in (b"GET / HTTP/1.1\nHost: h\n\n", b"GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"):
        assert all(isinstance(item, Refusal) or item.headers.get("x") in ("", "y") for item in read(raw))


def test_a_head_above_the_limit_is_refused_before_it_ends() -> None:
    parts = [b"GET / HTTP/1.1\r\nHost: h\r\nX: ", *[b"y" * 500] * 5]
    assert [plain(r) for r in read(*parts, head=2000)] == [431]
    assert [plain(r) for r in read(*parts, b"\r\n\r\n", head=4000)] != [431]


def test_an_endless_target_is_refused() -> None:
    assert [plain(r) for r in read(b"GET /", *[b"a" * 500] * 5, head=2000)] == [431]


def test_a_body_above_the_limit_is_refused_at_its_head_or_its_chunk() -> None:
    assert [plain(r) for r in read(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n", body=10)] == [413]
    chunked = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n"
    assert [plain(r) for r in read(chunked, b"5\r\nabcde\r\n0\r\n\r\n", body=10)] == [413]
    assert read_one(chunked + b"4\r\nabcd\r\n0\r\n\r\n", body=10).body == b"abcdefabcd"


def test_chunk_extensions_cannot_carry_more_than_the_body_could() -> None:
    reader = make_reader(body=10)
    reader.feed(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;x=")
    for _ in range(300):
        reader.feed(b"y" * 8192)
    assert [plain(r) for r in reader.ready] == [413]


def test_phases_tell_what_is_waited_for() -> None:
    reader = make_reader()
    phases = [reader.phase]
    for part in (b"P", b"OST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n", b"\r\n", b"a", b"b"):
        reader.feed(part)
        phases.append(reader.phase)
    assert phases == [IDLE, HEAD, HEAD, BODY, BODY, IDLE]


def test_a_peer_waits_for_continue_only_while_its_body_is_missing() -> None:
    reader = make_reader()
    reader.feed(b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert reader.wants_continue
    reader.feed(b"ab")
    assert not reader.wants_continue
    reader.feed(b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab")
    assert not reader.wants_continue
    reader.feed(b"GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n")
    assert not reader.wants_continue


UPGRADE = b"GET /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"


def test_what_follows_an_upgrade_is_not_read_as_http() -> None:
    reader = make_reader()
    reader.feed(UPGRADE + b"raw bytes")
    assert reader.ready[0].upgrade
    assert bytes(reader.rest or b"") == b"raw bytes"


def test_after_a_declined_upgrade_requests_go_on() -> None:
    reader = make_reader()
    reader.feed(UPGRADE + b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
    rest, reader.rest = reader.rest, None
    reader.feed(rest)
    assert [request.path for request in reader.ready] == ["/up", "/next"]


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
)
def test_the_body_of_an_upgrade_request_is_its_body(framing: bytes) -> None:
    raw = b"POST /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n" + framing
    raw += b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n"
    for position in range(1, len(raw)):
        first, second = read(raw[:position], raw[position:])
        assert (first.method, first.path, first.body, first.upgrade) == ("POST", "/up", b"hello", False)
        assert (second.path, second.body) == ("/next", b"")


# Repeated heads

HEADS = b" HTTP/1.1\r\nHost: h\r\nAccept: a\r\n\r\n"


def learned() -> RequestReader:
    reader = make_reader()
    reader.feed(b"GET /first" + HEADS)
    reader.ready.clear()
    return reader


@pytest.mark.parametrize("line", [b"GET /x", b"DELETE /x%20y?a=b", b"HEAD /", b"OPTIONS /?", b"GET /first"])
def test_a_repeated_head_gives_what_the_parser_gives(line: bytes) -> None:
    matched = learned().match(line + HEADS)
    assert matched is not None
    assert plain(matched) == plain(read_one(line + HEADS))
    assert matched.raw_path == read_one(line + HEADS).raw_path


def test_a_head_that_names_keep_alive_is_plain_too() -> None:
    reader = make_reader()
    raw = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n"
    reader.feed(raw)
    assert plain(reader.match(raw)) == plain(reader.ready[0])


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /a" + HEADS + b"GET /b" + HEADS,
        b"POST /x" + HEADS,
        b"GET  /x" + HEADS,
        b"GET /%zz" + HEADS,
        b"GET /\xff" + HEADS,
        b"GET /a\x00" + HEADS,
        b"GET http://h/x" + HEADS,
        b"GET /x HTTP/1.1\r\nX: y\r\n" + HEADS,
        b"GET /x HTTP/1.1\r\nContent-Length: 9" + HEADS[9:],
        b"GET /x HTTP/1.0" + HEADS[9:],
        HEADS[9:],
        b"GET /x HTTP/1.1\r\nHost: h\r\nAccept: b\r\n\r\n",
    ],
)
def test_anything_else_is_left_to_the_parser(raw: bytes) -> None:
    assert learned().match(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: h\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
        b"GET http://other/ HTTP/1.1\r\nHost: h\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab",
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET",
    ],
)
def test_only_plain_heads_are_remembered(raw: bytes) -> None:
    reader = make_reader()
    reader.feed(raw)
    assert reader._tail == b""


def test_a_head_is_not_repeated_in_the_middle_of_a_message() -> None:
    reader = learned()
    reader.feed(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n")
    assert reader.match(b"GET /x" + HEADS) is None


def test_any_method_is_the_handlers_affair() -> None:
    """The parser knows only some; framing does not depend on it."""
    bare = read_one(b"FOO /a?b=1 HTTP/1.1\r\nHost: h\r\n\r\n")
    assert (bare.method, bare.path, bare.query, bare.body) == ("FOO", "/a", "b=1", b"")
    assert read_one(b"get / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi").body == b"hi"
    torn = read(b"X-MINE /torn HT", b"TP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n")
    assert [request.method for request in torn if isinstance(request, Request)] == ["X-MINE", "GET"]


@pytest.mark.parametrize(
    "raw", [b"F\x00O / HTTP/1.1\r\nHost: h\r\n\r\n", b"FOO\r\nHost: h\r\n\r\n", b"\xff\xfe\r\n\r\n"]
)
def test_what_is_no_method_is_refused(raw: bytes) -> None:
    assert [plain(item) for item in read(raw)] == [400]
