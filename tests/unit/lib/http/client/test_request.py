"""Requests as bytes, and what cannot become one."""

from __future__ import annotations

import ssl

import pytest

from steersman.lib.http.client.message import Target
from steersman.lib.http.client.request import host_of, is_idempotent, render_request

TARGET = Target("example.org", 8080)


def render(method: str = "GET", path: str = "/", headers=(), size: int = 0) -> bytes:
    return render_request(TARGET, method, path, headers, size)


def test_a_request_is_its_line_its_host_and_its_headers() -> None:
    assert render("GET", "/a%20b?c=d", (("Accept", "x"), ("X-Two", "1"), ("X-Two", "2"))) == (
        b"GET /a%20b?c=d HTTP/1.1\r\nHost: example.org:8080\r\nAccept: x\r\nX-Two: 1\r\nX-Two: 2\r\n\r\n"
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_methods_that_usually_have_a_body_say_how_long_it_is(method: str) -> None:
    assert b"\r\nContent-Length: 0\r\n\r\n" in render(method)
    assert b"\r\nContent-Length: 5\r\n\r\n" in render(method, size=5)


def test_other_methods_say_so_only_if_there_is_one() -> None:
    assert b"Content-Length" not in render("DELETE")
    assert b"\r\nContent-Length: 5\r\n\r\n" in render("DELETE", size=5)


def test_framing_of_a_request_that_is_passed_on_is_made_anew() -> None:
    raw = render("POST", headers=(("Content-length", "99"), ("transfer-encoding", "chunked")), size=3)
    assert raw == b"POST / HTTP/1.1\r\nHost: example.org:8080\r\nContent-Length: 3\r\n\r\n"


def test_a_host_that_is_given_is_the_only_one() -> None:
    assert render(headers=(("host", "other"),)) == b"GET / HTTP/1.1\r\nhost: other\r\n\r\n"
    with pytest.raises(ValueError, match="more than one Host"):
        render(headers=(("Host", "a"), ("host", "b")))


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", (("X", "a\r\nEvil: 1"),)),
        ("GET", "/", (("X", "a\nEvil: 1"),)),
        ("GET", "/", (("X", "a\rb"),)),
        ("GET", "/", (("X", "a\0b"),)),
        ("GET", "/", (("X\r\nEvil", "1"),)),
        ("GET", "/", (("X ", "1"),)),
        ("GET", "/", (("", "1"),)),
        ("GET", "/", (("Host", "a\r\nEvil: 1"),)),
        ("GET", "/ HTTP/1.1\r\nEvil: 1", ()),
        ("GET", "/a b", ()),
        ("GET", "/ä", ()),
        ("GET", "", ()),
        ("GET", "no/slash", ()),
        ("GET", "http://else.where/", ()),
        ("GET /x HTTP/1.1\r\nEvil: 1\r\n\r\nGET", "/", ()),
        ("", "/", ()),
        ("GET ", "/", ()),
        ("CONNECT", "/", ()),
    ],
)
def test_what_would_break_a_request_is_refused(method: str, path: str, headers) -> None:
    with pytest.raises(ValueError):
        render(method, path, headers)


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (Target("10.0.0.1", 80), "10.0.0.1"),
        (Target("10.0.0.1", 443), "10.0.0.1:443"),
        (Target("a.example", 443, ssl.create_default_context()), "a.example"),
        (Target("a.example", 80, ssl.create_default_context()), "a.example:80"),
        (Target("fd00::1", 80), "[fd00::1]"),
        (Target("fd00::1", 8080), "[fd00::1]:8080"),
        (Target("fe80::1%eth0", 8080), "[fe80::1]:8080"),
        (Target("/run/x.sock"), "localhost"),
        (Target("/run/x.sock", server_name="name"), "name"),
    ],
)
def test_the_host_is_who_was_dialled(target: Target, host: str) -> None:
    assert host_of(target) == host


@pytest.mark.parametrize("host", ["", "a b", "a\r\nEvil: 1", "a/b", "a@b", "[fd00::1]"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError):
        host_of(Target(host, 80))


def test_addresses_are_shown_as_they_are_dialled() -> None:
    assert [Target("fd00::1", 80).authority, Target("a", 80).authority, Target("/x").authority] == [
        "[fd00::1]:80",
        "a:80",
        "/x",
    ]


def test_reading_may_be_repeated() -> None:
    assert [m for m in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE") if is_idempotent(m)] == [
        "GET",
        "HEAD",
        "OPTIONS",
    ]
