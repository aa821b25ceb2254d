"""PageRewriter: links change inside gzip and deflate as well, and a page is passed on while it comes."""

from __future__ import annotations

import gzip
import zlib

import pytest

from steersman.apiserver.outbound.html_pages import UNFOLDED_BYTES_MAX, BrokenPage, PageRewriter

PAGE, CHANGED = b'<a href="/x">t</a>', b'<a href="/p/x">t</a>'


def prefixed(link: str) -> str:
    return f"/p{link}"


def deflated(data: bytes) -> bytes:
    folder = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return folder.compress(data) + folder.flush()


@pytest.mark.parametrize(
    ("encoding", "body", "unfold"),
    [
        ("", PAGE, bytes),
        ("gzip", gzip.compress(PAGE, mtime=0), gzip.decompress),
        ("deflate", deflated(PAGE), lambda data: zlib.decompress(data, -zlib.MAX_WBITS)),
    ],
)
def test_links_change_in_every_encoding(encoding, body, unfold) -> None:
    rewriter = PageRewriter(encoding, prefixed)
    half = len(body) // 2
    out = [*rewriter.feed(body[:half]), *rewriter.feed(body[half:]), *rewriter.end()]
    assert unfold(b"".join(out)) == CHANGED


def test_unknown_encodings_are_not_understood() -> None:
    assert not PageRewriter.understands("br")
    assert PageRewriter.understands("gzip")


def test_what_is_not_encoded_as_it_says_is_told() -> None:
    rewriter = PageRewriter("gzip", prefixed)
    with pytest.raises(BrokenPage):
        list(rewriter.feed(PAGE))


def test_a_page_that_unfolds_to_much_leaves_in_parts() -> None:
    rewriter = PageRewriter("gzip", prefixed)
    pieces = list(rewriter.feed(gzip.compress(b"x" * (3 * UNFOLDED_BYTES_MAX))))
    assert len(pieces) >= 3


def test_a_compressed_page_is_passed_on_while_it_comes() -> None:
    folder = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    first = folder.compress(b"hello ") + folder.flush(zlib.Z_SYNC_FLUSH)
    unfolder = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert unfolder.decompress(b"".join(PageRewriter("gzip", prefixed).feed(first))) == b"hello "
