"""Expressions and what they say."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.cel import types
from steersman.cel.program import Environment, compile_

VARIABLES = {
    "object": types.DYN,
    "x": types.INT,
    "s": types.STRING,
    "l": types.list_of(types.INT),
    "m": types.map_of(types.STRING, types.INT),
}
BOUND = {"object": {"spec": {"replicas": 3}}, "x": 2, "s": "abc", "l": [1, 2, 3], "m": {"a": 1}}


@pytest.fixture(scope="session")
def value():
    """The value of an expression over BOUND."""
    environment = Environment(VARIABLES)

    def evaluate(text: str, **options: Any) -> Any:
        return compile_(text, environment).evaluate(BOUND, **options)

    return evaluate
