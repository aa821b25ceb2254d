"""Printer columns of custom resources."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.apiextensions.custom_columns import cell_of, columns_of

from .definitions import NOW, thing

COLUMNS = [
    {"name": "N", "type": "integer", "jsonPath": ".spec.n", "description": "how many"},
    {"name": "First", "type": "string", "jsonPath": ".spec.list[0]", "priority": 1},
    {"name": "All", "type": "string", "jsonPath": ".spec.list"},
    {"name": "Since", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]


def test_columns_are_paths() -> None:
    columns = columns_of(COLUMNS)
    obj = thing(spec={"n": 1, "list": ["a", {"b": 1}]})
    assert [column.value(obj, NOW) for column in columns] == [1, "a", '["a",{"b":1}]', "60m"]
    assert [column.value(thing(), NOW) for column in columns] == [None, None, None, "60m"]
    assert columns[0].description == "how many"
    assert columns[1].description == "Custom resource definition column (in JSONPath format): .spec.list[0]"
    assert [column.name for column in columns_of(None)] == ["Age"]
    assert columns_of([{"name": "X", "type": "string", "jsonPath": ".a["}]) == ()


@pytest.mark.parametrize(
    ("kind", "value", "cell"),
    [
        ("string", 1.0, "1"),
        ("string", None, "null"),
        ("integer", 1.9, 1),
        ("integer", "1", None),
        ("integer", True, None),
        ("number", 1.5, 1.5),
        ("boolean", True, True),
        ("boolean", "true", None),
        ("date", "", "<unknown>"),
        ("date", "yesterday", "<invalid>"),
        ("date", "2026-01-02T03:04:00Z", "5s"),
    ],
)
def test_cells_fit_their_column(kind: str, value: Any, cell: Any) -> None:
    assert cell_of(kind, value, NOW) == cell
