"""The slow JSON reader agrees with the fast one, and accepts what Go accepts."""

from __future__ import annotations

import pytest

from steersman.apiserver.codec import json, json_scan
from steersman.apiserver.codec.malformed import Malformed


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'"\xff\xe2\x82"', "\ufffd\ufffd\ufffd"),
        (b'"\\ud800"', "\ufffd"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\ude00\\ud83d"', "\ufffd\ufffd"),
        (b' [1, -2.5e1 ,true,null,false,"x\\n\\"", {} , []] ', [1, -25.0, True, None, False, 'x\n"', {}, []]),
        (b"9223372036854775808", 9223372036854775808),
        (b"123456789012345678901234567890", 1.2345678901234568e29),
    ],
)
def test_both_readers_accept_what_go_accepts(raw: bytes, value: object) -> None:
    assert json.parse(raw, find_duplicates=True).value == value
    assert json_scan.scan(raw)[0] == value


def test_no_more_than_a_hundred_duplicates_are_told() -> None:
    raw = "{" + ",".join(f'"k{i}":1,"k{i}":2' for i in range(150)) + "}"
    assert len(json_scan.scan(raw.encode())[1]) == 100


def test_numbers_beyond_double_precision_are_refused() -> None:
    with pytest.raises(Malformed, match="cannot unmarshal number 1e400 into Go value of type float64"):
        json_scan.scan(b"[1e400]")


def test_places_say_where_a_field_is_given_again_or_first() -> None:
    raw = b'{"a": {"x": 1, "b": 2, "b": 3}}'
    _, duplicates, places = json_scan.scan(raw)
    assert duplicates == ['duplicate field "a.b"']
    assert places["a"] < places["a.x"] < places["a.b"]


def test_places_have_limited_room() -> None:
    fields = ",".join(f'"{index:0>100}": 0' for index in range(20_000))
    assert len(json_scan.scan(b"{%s}" % fields.encode())[2]) < 11_000
