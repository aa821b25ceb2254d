"""Comprehensions with two variables: over indices and elements of a list, or keys and values of a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.cel import macros
from steersman.cel.declarations import Library, Overload

if TYPE_CHECKING:
    from collections.abc import Mapping


def _insert(held: Mapping[Any, Any], *more: Any) -> dict[Any, Any]:
    """Only declared for types: the loops insert on their own."""
    return {**held, **(more[0] if len(more) == 1 else {more[0]: more[1]})}


COMPREHENSIONS = Library(
    "comprehensions",
    {
        "cel.@mapInsert": (
            Overload("@mapInsert_map_key_value", "(map(<K>, <V>), <K>, <V>) -> map(<K>, <V>)", _insert),
            Overload("@mapInsert_map_map", "(map(<K>, <V>), map(<K>, <V>)) -> map(<K>, <V>)", _insert),
        )
    },
    macros.TWO_VARIABLES,
)
