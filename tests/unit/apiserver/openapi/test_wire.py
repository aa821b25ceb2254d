from __future__ import annotations

import pytest

from steersman.apiserver.openapi import wire

from .messages import fields


@pytest.mark.parametrize(("number", "encoded"), [(0, b"\0"), (300, b"\xac\x02"), (-1, b"\xff" * 9 + b"\x01")])
def test_varints_are_little_endian_groups_of_seven_bits(number: int, encoded: bytes) -> None:
    assert wire.varint(number) == encoded


def test_zero_values_are_not_written() -> None:
    assert wire.flag(1, False) + wire.integer(1, 0) + wire.double(1, 0) + wire.texts(1, []) == b""


def test_a_message_holds_what_its_table_knows_and_extensions_by_name() -> None:
    encoded = wire.message(
        {"a": "text", "b": 7, "unknown": 1, "x-more": [1]}, {"a": (1, wire.text), "b": (2, wire.integer)}, 9
    )
    found = fields(encoded)
    assert (found[1], found[2]) == ([b"text"], [7])
    extension = fields(found[9][0])
    assert (extension[1], fields(extension[2][0])) == ([b"x-more"], {2: [b"[1]\n"]})
    assert found.keys() == {1, 2, 9}
