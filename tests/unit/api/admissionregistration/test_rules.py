from __future__ import annotations

from typing import Any

import pytest

from steersman.api.admissionregistration.rules import (
    default_match_resources,
    reserved_name_warnings,
    validate_match_conditions,
    validate_match_resources,
    validate_no_deletions,
    validate_rule,
)

RULE = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"operations": []}, ["operations: Required value"]),
        ({"apiGroups": ["*", "apps"]}, ["apiGroups: Invalid value: "]),
        ({"apiVersions": [""]}, ["apiVersions[0]: Required value"]),
        ({"resources": ["*/*", "pods"]}, ["resources: Invalid value: "]),
        ({"resources": ["*", "pods"]}, ["resources: Invalid value: "]),
        ({"resources": ["pods", "*"]}, []),  # upstream looks at the last one alone
        ({"resources": ["*/scale", "a/scale"]}, ["resources[1]: Invalid value: \"a/scale\": if '*/scale' is present"]),
        ({"scope": "X"}, ["scope: Unsupported value: "]),
    ],
)
def test_what_may_be_wrong_with_a_rule(changes: dict[str, Any], wrong: list[str]) -> None:
    errors = [str(error) for error in validate_rule(RULE | changes, "r")]
    assert len(errors) == len(wrong)
    assert all(error.startswith(f"r.{text}") for error, text in zip(errors, wrong, strict=True))


def test_names_of_resources_are_unique() -> None:
    match: dict[str, Any] = {"resourceRules": [RULE | {"resourceNames": ["a", "a", "b/c"]}]}
    default_match_resources(match)
    assert [str(error) for error in validate_match_resources(match, "m")] == [
        'm.resourceRules[0].resourceNames[1]: Duplicate value: "a"',
        "m.resourceRules[0].resourceNames[2]: Invalid value: \"b/c\": may not contain '/'",
    ]


def test_nothing_is_changed_in_what_is_deleted() -> None:
    (error,) = validate_no_deletions({"resourceRules": [RULE | {"operations": ["DELETE", "*"]}]}, "m")
    assert str(error).startswith('m.resourceRules.operations: Unsupported value: "DELETE"')


def test_conditions_are_few_and_have_names_of_their_own() -> None:
    conditions = [{"name": "a", "expression": "x"}, {"name": "a", "expression": ""}]
    assert [str(error) for error in validate_match_conditions(conditions, "c")] == [
        "c[1].expression: Required value",
        'c[1].name: Duplicate value: "a"',
    ]
    many = [{"name": f"a{number}", "expression": "x"} for number in range(65)]
    assert [str(error) for error in validate_match_conditions(many, "c")] == [
        "c: Too many: 65: must have at most 64 items"
    ]


def test_a_reserved_name_is_warned_of_where_it_is_stored() -> None:
    obj = {"metadata": {"name": "x.static.k8s.io"}}
    assert reserved_name_warnings(obj, None) == []
    (warning,) = reserved_name_warnings(obj, obj)
    assert warning.startswith('metadata.name: names ending with ".static.k8s.io" are reserved')
