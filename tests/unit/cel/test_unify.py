"""Types that stand for others."""

from __future__ import annotations

import pytest

from steersman.cel.errors import CelError, EvaluationError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1, 2].map(i, [i])", [[1], [2]]),
        ("[][?0].orValue(3)", 3),
        ("optional.none().orValue(3)", 3),
    ],
)
def test_what_an_expression_says(value, text: str, said: object) -> None:
    assert value(text) == said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[1][0] == "a"', "found no matching overload for '_==_' applied to '(int, string)'"),
    ],
)
def test_what_is_wrong_is_said_as_cel_go_does(value, text: str, message: str) -> None:
    with pytest.raises((CelError, EvaluationError)) as failure:
        value(text)
    assert message in str(failure.value)
