"""What the versions of a definition say."""

from __future__ import annotations

from typing import Any

import pytest

from .definitions import STRATEGY, definition, judge, version

TEXT_SPEC = {"type": "object", "properties": {"s": {"type": "string"}}}


@pytest.mark.parametrize(
    ("obj", "errors"),
    [
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
    ],
)
def test_what_a_version_says_is_judged(obj: dict[str, Any], errors: list[str]) -> None:
    found = judge(obj)
    assert len(found) == len(errors), found
    for error, wanted in zip(found, errors, strict=True):
        assert wanted in error


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
