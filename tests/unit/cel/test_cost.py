"""What expressions cost."""

from __future__ import annotations

import pytest

from steersman.cel import types
from steersman.cel.errors import CostExceeded
from steersman.cel.program import Environment, compile_

LIST = Environment({"l": types.list_of(types.INT)})


def test_work_grows_with_the_data() -> None:
    program = compile_("l.all(i, i > 0)", LIST)
    small, large = (program.measure({"l": [1] * length}).cost for length in (1, 100))
    assert large > 50 * small / 2


def test_too_much_is_stopped() -> None:
    program = compile_("l.all(i, l.all(j, i + j > 0))", LIST)
    with pytest.raises(CostExceeded):
        program.evaluate({"l": [1] * 300}, cost_limit=1000)
