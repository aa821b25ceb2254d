from __future__ import annotations

from typing import Any

import pytest

from steersman.api.dra.resource_claim import RESOURCE_CLAIMS

EXACT = {"deviceClassName": "c"}
REQUEST = {"name": "r", "exactly": EXACT}
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
REFERENCE = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"


def claim(**devices: Any) -> dict[str, Any]:
    return {"spec": {"devices": {"requests": [REQUEST]} | devices}}


def test_requests_are_for_one_device_unless_they_say_otherwise(judge: Any) -> None:
    alternatives = [
        {"name": "a", **EXACT, "tolerations": [{"key": "k"}]},
        {"name": "b", **EXACT, "allocationMode": "All"},
    ]
    made = judge(RESOURCE_CLAIMS).created(claim(requests=[REQUEST, {"name": "f", "firstAvailable": alternatives}]))
    exact, first = made["spec"]["devices"]["requests"]
    assert exact["exactly"] == EXACT | {"allocationMode": "ExactCount", "count": 1}
    assert [request.get("count") for request in first["firstAvailable"]] == [1, None]
    assert first["firstAvailable"][0]["tolerations"] == [{"key": "k", "operator": "Equal"}]


@pytest.mark.parametrize(
    ("devices", "texts"),
    [
        ({"requests": [{"name": "r"}]}, ["requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required"]),
        ({"requests": [{"name": "r", "exactly": {}}]}, ["requests[0].exactly.deviceClassName: Required value"]),
        ({"requests": [REQUEST, REQUEST]}, ['requests[1]: Duplicate value: {"name":"r","exactly":{"deviceClassName":"c","allocationMode":"ExactCount","count":1}}']),
        ({"requests": [{"name": "r", "exactly": {**EXACT, "allocationMode": "All", "count": 2}}]}, ["requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'"]),
        ({"requests": [{"name": "r", "exactly": {**EXACT, "allocationMode": "Some"}}]}, ['requests[0].exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"']),
        ({"requests": [{"name": "r", "exactly": {**EXACT, "selectors": [{}]}}]}, ["requests[0].exactly.selectors[0].cel: Required value"]),
        ({"requests": [{"name": "r", "exactly": {**EXACT, "tolerations": [{"operator": "Exists", "value": "v", "effect": "x"}]}}]},
         ['requests[0].exactly.tolerations[0].value: Invalid value: "v": must be empty for operator `Exists`',
          'requests[0].exactly.tolerations[0].effect: Unsupported value: "x": supported values: "NoExecute", "NoSchedule", "None"']),
        ({"requests": [REQUEST | {"name": f"r{n}"} for n in range(33)]}, ["requests: Too many: 33: must have at most 32 items"]),
        ({"constraints": [{}]}, ['constraints[0]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set']),
        ({"constraints": [{"requests": ["x"], "matchAttribute": "d.test/a"}]}, [f'constraints[0].requests[0]: Invalid value: "x": {REFERENCE}']),
        ({"constraints": [{"matchAttribute": "/"}]}, ['constraints[0].matchAttribute: Invalid value: "": prefix must not be empty',
                                                      'constraints[0].matchAttribute: Invalid value: "": name must not be empty']),
        ({"config": [{"requests": ["r", "r"]}]}, ["config[0].opaque: Required value", 'config[0].requests[1]: Duplicate value: "r"']),
        ({"config": [{"opaque": {"driver": "d" * 64, "parameters": [1]}}]},
         ['config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
          "config[0].opaque.driver: Too long: may not be more than 63 characters"]),
    ],
)  # fmt: skip
def test_each_rule_of_the_specification(judge: Any, devices: dict[str, Any], texts: list[str]) -> None:
    assert judge(RESOURCE_CLAIMS).errors(claim(**devices)) == [f"spec.devices.{text}" for text in texts]


def test_handwritten_rules_come_before_declared_ones(judge: Any) -> None:
    first = [{"name": "a", "deviceClassName": "C", "count": -1}]
    errors = judge(RESOURCE_CLAIMS).errors(claim(requests=[{"name": "f", "firstAvailable": first}]))
    path = "spec.devices.requests[0].firstAvailable[0]"
    assert errors == [
        f"{path}.count: Invalid value: -1: must be greater than zero",
        f'{path}.deviceClassName: Invalid value: "C": {SUBDOMAIN}',
    ]
