"""Comprehensions."""

from __future__ import annotations

import pytest

from steersman.cel.errors import CelError, EvaluationError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("l.all(i, i > 0)", True),
        ("l.exists(i, i == 2)", True),
        ("l.exists_one(i, i > 1)", False),
        ("l.map(i, i * 2)", [2, 4, 6]),
        ("l.filter(i, i % 2 == 1)", [1, 3]),
        ("[].all(i, i > 0)", True),
        ("m.exists(k, m[k] == 1)", True),
    ],
)
def test_what_an_expression_says(value, text: str, said: object) -> None:
    assert value(text) == said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("l.map(i, i / 0)", "division by zero"),
    ],
)
def test_what_is_wrong_is_said_as_cel_go_does(value, text: str, message: str) -> None:
    with pytest.raises((CelError, EvaluationError)) as failure:
        value(text)
    assert message in str(failure.value)
