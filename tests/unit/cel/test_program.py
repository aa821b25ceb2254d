"""Compiling once, evaluating often."""

from __future__ import annotations

import pytest

from steersman.cel import types
from steersman.cel.errors import EvaluationError
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
