"""Grammar."""

from __future__ import annotations

import pytest

from steersman.cel.errors import CelError, EvaluationError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1, 2, ]", [1, 2]),
        ('{"a": 1}.a', 1),
        ("(1 + 2) * 3", 9),
        ('r"\\d"', "\\d"),
        ("1 == 1 && 2 == 2", True),
    ],
)
def test_what_an_expression_says(value, text: str, said: object) -> None:
    assert value(text) == said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 +", "Syntax error: mismatched input '<EOF>' expecting"),
        ("", "Syntax error"),
    ],
)
def test_what_is_wrong_is_said_as_cel_go_does(value, text: str, message: str) -> None:
    with pytest.raises((CelError, EvaluationError)) as failure:
        value(text)
    assert message in str(failure.value)
