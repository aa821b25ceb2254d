"""Compiling once, evaluating often."""

from __future__ import annotations

import pytest

from steersman.cel import types
from steersman.cel.errors import CelError, CelSyntaxError, EvaluationError
from steersman.cel.program import Environment, compile_


def test_a_program_says_what_it_reads_and_gives() -> None:
    program = compile_("x > 1", Environment({"x": types.INT, "y": types.INT}))
    assert (program.result, program.reads("x"), program.reads("y")) == (types.BOOL, True, False)
    assert [program.evaluate({"x": each}) for each in (1, 2)] == [False, True]


def test_a_variable_that_is_not_bound_is_named() -> None:
    program = compile_("x > 1", Environment({"x": types.INT}))
    with pytest.raises(EvaluationError, match="no such attribute"):
        program.evaluate({})


def test_an_environment_can_be_extended() -> None:
    environment = Environment({"x": types.INT}).extend({"y": types.INT})
    assert compile_("x + y", environment).evaluate({"x": 1, "y": 2}) == 3


@pytest.mark.parametrize("depth", [60, 5000])
@pytest.mark.parametrize("shape", ["({})", "[{}]", "!({})", "1 + {}", "{}.x", "x ? ({}) : x", "[1].map(x, {})"])
def test_no_depth_breaks_anything(shape: str, depth: int) -> None:
    """Either it has a value, or it is refused in words; the interpreter's own limit is never seen."""
    before, after = shape.split("{}")
    text = before * depth + "x" + after * depth
    try:
        compile_(text, Environment({"x": types.DYN})).evaluate({"x": True})
    except CelSyntaxError:
        assert depth > 60
    except CelError:
        pass


def test_values_of_any_depth_are_compared_or_refused() -> None:
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(EvaluationError, match="too deeply"):
        compile_("x == y", Environment({"x": types.DYN, "y": types.DYN})).evaluate({"x": nested, "y": [nested]})
