"""Which overload a call means, where types are known only at run time."""

from __future__ import annotations

import pytest

from steersman.cel.errors import EvaluationError


def test_a_call_on_something_unknown_is_decided_by_its_value(value) -> None:
    assert value("size(dyn([1, 2]))") == 2
    assert value('size(dyn("abc"))') == 3


def test_no_overload_for_the_value_is_an_error(value) -> None:
    with pytest.raises(EvaluationError, match="no such overload"):
        value("size(dyn(1))")
