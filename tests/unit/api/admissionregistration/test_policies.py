from __future__ import annotations

from typing import Any

import pytest

from steersman.api.admissionregistration.mutating_admission_policy import MUTATING_ADMISSION_POLICIES
from steersman.api.admissionregistration.mutating_admission_policy_binding import MUTATING_ADMISSION_POLICY_BINDINGS
from steersman.api.admissionregistration.validating_admission_policy import VALIDATING_ADMISSION_POLICIES
from steersman.api.admissionregistration.validating_admission_policy_binding import (
    VALIDATING_ADMISSION_POLICY_BINDINGS,
)

RULE = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
VALIDATING = {"matchConstraints": {"resourceRules": [RULE]}, "validations": [{"expression": "true"}]}
MUTATING = {
    "matchConstraints": {"resourceRules": [RULE]},
    "reinvocationPolicy": "Never",
    "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}],
}


def test_matching_is_completed(judge: Any) -> None:
    spec = judge(VALIDATING_ADMISSION_POLICIES).defaulted({"spec": VALIDATING})["spec"]
    assert spec["failurePolicy"] == "Fail"
    match = spec["matchConstraints"]
    assert (match["matchPolicy"], match["namespaceSelector"], match["objectSelector"]) == ("Equivalent", {}, {})
    assert match["resourceRules"][0]["scope"] == "*"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"validations": []}, ["spec.validations: Required", "spec.auditAnnotations: Required"]),
        ({"validations": [{"expression": "x", "message": "a\nb"}]}, ["spec.validations[0].message: Invalid value"]),
        ({"validations": [{"expression": "x", "reason": "Y"}]}, ["spec.validations[0].reason: Unsupported value"]),
        ({"variables": [{"name": "in", "expression": "1"}]}, ["spec.variables[0].name: Invalid value"]),
        ({"paramKind": {"apiVersion": "a/b/c", "kind": "K"}}, ["spec.paramKind.apiVersion: Invalid value"]),
        ({"auditAnnotations": [{"key": "a b"}]}, ["spec.auditAnnotations[0].key: ", "spec.auditAnnotations[0].value"]),
        ({"matchConstraints": {}}, ["spec.matchConstraints.resourceRules: Required value"]),
    ],
)
def test_what_may_be_wrong_with_a_validating_policy(judge: Any, changes: dict[str, Any], wrong: list[str]) -> None:
    errors = judge(VALIDATING_ADMISSION_POLICIES).errors({"spec": VALIDATING | changes})
    assert len(errors) == len(wrong)
    assert all(error.startswith(text) for error, text in zip(errors, wrong, strict=True))


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"mutations": [{"patchType": "JSONPatch"}]}, ["spec.mutations[0].jsonPatch: Required value"]),
        ({"mutations": [{"patchType": "X"}]}, ["spec.mutations[0].patchType: Unsupported value"]),
        ({"reinvocationPolicy": ""}, ["spec.reinvocationPolicy: Required value"]),
        (
            {"matchConstraints": {"resourceRules": [RULE | {"operations": ["DELETE"]}]}},
            ["spec.matchConstraints.resourceRules.operations: Unsupported value"],
        ),
    ],
)
def test_what_may_be_wrong_with_a_mutating_policy(judge: Any, changes: dict[str, Any], wrong: list[str]) -> None:
    errors = judge(MUTATING_ADMISSION_POLICIES).errors({"spec": MUTATING | changes})
    assert len(errors) == len(wrong)
    assert all(error.startswith(text) for error, text in zip(errors, wrong, strict=True))


def test_a_binding_names_parameters_in_one_way(judge: Any) -> None:
    ref = {"name": "p", "selector": {}, "parameterNotFoundAction": "Deny"}
    errors = judge(MUTATING_ADMISSION_POLICY_BINDINGS).errors({"spec": {"policyName": "p", "paramRef": ref}})
    assert errors == [
        "spec.paramRef.name: Forbidden: name and selector are mutually exclusive",
        "spec.paramRef.selector: Forbidden: name and selector are mutually exclusive",
    ]


def test_what_a_binding_lacks_is_told_last(judge: Any) -> None:
    spec = {"paramRef": {"name": "p"}}
    assert judge(VALIDATING_ADMISSION_POLICY_BINDINGS).errors({"spec": spec}) == [
        "spec.paramRef.parameterNotFoundAction: Required value",
        "spec.policyName: Required value",
        "spec.validationActions: Required value",
    ]


def test_denying_and_warning_at_once_is_pointless(judge: Any) -> None:
    spec = {"policyName": "p", "validationActions": ["Deny", "Warn"]}
    (error,) = judge(VALIDATING_ADMISSION_POLICY_BINDINGS).errors({"spec": spec})
    assert error.startswith('spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both')


@pytest.mark.parametrize(
    ("ref", "cell"),
    [
        (None, "<unset>"),
        ({"name": "p"}, "*/p"),
        ({"name": "p", "namespace": "n"}, "n/p"),
        (
            {"selector": {"matchLabels": {"a": "b"}}},
            "&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}",
        ),
    ],
)
def test_the_parameters_of_a_binding_in_a_table(judge: Any, ref: dict[str, Any] | None, cell: str) -> None:
    cells = judge(MUTATING_ADMISSION_POLICY_BINDINGS).cells({"metadata": {}, "spec": {"paramRef": ref}})
    assert cells["ParamRef"] == cell


def test_status_tells_where_a_warning_is_about(judge: Any) -> None:
    status = {"typeChecking": {"expressionWarnings": [{"fieldRef": "spec.[", "warning": ""}]}}
    errors = judge(VALIDATING_ADMISSION_POLICIES).status_errors({"status": status}, {})
    path = "status.typeChecking.expressionWarnings[0]"
    assert errors[0] == f"{path}.warning: Required value"
    assert errors[1].startswith(f'{path}.fieldRef: Invalid value: "spec.[": invalid JSONPath: ')
