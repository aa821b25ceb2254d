"""What Kubernetes and CEL add to the language."""

from __future__ import annotations

import pytest

from steersman.cel.errors import CelError, EvaluationError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("size(l)", 3),
        ("s.size()", 3),
        ('"é".size()', 1),
        ('s.startsWith("a")', True),
        ('s.contains("b")', True),
        ('s.matches("^a.c$")', True),
        ('quantity("1Gi").isGreaterThan(quantity("1G"))', True),
        ('isQuantity("1Mi")', True),
        ('isQuantity("x")', False),
        ('semver("1.2.3").isLessThan(semver("1.10.0"))', True),
        ("optional.of(1).hasValue()", True),
        ("string(true)", "true"),
        ('bytes("a")', b"a"),
    ],
)
def test_what_an_expression_says(value, text: str, said: object) -> None:
    assert value(text) == said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('quantity("x")', "quantities must match the regular expression"),
    ],
)
def test_what_is_wrong_is_said_as_cel_go_does(value, text: str, message: str) -> None:
    with pytest.raises((CelError, EvaluationError)) as failure:
        value(text)
    assert message in str(failure.value)
