from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.api.certificates.material import certificate, private_key, request_pem

from steersman.api.certificates.certificate_signing_request import CERTIFICATE_SIGNING_REQUESTS
from steersman.api.resource import Context

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CTX = Context(now=NOW, user="ann", groups=("g",), uid="1", extra=(("k", ("v",)),))
APPROVED = {"type": "Approved", "status": "True"}
DENIED = {"type": "Denied", "status": "True"}


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    return {"request": request_pem(private_key()), "signerName": "a.b/c", "usages": ["client auth"]}


def write(view: str, new: dict[str, Any], old: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What a write through a view makes of `new`, and what is wrong with it."""
    subresource = CERTIFICATE_SIGNING_REQUESTS.subresource(view)
    assert subresource is not None
    assert subresource.update is not None
    assert subresource.update.prepare is not None
    assert subresource.update.validate is not None
    subresource.update.prepare(new, old, CTX)
    return new, [str(error) for error in subresource.update.validate(new, old)]


def test_the_spec_says_who_asks(spec: dict[str, Any]) -> None:
    obj = {"metadata": {}, "spec": spec | {"username": "bob"}, "status": {"conditions": [APPROVED]}}
    prepare = CERTIFICATE_SIGNING_REQUESTS.strategy.prepare_create
    assert prepare is not None
    prepare(obj, CTX)
    assert obj["spec"] == spec | {"username": "ann", "groups": ["g"], "uid": "1", "extra": {"k": ["v"]}}
    assert obj["status"] == {}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"request": None}, ["spec.request: Invalid value: null: PEM block type must be CERTIFICATE REQUEST"]),
        ({"usages": []}, ["spec.usages: Required value"]),
        ({"usages": ["any", "any"]}, ['spec.usages[1]: Duplicate value: "any"']),
        ({"usages": ["x"]}, ['spec.usages[0]: Unsupported value: "x": supported values: "any", "cert sign", ']),
        ({"signerName": "kubernetes.io/legacy-unknown"}, ["spec.signerName: Invalid value: "]),
        ({"expirationSeconds": 599}, ["spec.expirationSeconds: Invalid value: 599: may not specify a duration less"]),
    ],
)
def test_what_may_be_wrong(judge: Any, spec: dict[str, Any], changes: dict[str, Any], wrong: list[str]) -> None:
    errors = judge(CERTIFICATE_SIGNING_REQUESTS).errors({"spec": spec | changes})
    assert len(errors) == len(wrong)
    assert all(error.startswith(text) for error, text in zip(errors, wrong, strict=True))


def test_approval_decides_once_and_sets_the_time(spec: dict[str, Any]) -> None:
    old: dict[str, Any] = {"metadata": {}, "spec": spec, "status": {}}
    new, wrong = write("approval", {"metadata": {}, "spec": {}, "status": {"conditions": [dict(APPROVED)]}}, old)
    assert wrong == []
    assert new["spec"] == spec
    assert new["status"]["conditions"][0]["lastTransitionTime"] == "2026-01-01T00:00:00Z"
    both = {"metadata": {}, "status": {"conditions": [dict(APPROVED), dict(DENIED)]}}
    (error,) = write("approval", both, old)[1]
    assert error.endswith(
        'must specify at most one of: `conditions[{"type": "Approved"}]`, `conditions[{"type": "Denied"}]`'
    )
    gone = write("approval", {"metadata": {}, "status": {}}, new)[1]
    assert gone == ['status.conditions: Forbidden: updates may not remove a condition of type "Approved"']


def test_status_issues_once_and_decides_nothing(spec: dict[str, Any]) -> None:
    pem = base64.b64encode(certificate(private_key()).encode()).decode()
    old: dict[str, Any] = {"metadata": {}, "spec": spec, "status": {}}
    new, wrong = write("status", {"metadata": {}, "spec": {}, "status": {"certificate": pem}}, old)
    assert wrong == []
    again = write("status", {"metadata": {}, "status": {}}, new)[1]
    assert again == ["status.certificate: Forbidden: updates may not modify existing certificate content"]
    bad = write("status", {"metadata": {}, "status": {"certificate": "YWJj"}}, old)[1]
    assert bad == [
        'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block'
    ]
    decided = write("status", {"metadata": {}, "status": {"conditions": [dict(APPROVED)]}}, old)[1]
    assert decided == ['status.conditions: Forbidden: updates may not add a condition of type "Approved"']


@pytest.mark.parametrize(
    ("status", "cell"),
    [
        ({}, "Pending"),
        ({"conditions": [APPROVED], "certificate": "YQ=="}, "Approved,Issued"),
        ({"conditions": [DENIED, {"type": "Failed"}]}, "Denied,Failed"),
    ],
)
def test_the_table_tells_the_state(judge: Any, status: dict[str, Any], cell: str) -> None:
    cells = judge(CERTIFICATE_SIGNING_REQUESTS).cells(
        {"metadata": {}, "spec": {"expirationSeconds": 600}, "status": status}
    )
    assert (cells["Condition"], cells["RequestedDuration"]) == (cell, "10m")
