from __future__ import annotations

from typing import Any

import pytest

from steersman.api.admissionregistration.validating_admission_policy import VALIDATING_ADMISSION_POLICIES

RULE = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
VALIDATING = {"matchConstraints": {"resourceRules": [RULE]}, "validations": [{"expression": "true"}]}


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


def test_status_tells_where_a_warning_is_about(judge: Any) -> None:
    status = {"typeChecking": {"expressionWarnings": [{"fieldRef": "spec.[", "warning": ""}]}}
    errors = judge(VALIDATING_ADMISSION_POLICIES).status_errors({"status": status}, {})
    path = "status.typeChecking.expressionWarnings[0]"
    assert errors[0] == f"{path}.warning: Required value"
    assert errors[1].startswith(f'{path}.fieldRef: Invalid value: "spec.[": invalid JSONPath: ')
