from __future__ import annotations

from typing import Any

import pytest

from steersman.api.admissionregistration.mutating_admission_policy_binding import MUTATING_ADMISSION_POLICY_BINDINGS
from steersman.api.admissionregistration.validating_admission_policy import VALIDATING_ADMISSION_POLICIES

RULE = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
VALIDATING = {"matchConstraints": {"resourceRules": [RULE]}, "validations": [{"expression": "true"}]}


def test_matching_is_completed(judge: Any) -> None:
    spec = judge(VALIDATING_ADMISSION_POLICIES).defaulted({"spec": VALIDATING})["spec"]
    assert spec["failurePolicy"] == "Fail"
    match = spec["matchConstraints"]
    assert (match["matchPolicy"], match["namespaceSelector"], match["objectSelector"]) == ("Equivalent", {}, {})
    assert match["resourceRules"][0]["scope"] == "*"


def test_a_binding_names_parameters_in_one_way(judge: Any) -> None:
    ref = {"name": "p", "selector": {}, "parameterNotFoundAction": "Deny"}
    errors = judge(MUTATING_ADMISSION_POLICY_BINDINGS).errors({"spec": {"policyName": "p", "paramRef": ref}})
    assert errors == [
        "spec.paramRef.name: Forbidden: name and selector are mutually exclusive",
        "spec.paramRef.selector: Forbidden: name and selector are mutually exclusive",
    ]


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
