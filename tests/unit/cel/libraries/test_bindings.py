"""cel.bind: only where its library is enabled."""

from __future__ import annotations

import pytest

from steersman.cel.errors import CelSyntaxError, CelTypeError
from steersman.cel.libraries.catalog import DEVICES
from steersman.cel.program import Environment, compile_

WITH = Environment({}, libraries=DEVICES)


def test_a_value_gets_a_name() -> None:
    assert compile_("cel.bind(x, [1, 2], x.size() + x[0])", WITH).evaluate({}) == 3


def test_a_name_hides_the_one_outside() -> None:
    assert compile_("cel.bind(x, 1, cel.bind(x, x + 1, x * 10) + x)", WITH).evaluate({}) == 21


def test_the_name_has_to_be_one() -> None:
    with pytest.raises(CelSyntaxError, match="variable names must be simple identifiers"):
        compile_("cel.bind(x.y, 1, 2)", WITH)


def test_without_the_library_it_is_not_known() -> None:
    with pytest.raises(CelTypeError, match="undeclared reference to 'bind'"):
        compile_("cel.bind(x, 1, 2)", Environment({}))
