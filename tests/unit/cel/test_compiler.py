"""Conditions, and errors that do not matter."""

from __future__ import annotations

import pytest

from steersman.cel.errors import CelError, EvaluationError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("true || (1/0 == 0)", True),
        ("(1/0 == 0) || true", True),
        ("(1/0 == 0) && false", False),
        ('x > 1 ? "y" : "n"', "y"),
        ("object.spec.replicas <= 5", True),
    ],
)
def test_what_an_expression_says(value, text: str, said: object) -> None:
    assert value(text) == said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("false || (1/0 == 0)", "division by zero"),
        ("true && (1/0 == 0)", "division by zero"),
    ],
)
def test_what_is_wrong_is_said_as_cel_go_does(value, text: str, message: str) -> None:
    with pytest.raises((CelError, EvaluationError)) as failure:
        value(text)
    assert message in str(failure.value)
