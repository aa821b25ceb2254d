"""Types and their names."""

from __future__ import annotations

import pytest

from steersman.cel import types


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (types.INT, "int"),
        (types.list_of(types.STRING), "list(string)"),
        (types.map_of(types.STRING, types.DYN), "map(string, dyn)"),
    ],
)
def test_types_are_written_as_messages_have_them(made, name: str) -> None:
    assert str(made) == name
