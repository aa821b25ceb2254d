"""Errors point at the place."""

from __future__ import annotations

import pytest

from steersman.cel.errors import CelError


def test_the_line_and_the_place_are_shown(value) -> None:
    with pytest.raises(CelError) as failure:
        value("1 +\n nope")
    assert str(failure.value) == "ERROR: <input>:2:2: undeclared reference to 'nope' (in container '')\n |  nope\n | .^"


def test_all_mistakes_are_told_of(value) -> None:
    with pytest.raises(CelError) as failure:
        value("a + b")
    assert str(failure.value).count("undeclared reference") == 2
