"""What is told of a policy."""

from __future__ import annotations

import pytest

from steersman.api.admissionregistration.validating_admission_policy import VALIDATING_ADMISSION_POLICIES
from steersman.client.request import Key
from steersman.controllers.validatingadmissionpolicy_status import (
    PolicyChecking,
    ValidatingAdmissionPolicyStatus,
    plan,
    unchecked,
)


def policy(generation, observed=0):
    return {"metadata": {"name": "p", "generation": generation}, "status": {"observedGeneration": observed}}


def test_each_generation_is_checked_once():
    assert plan(policy(2, 2), check=unchecked) is None
    assert plan(None, check=unchecked) is None
    applied = plan(policy(2, 1), check=unchecked)
    assert applied is not None
    assert applied["status"] == {"observedGeneration": 2, "typeChecking": {}}


def test_what_is_found_is_told():
    applied = plan(policy(1), check=lambda _: [("spec.validations[0].expression", "wrong")])
    assert applied is not None
    assert applied["status"]["typeChecking"] == {
        "expressionWarnings": [{"fieldRef": "spec.validations[0].expression", "warning": "wrong"}]
    }


@pytest.mark.virtual_time
async def test_a_policy_gets_its_status(bench):
    settings = PolicyChecking(check=lambda _: [("spec.validations[0].expression", "wrong")])
    await bench.start(ValidatingAdmissionPolicyStatus, settings=settings)
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": "true"}]}
    await bench.client.create(VALIDATING_ADMISSION_POLICIES, {"metadata": {"name": "p"}, "spec": spec})
    await bench.settle()
    status = (await bench.client.get(VALIDATING_ADMISSION_POLICIES, Key("", "p")))["status"]
    assert status["observedGeneration"] == 1
    assert status["typeChecking"]["expressionWarnings"][0]["warning"] == "wrong"
