"""CustomResourceDefinitions: defaults, names, what may be said and what may change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.apiextensions.custom_resource_definition import CUSTOM_RESOURCE_DEFINITIONS
from steersman.api.resource import Context
from steersman.api.schema.decode import decode

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STRATEGY = CUSTOM_RESOURCE_DEFINITIONS.strategy
AT = "spec.versions[0]"


def definition(versions: list[dict[str, Any]] | None = None, **spec: Any) -> dict[str, Any]:
    body = {
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [version()] if versions is None else versions,
            **spec,
        },
    }
    obj = decode(CUSTOM_RESOURCE_DEFINITIONS.schema(), body).object
    assert STRATEGY.default
    assert STRATEGY.prepare_create
    STRATEGY.default(obj)
    STRATEGY.prepare_create(obj, Context(now=NOW))
    return obj


def version(name: str = "v1", *, storage: bool = True, schema: Any = None, **fields: Any) -> dict[str, Any]:
    schema = {"type": "object"} if schema is None else schema
    return {"name": name, "served": True, "storage": storage, "schema": {"openAPIV3Schema": schema}, **fields}


def judge(obj: dict[str, Any]) -> list[str]:
    assert STRATEGY.validate
    return [str(error) for error in STRATEGY.validate(obj)]


def judge_update(new: dict[str, Any], old: dict[str, Any]) -> list[str]:
    assert STRATEGY.validate_update
    assert STRATEGY.prepare_update
    STRATEGY.prepare_update(new, old, Context(now=NOW))
    return [str(error) for error in STRATEGY.validate_update(new, old)]


def established(obj: dict[str, Any]) -> dict[str, Any]:
    obj["status"]["conditions"] = [{"type": "Established", "status": "True"}]
    return obj


def test_names_conversion_and_the_stored_version_have_defaults() -> None:
    obj = definition()
    assert obj["spec"]["names"] == {"plural": "things", "kind": "Thing", "singular": "thing", "listKind": "ThingList"}
    assert obj["spec"]["conversion"] == {"strategy": "None"}
    assert obj["status"] == {
        "conditions": None,
        "acceptedNames": {"plural": "", "kind": ""},
        "storedVersions": ["v1"],
    }
    assert judge(obj) == []


def test_it_is_named_after_what_it_defines() -> None:
    assert STRATEGY.name_rule
    rule = STRATEGY.name_rule(definition())
    assert rule("things.example.com", False) == []
    assert rule("other.example.com", False) == ['must be spec.names.plural+"."+spec.group']


TEXT_SPEC = {"type": "object", "properties": {"s": {"type": "string"}}}
PORT = {"clientConfig": {"service": {"namespace": "n", "port": 0}}, "conversionReviewVersions": ["v9"]}


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
            [f'{AT}.deprecationWarning: Invalid value: "soon": can only be set for deprecated versions'],
        ),
        (
            definition([version(deprecated=True, deprecationWarning="a\n")]),
            ["non-printable character found at index 1"],
        ),
        (
            definition([version(subresources={"scale": {"specReplicasPath": "spec.n", "statusReplicasPath": ".x.n"}})]),
            [
                'specReplicasPath: Invalid value: "spec.n": must be a simple json path starting with .',
                'spec.subresources.scale.statusReplicasPath: Invalid value: ".x.n": should be a json path under .status',
            ],
        ),
        (
            definition([version(additionalPrinterColumns=[{"name": "", "type": "x", "format": "y", "jsonPath": ""}])]),
            [
                "spec.additionalPrinterColumns[0].name: Required value",
                'additionalPrinterColumns[0].type: Invalid value: "x": must be one of boolean,date,integer,number,string',
                'additionalPrinterColumns[0].format: Invalid value: "y": must be one of byte,date,date-time,double,',
                "spec.additionalPrinterColumns[0].JSONPath: Required value",
            ],
        ),
        (
            definition(
                [
                    version(
                        schema=TEXT_SPEC,
                        selectableFields=[
                            {"jsonPath": ".s"},
                            {"jsonPath": ".s"},
                            {"jsonPath": ".t"},
                            {"jsonPath": "s"},
                        ],
                    )
                ]
            ),
            [
                'spec.selectableFields[1].jsonPath: Duplicate value: ".s"',
                'selectableFields[2].jsonPath: Invalid value: ".t": is an invalid path: does not refer to a valid field',
                'selectableFields[3].jsonPath: Invalid value: "s": is an invalid path: expected [ or . but got: s',
            ],
        ),
        (
            definition([version(subresources={"status": {}}, schema={"type": "object", "minProperties": 1})]),
            ["fields are allowed at the root of the schema if the status subresource is enabled"],
        ),
        (
            definition(conversion={"strategy": "Webhook"}),
            ["required when strategy is set to Webhook", "Required value"],
        ),
        (
            definition(conversion={"strategy": "Webhook", "webhook": PORT}),
            [
                # The name is missing; upstream names the other field.
                "spec.conversion.webhookClientConfig.service.namespace: Required value",
                "service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive",
                'conversionReviewVersions: Invalid value: ["v9"]: must include at least one of v1, v1beta1',
            ],
        ),
        (
            definition(
                conversion={"strategy": "None", "webhook": {"clientConfig": {}, "conversionReviewVersions": ["v1"]}}
            ),
            [
                "spec.conversion.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook",
                "spec.conversion.conversionReviewVersions: Forbidden",
            ],
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


def test_paths_are_those_of_a_version_where_versions_differ() -> None:
    wrong = {"type": "object", "properties": {"s": {"type": "x"}}}
    one = judge(definition([version(schema=wrong)]))
    assert one[0].startswith("spec.validation.openAPIV3Schema.properties[s].type: Unsupported value")
    two = judge(definition([version(schema=wrong), version("v2", storage=False)]))
    assert two[0].startswith("spec.versions[0].schema.openAPIV3Schema.properties[s].type: Unsupported value")


def test_versions_are_printed_as_go_would() -> None:
    (error,) = judge(definition([version(storage=False, additionalPrinterColumns=[{"name": "N", "type": "date"}])]))[:1]
    assert error.startswith('spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":false,')
    assert '"Schema":null' in error, "what all versions share is said elsewhere"


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


def test_formats_and_sets_that_mean_nothing_are_warned_of() -> None:
    items = {"type": "object", "x-kubernetes-map-type": "atomic"}
    properties = {
        "a": {"type": "string", "format": "nosuch"},
        "b": {"type": "array", "x-kubernetes-list-type": "set", "items": items},
    }
    obj = definition([version(schema={"type": "object", "properties": properties})])
    assert STRATEGY.warnings
    assert STRATEGY.warnings(obj, None) == [
        'unrecognized format "nosuch"',
        (
            'x-kubernetes-list-type: set for items of type "object" is not supported by server-side apply or CEL '
            "validation rules"
        ),
    ]
    assert STRATEGY.warnings(obj, obj) == []


def test_columns() -> None:
    obj = established(definition([version(), version("v2", storage=False)]))
    obj["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    cells = {column.name: column.value(obj, NOW) for column in CUSTOM_RESOURCE_DEFINITIONS.columns}
    assert cells == {
        "Scope": "Namespaced",
        "Versions": "v1(storage),v2",
        "Created At": "2026-01-01T00:00:00Z",
        "Group": "example.com",
        "Kind": "Thing",
        "ShortNames": "",
        "Established": True,
    }
