from __future__ import annotations

from typing import Any

import pytest

from steersman.api.dra import devices
from steersman.api.errors import FieldError, required


def refuse(_value: Any, path: str) -> list[FieldError]:
    return [required(path)]


def test_a_list_that_is_too_long_is_told_by_its_declared_rule_only() -> None:
    assert devices.each(["a", "b"], "list", refuse, limit=1) == []
    (error,) = devices.declared_list(["a", "b"], "list", limit=1, judge=refuse)
    assert str(error) == "list: Too many: 2: must have at most 1 item"


def test_what_is_there_twice_is_told_before_the_items() -> None:
    errors = devices.declared_list(["a", "a"], "list", key=devices.itself, judge=refuse)
    assert [str(error) for error in errors] == [
        'list[1]: Duplicate value: "a"', "list[0]: Required value", "list[1]: Required value",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("toleration", "handwritten", "declared"),
    [
        ({"operator": "Equal", "key": "k", "value": "v"}, [], []),
        (
            {"operator": "Exists", "value": "v"},
            ['t.value: Invalid value: "v": must be empty for operator `Exists`'],
            [],
        ),
        ({"operator": "In"}, [], ['t.operator: Unsupported value: "In": supported values: "Equal", "Exists"']),
        ({}, [], ["t.operator: Required value"]),
    ],
)
def test_tolerations(toleration: dict[str, Any], handwritten: list[str], declared: list[str]) -> None:
    assert [str(error) for error in devices.validate_toleration(toleration, "t")] == handwritten
    assert [str(error) for error in devices.declared_toleration(toleration, "t")] == declared


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ({}, []),
        (None, ["p: Required value"]),
        ({"a": "b" * 10}, ["p: Too long: may not be more than 10 bytes"]),
        ([], ['p: Invalid value: "<value omitted>": must be a valid JSON object']),
    ],
)
def test_objects_of_drivers(value: Any, texts: list[str]) -> None:
    assert [str(error) for error in devices.validate_json_object(value, "p", 10)] == texts
