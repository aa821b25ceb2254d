from __future__ import annotations

from typing import Any

from steersman.api.admissionregistration.validating_admission_policy_binding import VALIDATING_ADMISSION_POLICY_BINDINGS


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
