"""Writing protobuf: zero values, orders, and values with a JSON form of their own."""

from __future__ import annotations

import pytest

from steersman.apiserver.codec.malformed import Malformed
from steersman.apiserver.codec.protobuf import Protobuf
from steersman.apiserver.codec.protobuf_read import go_duration
from steersman.apiserver.codec.protobuf_write import parse_go_duration, signed


@pytest.mark.parametrize(
    ("nanos", "text"),
    [(0, "0s"), (1, "1ns"), (1500, "1.5µs"), (10**6, "1ms"), (15 * 10**8, "1.5s"), (60 * 10**9, "1m0s"),
     (3661 * 10**9 + 5 * 10**8, "1h1m1.5s"), (-5 * 10**9, "-5s")],
)  # fmt: skip
def test_durations_are_written_and_read_as_go_does(nanos: int, text: str) -> None:
    assert go_duration(nanos) == text
    assert parse_go_duration(text) == nanos


@pytest.mark.parametrize("text", ["", "5", "1x", "h", "1h x", "-"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        parse_go_duration(text)


def test_negative_numbers_take_ten_bytes() -> None:
    assert signed(-1) == b"\xff" * 9 + b"\x01"
    assert signed(300) == b"\xac\x02"


def test_plain_fields_are_written_even_when_zero_and_maps_in_order() -> None:
    body = Protobuf().encode_item({"labels": {"b": "1", "a": "2"}}, "v1", "ObjectMeta")
    zeros = b"\x0a\0\x12\0\x1a\0\x22\0\x2a\0\x32\0\x38\0\x42\0"
    assert body == zeros + b"\x5a\x06\x0a\x01a\x12\x012" + b"\x5a\x06\x0a\x01b\x12\x011"


def test_values_of_the_wrong_type_are_malformed() -> None:
    for wrong in ({"metadata": {"creationTimestamp": "now"}}, {"metadata": 5}, {"data": ["x"]}):
        with pytest.raises(Malformed, match="ConfigMap cannot be encoded as protobuf"):
            Protobuf().encode_item(wrong, "v1", "ConfigMap")


def test_the_data_of_a_revision_comes_back_as_go_wrote_it() -> None:
    revision = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {},
        "data": {"spec": {"$patch": "replace", "x": "a && b < c > d\u2028é"}},
    }
    wanted = '{"spec":{"$patch":"replace","x":"a \\u0026\\u0026 b \\u003c c \\u003e d\\u2028é"}}'
    assert wanted.encode() in Protobuf().encode(revision)
