"""Which schemas a custom resource may have."""

from __future__ import annotations

import pytest

from steersman.api.schema.structural import check_structural

P = "s"
STRING = {"type": "string"}


def errors(schema):
    return [str(error) for error in check_structural(schema, P)]


def of_spec(spec):
    return [
        text.replace("s.properties[spec]", "^") for text in errors({"type": "object", "properties": {"spec": spec}})
    ]


@pytest.mark.parametrize(
    "spec",
    [
        STRING,
        {"type": "object"},
        {"x-kubernetes-preserve-unknown-fields": True},
        {"x-kubernetes-int-or-string": True},
        {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        {
            "x-kubernetes-int-or-string": True,
            "allOf": [{"anyOf": [{"type": "integer"}, {"type": "string"}]}, {"minimum": 1}],
        },
        {
            "type": "object",
            "properties": {"a": STRING},
            "anyOf": [{"required": ["a"]}, {"properties": {"a": {"pattern": "x"}}}],
        },
        {"type": "object", "properties": {"a": {**STRING, "default": "x"}}, "default": {"a": "y"}},
        {
            "type": "array",
            "items": {"type": "object", "x-kubernetes-map-type": "atomic"},
            "x-kubernetes-list-type": "set",
        },
    ],
)
def test_a_structural_schema_is_accepted(spec):
    assert of_spec(spec) == []


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, ["s.type: Required value: must not be empty at the root"]),
        ({"type": "array", "items": STRING}, ['s.type: Invalid value: "array": must be object at the root']),
        (
            {"type": "object", "additionalProperties": STRING},
            ["s.additionalProperties: Forbidden: must not be used at the root"],
        ),
        ({"type": "object", "nullable": True}, ["s.nullable: Forbidden: nullable cannot be true at the root"]),
        (
            {
                "type": "object",
                "properties": {"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}},
            },
            [
                (
                    "s.properties[metadata]: Forbidden: must not specify anything other than name and generateName, "
                    "but metadata is implicitly specified"
                )
            ],
        ),
        (
            {"type": "object", "properties": {"kind": {"type": "integer"}, "metadata": {"type": "string"}}},
            [
                's.properties[kind].type: Invalid value: "integer": must be string',
                's.properties[metadata].type: Invalid value: "string": must be object',
            ],
        ),
        (
            {"type": "object", "properties": {"kind": {**STRING, "default": "x"}}},
            ["s.properties[kind].default: Forbidden: must not be set in top-level kind"],
        ),
    ],
)
def test_rules_of_the_root(schema, expected):
    assert errors(schema) == expected


def test_fields_of_alternatives_are_described_outside_of_them():
    schema = {"type": "object", "oneOf": [{"properties": {"a": {"minLength": 1}}}]}
    assert errors(schema) == ["s.properties[a]: Required value: because it is defined in s.oneOf[0].properties[a]"]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, ["^.type: Required value: must not be empty for specified object fields"]),
        ({"type": "array"}, ["^.items: Required value: must be specified"]),
        ({"type": "array", "items": {}}, ["^.items.type: Required value: must not be empty for specified array items"]),
        (
            {"type": "objectx"},
            [
                (
                    '^.type: Unsupported value: "objectx": supported values: '
                    '"array", "boolean", "integer", "number", "object", "string"'
                )
            ],
        ),
        (
            {"type": "string", "anyOf": [{"type": "string"}]},
            ["^.anyOf[0].type: Forbidden: must be empty to be structural"],
        ),
        (
            {"type": "object", "properties": {"a": STRING}, "not": {"properties": {"a": {"default": "x"}}}},
            ["^.not.properties[a].default: Forbidden: must be undefined to be structural"],
        ),
        (
            {"type": "array", "x-kubernetes-embedded-resource": True, "items": STRING},
            [
                (
                    "^.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true "
                    "without x-kubernetes-preserve-unknown-fields"
                ),
                '^.type: Invalid value: "array": must be object if x-kubernetes-embedded-resource is true',
            ],
        ),
        (
            {"x-kubernetes-int-or-string": True, "x-kubernetes-preserve-unknown-fields": True},
            [
                "^.x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true"
            ],
        ),
        (
            {"type": "string", "pattern": "("},
            [
                '^.pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`'
            ],
        ),
        (
            {"type": "string", "uniqueItems": True},
            [
                "^.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
            ],
        ),
        ({"type": "string", "$ref": "x"}, ["^.$ref: Forbidden: $ref is not supported"]),
        (
            {"type": "object", "properties": {"a": STRING}, "additionalProperties": STRING},
            ["^.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"],
        ),
        (
            {"type": "object", "x-kubernetes-preserve-unknown-fields": False},
            ["^.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined"],
        ),
        (
            {"type": "string", "x-kubernetes-list-type": "bad"},
            [
                '^.type: Invalid value: "string": must be array if x-kubernetes-list-type is specified',
                '^.x-kubernetes-list-type: Unsupported value: "bad": supported values: "atomic", "set", "map"',
            ],
        ),
        (
            {"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "map"},
            ["^.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map"],
        ),
        (
            {
                "type": "array",
                "items": {"type": "object", "properties": {"a": STRING}},
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["a", "b"],
            },
            [
                '^.x-kubernetes-list-map-keys: Invalid value: ["a","b"]: entries must all be names of item properties',
                (
                    "^.items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, "
                    "so it must have a default or be a required property"
                ),
            ],
        ),
        (
            {"type": "string", "default": 5},
            ['^.default: Invalid value: "integer":  in body must be of type string: "integer"'],
        ),
        (
            {"type": "object", "properties": {"a": STRING}, "default": {"b": 1}},
            ['^.default: Invalid value: {"b":1}: must not have unknown fields'],
        ),
        (
            {"type": "string", "x-kubernetes-validations": [{"rule": " "}, {"rule": "a", "reason": "x"}]},
            [
                "^.x-kubernetes-validations[0].rule: Required value: rule is not specified",
                (
                    '^.x-kubernetes-validations[1].reason: Unsupported value: "x": supported values: '
                    '"FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"'
                ),
            ],
        ),
    ],
)
def test_rules_of_fields(spec, expected):
    assert of_spec(spec) == expected
