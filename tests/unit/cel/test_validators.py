"""Constants that cannot be."""

from __future__ import annotations

import pytest

from steersman.cel.errors import CelError, EvaluationError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('s.matches("(")', "invalid matches argument"),
        ('timestamp("x")', "invalid timestamp argument"),
    ],
)
def test_what_is_wrong_is_said_as_cel_go_does(value, text: str, message: str) -> None:
    with pytest.raises((CelError, EvaluationError)) as failure:
        value(text)
    assert message in str(failure.value)
