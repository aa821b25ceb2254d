"""Sizes of results, which later calls are estimated by."""

from __future__ import annotations

import pytest

from steersman.cel import syntax
from steersman.cel.estimates import Argument, Estimate, of_function
from steersman.cel.ranges import ONE, Range, exactly


def sized(low: int, high: int) -> Argument:
    return Argument(syntax.Ident(0, "x"), Range(low, high))


def number(value: int) -> Argument:
    return Argument(syntax.Literal(0, value), ONE)


@pytest.mark.parametrize(
    ("function", "overload", "args", "size"),
    [
        ("_+_", "add_string", [sized(1, 10), sized(2, 5)], Range(3, 15)),
        ("replace", "", [sized(0, 10), sized(1, 1), sized(0, 3)], Range(0, 30)),
        ("replace", "", [sized(0, 10), sized(0, 1), sized(2, 2)], Range(0, 32)),
        ("split", "", [sized(0, 10), sized(1, 1)], Range(0, 10)),
        ("split", "", [sized(0, 10), sized(1, 1), number(3)], Range(0, 3)),
        ("slice", "list_slice", [sized(0, 10), number(2), number(6)], exactly(4)),
        ("bytes", "string_to_bytes", [sized(1, 10)], Range(1, 40)),
        ("strings.quote", "strings_quote", [sized(1, 10)], Range(3, 22)),
    ],
)
def test_sizes_of_results(function: str, overload: str, args: list[Argument], size: Range) -> None:
    assert of_function(function, overload, None, args).size == size


def test_what_is_not_listed_costs_one() -> None:
    assert of_function("charAt", "string_char_at_int", sized(0, 10), [number(1)]) == Estimate(ONE)
