from __future__ import annotations

from typing import Any

import pytest

from steersman.api.admissionregistration.mutating_admission_policy import MUTATING_ADMISSION_POLICIES

RULE = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
MUTATING = {
    "matchConstraints": {"resourceRules": [RULE]},
    "reinvocationPolicy": "Never",
    "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}],
}


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
