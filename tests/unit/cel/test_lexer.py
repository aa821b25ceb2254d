"""Literals."""

from __future__ import annotations

import pytest

from steersman.cel.errors import CelError, EvaluationError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1e3", 1000.0),
        ("0x1F", 31),
        ('"\\u00e9"', "é"),
        ("'a'", "a"),
        ('"""a"b"""', 'a"b'),
        ('b"abc"', b"abc"),
    ],
)
def test_what_an_expression_says(value, text: str, said: object) -> None:
    assert value(text) == said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"abc', "token recognition error at: '\"abc'"),
    ],
)
def test_what_is_wrong_is_said_as_cel_go_does(value, text: str, message: str) -> None:
    with pytest.raises((CelError, EvaluationError)) as failure:
        value(text)
    assert message in str(failure.value)
