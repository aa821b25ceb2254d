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
RESULT = {"request": "r", "driver": "d.test", "pool": "p", "device": "d0"}


def claim(**devices: Any) -> dict[str, Any]:
    return {"spec": {"devices": {"requests": [REQUEST]} | devices}}


def allocated(result: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    results = [RESULT | (result or {})]
    return {"metadata": {}} | claim() | {"status": {"allocation": {"devices": {"results": results}}} | status}


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


def test_the_specification_stays(judge: Any) -> None:
    claims = judge(RESOURCE_CLAIMS)
    old = claims.created(claim())
    assert claims.update_errors(claim(), old) == []
    assert claims.update_errors(claim(requests=[]), old) == ["spec: Invalid value: null: field is immutable"]


@pytest.mark.parametrize(
    ("status", "texts"),
    [
        ({"reservedFor": [{"resource": "pods", "name": "p"}]}, ["reservedFor[0].uid: Required value"]),
        ({"reservedFor": [{"resource": "pods", "name": "p", "uid": "u"}] * 2}, ['reservedFor[1]: Duplicate value: {"resource":"pods","name":"p","uid":"u"}']),
        ({"devices": [{"driver": "d.test", "pool": "p", "device": "d1"}]},
         ['devices[0]: Invalid value: {"Driver":"d.test","Pool":"p","Device":"d1","ShareID":""}: must be an allocated device in the claim']),
        ({"devices": [{"driver": "d.test", "pool": "p", "device": "d0", "data": "x"}]}, ['devices[0].data: Invalid value: "<value omitted>": must be a valid JSON object']),
    ],
)  # fmt: skip
def test_each_rule_of_the_status(judge: Any, status: dict[str, Any], texts: list[str]) -> None:
    errors = judge(RESOURCE_CLAIMS).status_errors(allocated(**status), allocated())
    assert errors == [f"status.{text}" for text in texts]


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"request": "x"}, f'request: Invalid value: "x": {REFERENCE}'),
        ({"driver": ""}, "driver: Required value"),
        ({"pool": "a//b"}, 'pool: Invalid value: "a//b": segment 1: must not be empty'),
        ({"shareID": "x"}, 'shareID: Invalid value: "x": must be a lowercase UUID in 8-4-4-4-12 format'),
        (
            {"bindingConditions": ["c"]},
            "bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions",
        ),
    ],
)
def test_each_rule_of_a_new_allocation(judge: Any, result: dict[str, Any], text: str) -> None:
    errors = judge(RESOURCE_CLAIMS).status_errors(allocated(result), {"metadata": {}} | claim())
    assert errors == [f"status.allocation.devices.results[0].{text}"]


def test_an_allocation_stays_until_it_is_removed(judge: Any) -> None:
    claims = judge(RESOURCE_CLAIMS)
    text = "status.allocation: Invalid value: null: field cannot be modified once set"
    assert claims.status_errors(allocated({"device": "d1"}), allocated()) == [text]
    assert claims.status_errors({"metadata": {}} | claim(), allocated()) == []


def test_a_deleted_claim_gets_no_new_consumers(judge: Any) -> None:
    consumers = [{"resource": "pods", "name": name, "uid": name} for name in ("a", "b")]
    claims, old = judge(RESOURCE_CLAIMS), allocated(reservedFor=consumers[:1])
    new = allocated(reservedFor=consumers)
    assert claims.status_errors(new, old) == []
    new["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    (text,) = claims.status_errors(new, old)
    assert text.startswith("status.reservedFor: Forbidden: new entries may not be added")


def test_status_of_devices_goes_away_with_the_allocation() -> None:
    view = RESOURCE_CLAIMS.subresource("status")
    assert view is not None
    assert view.update is not None
    assert view.update.prepare is not None
    device = {"driver": "d.test", "pool": "p", "device": "d0"}
    new = {"metadata": {}} | claim() | {"status": {"devices": [device]}}
    view.update.prepare(new, allocated(devices=[device]), None)  # type: ignore[arg-type]
    assert new["status"] == {}


@pytest.mark.parametrize(
    ("obj", "state"),
    [
        ({"metadata": {}}, "pending"),
        (allocated(), "allocated"),
        (allocated(reservedFor=[{}]), "allocated,reserved"),
        ({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}, "deleted"),
    ],
)
def test_the_state_is_a_column(judge: Any, obj: dict[str, Any], state: str) -> None:
    assert judge(RESOURCE_CLAIMS).cells(obj)["State"] == state
