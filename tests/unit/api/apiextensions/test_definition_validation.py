"""What a definition may be, and what of it may change."""

from __future__ import annotations

from typing import Any

import pytest

from .definitions import STRATEGY, definition, established, judge, judge_update, version

TEXT_SPEC = {"type": "object", "properties": {"s": {"type": "string"}}}


@pytest.mark.parametrize(
    ("obj", "errors"),
    [
        (
            definition(group="example"),
            ['spec.group: Invalid value: "example": should be a domain with at least one dot'],
        ),
        (definition(scope="All"), ['spec.scope: Unsupported value: "All": supported values: "Cluster", "Namespaced"']),
        (
            definition(names={"plural": "things", "kind": "Thing", "listKind": "Thing", "shortNames": ["x y"]}),
            ["spec.names.shortNames[0]: Invalid value", "spec.names.listKind: Invalid value"],
        ),
        (definition([version(schema={"type": "string"})]), ["must be object at the root"]),
        (
            definition(
                [version(schema={"type": "object"}), version("v2", storage=False, schema=TEXT_SPEC) | {"schema": {}}]
            ),
            ["spec.versions[1].schema.openAPIV3Schema: Required value"],
        ),
        (
            definition([version("v1"), version("v1", schema=TEXT_SPEC)]),
            ["must contain unique version names", "must have exactly one version marked as storage version"],
        ),
        (
            definition([version("V1")]),
            ['spec.versions[0].name: Invalid value: "V1"', 'spec.version: Invalid value: "V1"'],
        ),
        (
            definition([version(deprecationWarning="soon")]),
            ['spec.versions[0].deprecationWarning: Invalid value: "soon": can only be set for deprecated versions'],
        ),
        (
            definition([version(deprecated=True, deprecationWarning="a\n")]),
            ["non-printable character found at index 1"],
        ),
        (
            definition(preserveUnknownFields=True),
            ["spec.preserveUnknownFields: Invalid value: true: cannot set to true"],
        ),
        (definition(group="x.k8s.io"), ["metadata.annotations[api-approved.kubernetes.io]: Required value"]),
    ],
)
def test_what_is_refused(obj: dict[str, Any], errors: list[str]) -> None:
    found = judge(obj)
    assert len(found) == len(errors), found
    for error, wanted in zip(found, errors, strict=True):
        assert wanted in error


def test_it_is_named_after_what_it_defines() -> None:
    assert STRATEGY.name_rule
    rule = STRATEGY.name_rule(definition())
    assert rule("things.example.com", False) == []
    assert rule("other.example.com", False) == ['must be spec.names.plural+"."+spec.group']


def test_what_is_established_keeps_its_kind_and_scope() -> None:
    other = {"names": {"plural": "things", "kind": "Other"}, "scope": "Cluster"}
    assert judge_update(definition(**other), definition()) == []
    assert judge_update(definition(**other), established(definition())) == [
        'spec.scope: Invalid value: "Cluster": field is immutable',
        'spec.names.kind: Invalid value: "Other": field is immutable',
    ]
    assert judge_update(definition(group="other.com"), definition()) == [
        'spec.group: Invalid value: "other.com": field is immutable'
    ]


def test_a_version_that_may_be_stored_cannot_go() -> None:
    (error,) = judge_update(definition([version("v2")]), definition())
    assert error.startswith(
        'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously'
    )


def test_crowded_selectable_fields_may_stay() -> None:
    names = "abcdefghi"
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    fields = [{"jsonPath": f".{name}"} for name in names]
    crowded = definition([version(schema=schema, selectableFields=fields)])
    assert judge(crowded) == ["spec.selectableFields: Too many: 9: must have at most 8 items"]
    assert judge_update(definition([version(schema=schema, selectableFields=fields)]), crowded) == []
