"""Request targets and Host."""

from __future__ import annotations

import pytest

from steersman.lib.http.target import Target, parse_target, valid_host


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
