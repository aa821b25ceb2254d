"""Arithmetic, comparison, membership."""

from __future__ import annotations

import pytest

from steersman.cel.errors import CelError, EvaluationError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 + 2 * 3", 7),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("1 < 1.5", True),
        ('"a" + "b"', "ab"),
        ("[1] + [2]", [1, 2]),
        ('"a" in m', True),
        ("2 in l", True),
        ("null == null", True),
        ("!true", False),
        ("-x", -2),
        ('dyn(1) == dyn("a")', False),
        ("dyn(1) == dyn(1.0)", True),
    ],
)
def test_what_an_expression_says(value, text: str, said: object) -> None:
    assert value(text) == said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9223372036854775807 + 1", "integer overflow"),
        ("-9223372036854775808 - 1", "integer overflow"),
        ("1u - 2u", "unsigned integer overflow"),
        ("5 / 0", "division by zero"),
        ("5 % 0", "modulus by zero"),
    ],
)
def test_what_is_wrong_is_said_as_cel_go_does(value, text: str, message: str) -> None:
    with pytest.raises((CelError, EvaluationError)) as failure:
        value(text)
    assert message in str(failure.value)
