"""From header blocks to requests: which are refused and why, and what repeated requests share."""

from __future__ import annotations

import hpack
import pytest

from steersman.lib.http.http2.huffman import Literals, best_decode
from steersman.lib.http.http2.requests import Lexicon, Problem, RequestReader

PSEUDO = ((":method", "GET"), (":scheme", "https"), (":authority", "h:6443"), (":path", "/x"))
NEVER = hpack.NeverIndexedHeaderTuple


class Client:
    def __init__(self, list_bytes_max: int = 1 << 20) -> None:
        self.encoder = hpack.Encoder()
        self.reader = RequestReader(Lexicon(Literals(best_decode()).text), list_bytes_max=list_bytes_max)

    def read(self, *fields: tuple[str, str]):
        return self.reader.read(self.encoder.encode(list(fields)))

    def get(self, *more: tuple[str, str], path: str = "/x"):
        return self.read(*((n, path if n == ":path" else v) for n, v in PSEUDO), *more)


def test_a_request_has_method_target_and_fields() -> None:
    head, target = Client().get(("accept", "a"), ("accept", "b"), ("te", "trailers"), path="/a%20b?c=d")
    assert (head.method, head.length, head.wants_continue) == ("GET", -1, False)
    assert target[:3] == ("/a b", "/a%20b", "c=d")
    assert list(head.headers.items()) == [("host", "h:6443"), ("accept", "a"), ("accept", "b"), ("te", "trailers")]


def test_host_may_stand_for_authority() -> None:
    fields = [pair for pair in PSEUDO if pair[0] != ":authority"]
    head, _ = Client().read(*fields, ("host", "other"))
    assert head.headers.get_all("host") == ["other"]


def test_crumbs_of_cookies_are_joined() -> None:
    head, _ = Client().get(("cookie", "a=b"), ("accept", "x"), ("cookie", "c=d"))
    assert head.headers.get_all("cookie") == ["a=b; c=d"]


def test_the_order_of_pseudo_fields_is_free() -> None:
    for order in ((3, 2, 1, 0), (1, 3, 0, 2)):
        head, target = Client().read(*(PSEUDO[at] for at in order), ("a", "b"))
        assert (head.method, target.path, head.headers.get("a")) == ("GET", "/x", "b")


def test_length_and_expectation_are_told() -> None:
    head, _ = Client().get(("content-length", "12"), ("expect", "100-continue"))
    assert (head.length, head.wants_continue) == (12, True)


def without(name: str) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in PSEUDO if pair[0] != name)


def changed(name: str, value: str) -> tuple[tuple[str, str], ...]:
    return tuple((n, value if n == name else v) for n, v in PSEUDO)


@pytest.mark.parametrize(
    "fields",
    [
        without(":method"),
        without(":scheme"),
        without(":path"),
        changed(":method", ""),
        changed(":method", "G T"),
        changed(":scheme", ""),
        (*PSEUDO, (":path", "/y")),
        (*PSEUDO, (":method", "GET")),
        (*PSEUDO, (":status", "200")),
        (*PSEUDO, (":unknown", "x")),
        (("accept", "a"), *PSEUDO),
        (*without(":path"), ("accept", "a"), (":path", "/")),
        (*PSEUDO, ("Accept", "a")),
        (*PSEUDO, ("a b", "c")),
        (*PSEUDO, ("", "c")),
        (*PSEUDO, ("a", "b\r\nc")),
        (*PSEUDO, ("a", "b\x00")),
        (*PSEUDO, ("a", " b")),
        (*PSEUDO, ("a", "b\t")),
        (*PSEUDO, ("connection", "close")),
        (*PSEUDO, ("keep-alive", "1")),
        (*PSEUDO, ("proxy-connection", "x")),
        (*PSEUDO, ("transfer-encoding", "chunked")),
        (*PSEUDO, ("upgrade", "websocket")),
        (*PSEUDO, ("te", "gzip")),
        (*PSEUDO, ("content-length", "+1")),
        (*PSEUDO, ("content-length", "1"), ("content-length", "2")),
    ],
)
def test_malformed_requests_break_the_protocol(fields: tuple) -> None:
    client = Client()
    for _ in range(2):  # what is remembered is judged alike
        problem = client.read(*fields)
        assert isinstance(problem, Problem)
        assert (problem.status, problem.malformed) == (400, True)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (changed(":path", "x"), 400),
        (changed(":path", ""), 400),
        (changed(":path", "/%zz"), 400),
        (changed(":path", "/a#b"), 400),
        (changed(":path", "https://h/x"), 400),
        (changed(":path", "*"), 400),
        (changed(":authority", "a b"), 400),
        (without(":authority"), 400),
        ((*PSEUDO, ("host", "other")), 400),
        ((*PSEUDO, ("expect", "miracles")), 417),
        (changed(":method", "CONNECT"), 501),
        (((":method", "CONNECT"), (":authority", "h")), 501),
    ],
)
def test_requests_are_refused_for_what_they_say(fields: tuple, status: int) -> None:
    problem = Client().read(*fields)
    assert isinstance(problem, Problem)
    assert (problem.status, problem.malformed) == (status, False)


def test_options_may_be_about_the_server() -> None:
    fields = dict(PSEUDO) | {":method": "OPTIONS", ":path": "*"}
    head, target = Client().read(*fields.items())
    assert (head.method, target.path) == ("OPTIONS", "*")


def test_lists_that_are_too_large_are_refused() -> None:
    client = Client(list_bytes_max=2000)
    problem = client.get(*((f"x-{number}", "v" * 100) for number in range(20)))
    assert isinstance(problem, Problem)
    assert problem.status == 431
    assert client.get()[0].method == "GET", "the connection goes on"


def test_equal_fields_share_one_object_whatever_the_path_and_method() -> None:
    client = Client()
    fields = (NEVER("authorization", "Bearer abc"), ("user-agent", "x"), ("accept", "y"))
    first, _ = client.get(*fields, path="/a")
    for path in ("/b", "/a", "/c?d=e"):
        head, _ = client.get(*fields, path=path)
        assert head.headers is first.headers
    deleted, _ = client.read((":method", "DELETE"), *PSEUDO[1:], *fields)
    assert deleted.method == "DELETE"
    assert deleted.headers is first.headers


def test_other_fields_have_an_object_of_their_own() -> None:
    client = Client()
    first, _ = client.get(("authorization", "Bearer abc"))
    second, _ = client.get(("authorization", "Bearer abd"))
    assert second.headers.get("authorization") == "Bearer abd"
    assert first.headers.get("authorization") == "Bearer abc"
    third, _ = client.read(*changed(":authority", "other"), ("authorization", "Bearer abc"))
    assert third.headers.get("host") == "other"


def test_equal_blocks_are_recognised_until_the_table_changes() -> None:
    client = Client()
    client.get()
    block = client.encoder.encode(list(PSEUDO))
    assert client.reader.read(block) is client.reader.read(block)
    client.get(("x-new", "1"))
    shifted = client.reader.read(block)  # the same bytes name other entries now
    assert isinstance(shifted, Problem)


def test_trailers_are_judged() -> None:
    client = Client()
    assert client.reader.read_trailers(client.encoder.encode([("a", "b")])) is None
    for bad in ((":path", "/"), ("connection", "x"), ("A", "b")):
        problem = client.reader.read_trailers(client.encoder.encode([bad]))
        assert problem is not None
        assert problem.malformed


def test_memories_are_bounded() -> None:
    client = Client()
    for number in range(2000):
        client.get((f"x-{number}", "a"), NEVER("b", str(number)))
        client.reader.read(b"\x82\x87\x84\x01\x01" + bytes((97 + number % 20,)))
    reader = client.reader
    assert max(len(reader._blocks), len(reader._heads), len(reader._headers)) <= 256


def test_large_heads_are_not_remembered() -> None:
    client = Client()
    for number in range(40):
        head, _ = client.get(*((f"x-{at}", f"{number}" * 4000) for at in range(8)))
        assert head.headers.get("x-7").startswith(str(number))
    assert len(client.reader._heads) == len(client.reader._headers) == 0
    assert client.reader._decoder._memory_bytes < 100_000
