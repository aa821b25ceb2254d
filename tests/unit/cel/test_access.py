"""Fields, keys and indexes."""

from __future__ import annotations

import pytest

from steersman.cel.errors import CelError, EvaluationError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("m.a", 1),
        ("l[0]", 1),
        ("has(object.spec.nope)", False),
        ("has(object.spec.replicas)", True),
        ("object.?spec.?nope.orValue(7)", 7),
        ("[1,2][?5].orValue(0)", 0),
    ],
)
def test_what_an_expression_says(value, text: str, said: object) -> None:
    assert value(text) == said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("l[5]", "index out of bounds: 5"),
        ('m["b"]', "no such key: b"),
        ("object.spec.nope", "no such key: nope"),
    ],
)
def test_what_is_wrong_is_said_as_cel_go_does(value, text: str, message: str) -> None:
    with pytest.raises((CelError, EvaluationError)) as failure:
        value(text)
    assert message in str(failure.value)
