"""What unquoted scalars mean, and which strings need quotes."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.apiserver.codec.yaml_resolve import go_float, plain_is_string, resolve


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [
        ("", "null", None), ("~", "null", None), ("y", "bool", True), ("OFF", "bool", False), ("nO", "str", "nO"),
        ("017", "int", 15), ("0o17", "int", 15), ("08", "float", 8.0), ("0x_1f", "int", 31), ("-0b11", "int", -3),
        ("1_000", "int", 1000), ("18446744073709551615", "int", 2**64 - 1), ("18446744073709551616", "float", 2.0**64),
        ("-9223372036854775808", "int", -(2**63)), ("1e3", "float", 1000.0), (".5", "float", 0.5), ("1.", "float", 1.0),
        ("1e400", "str", "1e400"), ("-", "str", "-"), (".", "str", "."), ("+", "str", "+"), ("<<", "str", "<<"),
        ("2026-01-02", "timestamp", "2026-01-02"), ("2026-1-2T3:4:5Z", "timestamp", "2026-1-2T3:4:5Z"),
        ("2026-02-30", "str", "2026-02-30"), ("2026-01-02T03:04:05", "str", "2026-01-02T03:04:05"), ("1:30", "str", "1:30"),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_upstream_reads(text: str, tag: str, value: Any) -> None:
    assert resolve(text) == (tag, value)


def test_strings_that_would_be_read_as_something_else_need_quotes() -> None:
    for text in ("", "y", "null", "1", "1.5", "2026-01-02", "1:30", "0x1", ".inf", "1_0"):
        assert not plain_is_string(text)
    for text in ("yes!", "1a", "1.2.3", "v1", "10.0.0.1", "1:90a", "-", "a:b", "<<"):
        assert plain_is_string(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (-0.5, "-0.5"), (1e-4, "0.0001"), (1e-5, "1e-05"), (123456.5, "123456.5"), (1234567.5, "1.2345675e+06"),
     (100000.0, "100000"), (1e6, "1e+06"), (1e22, "1e+22"), (5e-324, "5e-324")],
)  # fmt: skip
def test_floats_are_written_in_go_s_shortest_form(number: float, text: str) -> None:
    assert go_float(repr(number)) == text
