"""LinkRewriter: values that are URLs change, everything else passes byte for byte, in pieces of any size."""

from __future__ import annotations

import pytest

from steersman.apiserver.outbound.html_links import TAG_BYTES_MAX, LinkRewriter


def rewritten(page: bytes, size: int = 1 << 30) -> bytes:
    rewriter = LinkRewriter(lambda link: f"/p{link}" if link.startswith("/") else link)
    pieces = [rewriter.feed(page[start : start + size]) for start in range(0, len(page), size)]
    return b"".join((*pieces, rewriter.end()))


CASES = (
    (b'<a href="/x">t</a>', b'<a href="/p/x">t</a>'),
    (b"<A HREF='/x' class=c>t</A>", b'<A HREF="/p/x" class=c>t</A>'),
    (b"<a href=/x/>t", b'<a href="/p/x/">t'),
    (b'<a title="/x" href = "/y">', b'<a title="/x" href = "/p/y">'),
    (b'<a href="relative">', b'<a href="relative">'),
    (b'<a href="/?a=1&amp;b=2">', b'<a href="/p/?a=1&amp;b=2">'),
    (b'<img src="/a" longdesc="/b" alt="/c"/>', b'<img src="/p/a" longdesc="/p/b" alt="/c"/>'),
    (b'<p href="/x">', b'<p href="/x">'),
    (b'<!-- <a href="/x"> --><a href="/y">', b'<!-- <a href="/x"> --><a href="/p/y">'),
    (b'<!DOCTYPE html><a href="/y">', b'<!DOCTYPE html><a href="/p/y">'),
    (
        b'<script src="/s">"<a href=\'/x\'>"</script><a href="/y">',
        b'<script src="/p/s">"<a href=\'/x\'>"</script><a href="/p/y">',
    ),
    (b'<STYLE><a href="/x"></style><a href="/y">', b'<STYLE><a href="/x"></style><a href="/p/y">'),
    (b"1 < 2 <a href='/x'>", b'1 < 2 <a href="/p/x">'),
    (b'<a disabled href="/x">', b'<a disabled href="/p/x">'),
    (b'<form action="/f>g">', b'<form action="/p/f&gt;g">'),
    ("<a href='/ü'>ü".encode(), '<a href="/p/ü">ü'.encode()),
    (b"\xff\xfe<a href='/\xff'>", b'\xff\xfe<a href="/p/\xff">'),
    (b"</", b"</"),
    (b"<", b"<"),
    (b"<a href='/x", b"<a href='/x"),
    (b"<!-- open", b"<!-- open"),
)


@pytest.mark.parametrize(("page", "expected"), CASES)
@pytest.mark.parametrize("size", [1, 3, 1 << 30])
def test_urls_in_known_attributes_change_and_nothing_else(page: bytes, expected: bytes, size: int) -> None:
    assert rewritten(page, size) == expected


def test_text_is_not_held_back() -> None:
    rewriter = LinkRewriter(str)
    assert rewriter.feed(b"one <b>two") == b"one <b>two"
    assert rewriter.feed(b"<a hre") == b""
    assert rewriter.feed(b"f=x>three") == b"<a href=x>three"


def test_a_tag_without_end_is_held_back_to_a_limit_only() -> None:
    rewriter = LinkRewriter(str)
    begun = b"<a " + b"x" * (TAG_BYTES_MAX + 1)
    assert rewriter.feed(begun) == begun
