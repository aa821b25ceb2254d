"""JSON Schema validation of custom resources, in upstream's words, with ratcheting."""

from __future__ import annotations

import pytest

from steersman.api.errors import FieldReason
from steersman.api.schema.structural import validate_value

B = "s in body should"


def errors(schema, value, **kwargs):
    """Messages for a field `s`."""
    found = validate_value({"type": "object", "properties": {"s": schema}}, {"s": value}, **kwargs)
    return [str(error) for error in found]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "integer"}, 1, []),
        ({"type": "integer"}, 1.0, []),
        ({"type": "number"}, 1, []),
        ({"type": "integer"}, "string", ['s: Invalid value: "string": s in body must be of type integer: "string"']),
        ({"type": "string"}, True, ['s: Invalid value: "boolean": s in body must be of type string: "boolean"']),
        ({"type": "string"}, None, ['s: Invalid value: "null": s in body must be of type string: "null"']),
        ({"type": "string", "nullable": True}, None, []),
        ({"x-kubernetes-int-or-string": True}, "a", []),
        (
            {"x-kubernetes-int-or-string": True},
            [],
            ['s: Invalid value: "array": s in body must be of type integer,string: "array"'],
        ),
        (
            {"type": "integer", "format": "int32"},
            2**31,
            ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in s'],
        ),
        ({"type": "integer", "maximum": 3}, 4, [f"s: Invalid value: 4: {B} be less than or equal to 3"]),
        (
            {"type": "integer", "minimum": 3, "exclusiveMinimum": True},
            3,
            [f"s: Invalid value: 3: {B} be greater than 3"],
        ),
        ({"type": "number", "minimum": 0.5}, 0.25, [f"s: Invalid value: 0.25: {B} be greater than or equal to 0.5"]),
        ({"type": "integer", "multipleOf": 3}, 4, [f"s: Invalid value: 4: {B} be a multiple of 3"]),
        ({"type": "number", "multipleOf": 0.5}, 0.75, [f"s: Invalid value: 0.75: {B} be a multiple of 0.5"]),
        ({"type": "string", "minLength": 2}, "é", [f's: Invalid value: "é": {B} be at least 2 chars long']),
        ({"type": "string", "maxLength": 1}, "ab", ["s: Too long: may not be more than 1 byte"]),
        ({"type": "string", "pattern": "^a+$"}, "b", [f"s: Invalid value: \"b\": {B} match '^a+$'"]),
        ({"type": "string", "enum": ["a", "b"]}, "c", ['s: Unsupported value: "c": supported values: "a", "b"']),
        ({"enum": [1, None]}, True, ['s: Unsupported value: true: supported values: "1", "null"']),
        ({"type": "string", "format": "date"}, "x", ['s: Invalid value: "x": s in body must be of type date: "x"']),
        ({"type": "string", "format": "unheard-of"}, "x", []),
        ({"type": "array", "maxItems": 1}, [1, 2], ["s: Too many: 2: must have at most 1 item"]),
        ({"type": "array", "minItems": 1}, [], [f"s: Invalid value: 0: {B} have at least 1 items"]),
        ({"uniqueItems": True}, [{"a": 1}, {"a": 1}], [f's: Invalid value: "": {B}n\'t contain duplicates']),
        ({"uniqueItems": True}, [1, True], []),
        ({"type": "object", "minProperties": 1}, {}, [f"s: Invalid value: 0: {B} have at least 1 properties"]),
        ({"type": "object", "maxProperties": 0}, {"a": 1}, ["s: Too many: 1: must have at most 0 items"]),
        ({"type": "object", "required": ["a"]}, {}, ["s.a: Required value"]),
        (
            {"type": "object", "additionalProperties": {"type": "string"}},
            {"k": 1},
            ['s.k: Invalid value: "integer": s.k in body must be of type string: "integer"'],
        ),
        (
            {"type": "object", "additionalProperties": False},
            {"k": 1},
            ['s: Invalid value: "k": s.k in body is a forbidden property'],
        ),
        (
            {"type": "array", "items": {"type": "string"}},
            ["a", 1],
            ['s[1]: Invalid value: "integer": s[1] in body must be of type string: "integer"'],
        ),
        ({"anyOf": [{"minimum": 5}, {"maximum": 1}]}, 7, []),
        (
            {"anyOf": [{"minimum": 5}, {"maximum": 1}]},
            3,
            [
                '<nil>: Invalid value: "": "s" must validate at least one schema (anyOf)',
                f"s: Invalid value: 3: {B} be greater than or equal to 5",
            ],
        ),
        (
            {"oneOf": [{"minimum": 1}, {"minimum": 2}]},
            3,
            ['<nil>: Invalid value: "": "s" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
        ),
        (
            {"allOf": [{"minimum": 5}, {"maximum": 9}]},
            3,
            [
                f"s: Invalid value: 3: {B} be greater than or equal to 5",
                '<nil>: Invalid value: "": "s" must validate all the schemas (allOf)',
            ],
        ),
        ({"not": {"minimum": 1}}, 3, ['<nil>: Invalid value: "": "s" must not validate the schema (not)']),
        ({"type": "array", "x-kubernetes-list-type": "set"}, ["a", "b", "a", "a"], ['s[2]: Duplicate value: "a"']),
        (
            {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]},
            [{"k": 1, "v": 1}, {"k": 1}],
            ['s[1]: Duplicate value: {"k":1}'],
        ),
    ],
)
def test_messages_are_upstreams(schema, value, expected):
    assert errors(schema, value) == expected


def test_a_wrong_type_has_a_reason_of_its_own():
    (error,) = validate_value({"type": "object"}, [], "status")
    assert (error.reason, error.field) == (FieldReason.TYPE_INVALID, "status")


def test_an_alternative_with_more_satisfied_checks_explains_a_failure():
    first = {"properties": {"kind": {"type": "integer"}, "x": {"type": "string"}}}
    second = {"properties": {"kind": {"type": "string"}, "x": {"type": "string"}}, "required": ["y"]}
    found = errors({"oneOf": [first, second]}, {"kind": "b", "x": "1"})
    assert found[1:] == ["s.y: Required value"]


LIST_MAP = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["k"],
    "items": {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "integer", "maximum": 1}}},
}


@pytest.mark.parametrize(
    ("schema", "old", "new", "places"),
    [
        ({"type": "string", "maxLength": 1}, "long", "long", []),
        ({"type": "string", "maxLength": 1}, "long", "longer", ["s"]),
        ({"properties": {"a": {"maximum": 1}, "b": {"maximum": 1}}}, {"a": 5, "b": 0}, {"a": 5, "b": 6}, ["s.b"]),
        (LIST_MAP, [{"k": "a", "v": 5}], [{"k": "b", "v": 0}, {"k": "a", "v": 5}], []),
        (LIST_MAP, [{"k": "a", "v": 5}], [{"k": "b", "v": 5}, {"k": "a", "v": 5}], ["s[0].v"]),
        ({"items": {"maximum": 1}}, [5], [5], []),
        ({"items": {"maximum": 1}}, [5], [5, 0], ["s[0]"]),
        ({"x-kubernetes-list-type": "set"}, ["a", "a"], ["a", "a", "b"], []),
    ],
)
def test_what_did_not_change_is_tolerated(schema, old, new, places):
    wrapped = {"type": "object", "properties": {"s": schema}}
    assert [error.field for error in validate_value(wrapped, {"s": new}, old_value={"s": old})] == places
