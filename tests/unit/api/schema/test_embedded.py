"""Embedded resources say what they are."""

from __future__ import annotations

import pytest

from steersman.api.schema.embedded import validate_embedded

EMBEDDED = {"type": "object", "x-kubernetes-embedded-resource": True}
MIXED = "may have mixed case, but should otherwise match: "


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        ({"apiVersion": "v1", "kind": "Pod"}, []),
        ({"apiVersion": "g/v1", "kind": "pod-Thing"}, []),
        ({}, ["apiVersion: Required value", "kind: Required value"]),
        (
            {"apiVersion": "", "kind": ""},
            [f'{key}: Invalid value: "": must not be empty' for key in ("apiVersion", "kind")],
        ),
        ({"apiVersion": 1, "kind": "K"}, ["apiVersion: Invalid value: 1: must be a string"]),
        (
            {"apiVersion": "a/b/c", "kind": "K"},
            ['apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
        ),
        ({"apiVersion": "v1", "kind": "1K"}, [f'kind: Invalid value: "1K": {MIXED}a DNS-1035 label must consist of']),
        ({"apiVersion": "v1", "kind": "K-"}, [f'kind: Invalid value: "K-": {MIXED}a DNS-1035 label must consist of']),
        ({"apiVersion": "v1", "kind": "K" * 63}, []),
        (
            {"apiVersion": "v1", "kind": "K" * 64},
            [f'kind: Invalid value: "{"K" * 64}": {MIXED}must be no more than 63 characters'],
        ),
    ],
)
def test_version_and_kind_are_there_and_well_formed(value, errors):
    found = [str(error) for error in validate_embedded(EMBEDDED, value)]
    assert [error[: len(start)] for error, start in zip(found, errors, strict=True)] == errors


@pytest.mark.parametrize(
    ("schema", "value", "path"),
    [
        ({"properties": {"a": EMBEDDED}}, {"a": {"kind": "K"}, "b": {}}, "a.apiVersion"),
        ({"additionalProperties": EMBEDDED}, {"k": {"kind": "K"}}, "[k].apiVersion"),
        (
            {"properties": {"l": {"items": EMBEDDED}}},
            {"l": [{"kind": "K", "apiVersion": "v1"}, {"kind": "K"}]},
            "l[1].apiVersion",
        ),
        (
            EMBEDDED | {"properties": {"t": EMBEDDED}},
            {"apiVersion": "v1", "kind": "K", "t": {"kind": "K"}},
            "t.apiVersion",
        ),
        ({"properties": {"a": {}}}, {"a": {}}, None),
        ({"properties": {"a": EMBEDDED}}, {"a": "no object"}, None),
    ],
)
def test_they_are_found_wherever_they_are(schema, value, path):
    assert [error.field for error in validate_embedded(schema, value)] == ([path] if path else [])
