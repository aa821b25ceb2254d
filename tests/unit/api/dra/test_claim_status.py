from __future__ import annotations

from typing import Any

import pytest

from steersman.api.dra.resource_claim import RESOURCE_CLAIMS

REQUEST = {"name": "r", "exactly": {"deviceClassName": "c"}}
REFERENCE = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
RESULT = {"request": "r", "driver": "d.test", "pool": "p", "device": "d0"}


def claim(**devices: Any) -> dict[str, Any]:
    return {"spec": {"devices": {"requests": [REQUEST]} | devices}}


def allocated(result: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    results = [RESULT | (result or {})]
    return {"metadata": {}} | claim() | {"status": {"allocation": {"devices": {"results": results}}} | status}


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
