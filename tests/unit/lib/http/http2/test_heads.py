"""Header blocks of answers, read by another implementation."""

from __future__ import annotations

import datetime as dt

import hpack
import pytest

from steersman.lib.http.head import InvalidHeader
from steersman.lib.http.http2.heads import HeadBlocks, render_block, render_field


def read(block: bytes) -> list[tuple[str, str]]:
    return [(n.decode(), v.decode("latin-1")) for n, v in hpack.Decoder().decode(block, raw=True)]


@pytest.mark.parametrize("status", [100, 200, 201, 304, 404, 429, 500, 504])
def test_status_comes_first(status: int) -> None:
    block = render_block(status, "application/json", (("Cache-Control", "no-cache"),))
    assert read(block) == [
        (":status", str(status)),
        ("content-type", "application/json"),
        ("cache-control", "no-cache"),
    ]


def test_names_are_lower_case_and_values_without_blanks_around_them() -> None:
    assert read(render_field("Audit-ID", " a b ")) == [("audit-id", "a b")]


@pytest.mark.parametrize("name", ["Connection", "Transfer-Encoding", "Keep-Alive", "Upgrade"])
def test_fields_of_a_connection_are_left_out(name: str) -> None:
    assert render_field(name, "x") == b""


def test_what_is_no_latin_1_is_sent_as_utf_8() -> None:
    assert hpack.Decoder().decode(render_field("warning", "é"), raw=True) == [(b"warning", b"\xe9")]
    assert hpack.Decoder().decode(render_field("warning", "→"), raw=True) == [(b"warning", "→".encode())]


@pytest.mark.parametrize(("name", "value"), [("a b", "x"), ("", "x"), ("x", "a\r\nb"), ("x", "\x00"), ("x:", "y")])
def test_what_would_break_a_message_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidHeader):
        render_field(name, value)


def test_blocks_and_lengths_are_made_once_and_bounded() -> None:
    heads = HeadBlocks()
    assert heads.block(200, "a", ()) is heads.block(200, "a", ())
    assert heads.length(5) is heads.length(5)
    assert read(heads.length(12345)) == [("content-length", "12345")]
    for number in range(10_000):
        heads.block(200, str(number), ())
        heads.length(number)
    assert len(heads.blocks) <= 4096
    assert len(heads.lengths) <= 8192


def test_the_date_is_a_field() -> None:
    heads = HeadBlocks()
    heads.set_date(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert read(heads.date_field) == [("date", "Thu, 01 Jan 2026 00:00:00 GMT")]
