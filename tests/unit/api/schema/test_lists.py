"""List sets and list maps: what counts as given twice."""

from __future__ import annotations

import pytest

from steersman.api.schema.lists import validate_lists

SET = {"type": "array", "x-kubernetes-list-type": "set"}
MAP = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a", "b"]}


@pytest.mark.parametrize(
    ("schema", "value", "errors"),
    [
        (SET, [], []),
        (SET, [1, True, "1", 1.5, None], []),
        (SET, ["a", "b", "a", "b", "a"], ['[2]: Duplicate value: "a"', '[3]: Duplicate value: "b"']),
        (
            SET,
            [{"x": [{"z": 1, "w": 2}], "y": 2}, {"y": 2, "x": [{"z": 1, "w": 2}]}],
            ['[1]: Duplicate value: {"x":[{"w":2,"z":1}],"y":2}'],
        ),
        ({"type": "array"}, ["a", "a"], []),
        (MAP, [{"a": 1, "b": 1}, {"a": 1, "b": 2}], []),
        (MAP, [{"a": 1, "b": 1, "v": 1}, {"a": 1, "b": 1, "v": 2}], ['[1]: Duplicate value: {"a":1,"b":1}']),
        (MAP, [{"a": 1}, {"a": 1}], ['[1]: Duplicate value: {"a":1}']),
        (MAP, [{"a": 1}, {"a": 1, "b": None}, {"b": None, "a": 1}], ['[2]: Duplicate value: {"a":1,"b":null}']),
        (
            MAP | {"x-kubernetes-list-map-keys": ["b", "a"]},
            [{"a": 1, "b": 2}] * 2,
            ['[1]: Duplicate value: {"a":1,"b":2}'],
        ),
        (MAP, [{"a": 1}, "x"], ['[1]: Invalid value: "x": must be an object for an array of list-type map']),
    ],
)
def test_what_is_given_twice(schema, value, errors):
    assert [str(error) for error in validate_lists(schema, value)] == errors


@pytest.mark.parametrize(
    ("schema", "value", "path"),
    [
        ({"properties": {"l": SET}}, {"l": ["a", "a"]}, "l[1]"),
        ({"additionalProperties": SET}, {"k": ["a", "a"]}, "[k][1]"),
        ({"properties": {"m": {"properties": {"l": SET}}}}, {"m": {"l": ["a", "a"]}}, "m.l[1]"),
        ({"items": SET}, [["a"], ["a", "a"]], "[1][1]"),
        (SET | {"items": SET}, [["a", "a"]], "[0][1]"),
    ],
)
def test_lists_are_found_wherever_they_are(schema, value, path):
    assert [error.field for error in validate_lists(schema, value)] == [path]
