"""Response heads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.lib.http.head import Heads, InvalidHeader, render_block, render_header


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
