"""The pure parts: heads, targets, gzip negotiation, the timer wheel, messages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.lib.http.compression import negotiate_gzip
from steersman.lib.http.head import Heads, InvalidHeader, render_block, render_header
from steersman.lib.http.message import Connection, Headers, Request, chunk_frame
from steersman.lib.http.target import Target, parse_target, valid_host
from steersman.lib.http.timers import Wheel


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
    ("raw", "target"),
    [
        (b"/", Target("/", "/", "", None)),
        (b"/a/b?x=1?&y", Target("/a/b", "/a/b", "x=1?&y", None)),
        (b"/a%20b%2Fc?d%20", Target("/a b/c", "/a%20b%2Fc", "d%20", None)),
        (b"/%C3%A4", Target("/ä", "/%C3%A4", "", None)),
        (b"/%ff", Target("/\ufffd", "/%ff", "", None)),
        (b"//double", Target("//double", "//double", "", None)),
        (b"*", Target("*", "*", "", None)),
        (b"http://h:1/a?b", Target("/a", "/a", "b", "h:1")),
        (b"HTTPS://[::1]", Target("/", "/", "", "[::1]")),
        (b"http://h?x", Target("/", "/", "x", "h")),
    ],
)
def test_targets(raw: bytes, target: Target) -> None:
    assert parse_target(raw) == target


@pytest.mark.parametrize(
    "raw",
    [b"", b"a", b"/%", b"/%2", b"/%zz", b"/a b", b"/\x7f", b"/#", b"ftp://h/", b"http://", b"http://u@h/", b"h:443"],
)
def test_what_is_no_target_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        parse_target(raw)


def test_hosts() -> None:
    assert all(map(valid_host, ("", "a", "a.b:80", "[::1]:80", "x_y")))
    assert not any(map(valid_host, ("a/b", "a b", "a\tb", "ä", "a@b", "a?b", "a#b", 'a"')))


def test_a_block_holds_status_type_and_fields() -> None:
    block = render_block(200, "text/plain", (("A", "b"),))
    assert block == b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nA: b\r\n"
    assert render_block(499, "", ()) == b"HTTP/1.1 499 Unknown\r\n"


@pytest.mark.parametrize(
    ("name", "value"), [("A", "b\r\nC: d"), ("A", "b\n"), ("A", "\x00"), ("A b", "c"), ("", "c"), ("A:", "b")]
)
def test_a_field_that_would_break_the_head_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidHeader):
        render_header(name, value)


def test_a_value_beyond_latin_1_is_sent_as_utf_8() -> None:
    assert render_header("A", "ä") == b"A: \xe4\r\n"
    assert render_header("A", "κ") == "A: κ\r\n".encode()


def test_heads_are_remembered_and_their_number_is_bounded() -> None:
    heads = Heads()
    assert heads.block(200, "a", ()) is heads.block(200, "a", ())
    for number in range(10_000):
        heads.block(200, str(number), ())
    assert len(heads.blocks) <= 4096


def test_the_date_is_that_of_the_clock() -> None:
    heads = Heads()
    heads.set_date(datetime(2026, 11, 5, 8, 4, 3, tzinfo=UTC))
    assert heads.date_line == b"Date: Thu, 05 Nov 2026 08:04:03 GMT\r\n"


def test_headers_keep_every_value_and_give_the_first() -> None:
    headers = Headers()
    for name, value in (("a", "1"), ("b", "2"), ("a", "3")):
        headers.add(name, value)
    assert (headers.get("a"), headers.get_all("a"), headers.get("c"), headers.get_all("c")) == ("1", ["1", "3"], "", [])
    assert ("a" in headers, "c" in headers, list(headers)) == (True, False, ["a", "b"])
    assert list(headers.items()) == [("a", "1"), ("a", "3"), ("b", "2")]
    headers.replace("a", "4")
    assert headers.get_all("a") == ["4"]


def test_parameters_are_decoded_in_order_and_once() -> None:
    asked = request("a=1&b=x%20y+z&a=2&empty=&flag")
    assert asked.params == {"a": ["1", "2"], "b": ["x y z"], "empty": [""], "flag": [""]}
    assert asked.params is asked.params
    assert (asked.param("a"), asked.param("none", "?")) == ("1", "?")
    assert request().params == {}


def test_a_chunk_is_framed_by_its_size() -> None:
    assert chunk_frame(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"


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


class Entry:
    def __init__(self, *answers: int) -> None:
        self.due_tick = 0
        self.answers = list(answers)
        self.checked: list[int] = []

    def check(self, tick: int) -> int:
        self.checked.append(tick)
        return self.answers.pop(0) if self.answers else 0


async def test_the_wheel_looks_at_entries_when_they_are_due_and_stops_when_it_is_empty() -> None:
    ticks = []
    wheel = Wheel(tick_s=1000, on_tick=lambda: ticks.append(wheel.tick))
    once, again, gone = Entry(), Entry(7, 8), Entry()
    wheel.add(once, 2)
    wheel.add(again, 3)
    wheel.add(gone, 3)
    wheel.add(once, 4)
    wheel.discard(gone)
    for _ in range(8):
        wheel.turn()
    assert (once.checked, again.checked, gone.checked) == ([4], [3, 7, 8], [])
    assert ticks == list(range(9))
    assert wheel._handle is None


async def test_durations_are_never_shortened() -> None:
    wheel = Wheel(tick_s=1.0, on_tick=lambda: None)
    assert [wheel.ticks(seconds) for seconds in (0, 0.5, 1, 32)] == [1, 1, 2, 33]
