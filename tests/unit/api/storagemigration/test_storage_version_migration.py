from __future__ import annotations

from typing import Any

from steersman.api.storagemigration.storage_version_migration import STORAGE_VERSION_MIGRATIONS

MAPS = {"spec": {"resource": {"group": "", "resource": "configmaps"}}}


def condition(kind: str, status: str = "True") -> dict[str, Any]:
    return {"type": kind, "status": status, "lastTransitionTime": "2026-01-01T00:00:00Z", "reason": "R", "message": ""}


def test_a_resource_is_named(judge: Any) -> None:
    assert judge(STORAGE_VERSION_MIGRATIONS).errors(MAPS) == []
    assert judge(STORAGE_VERSION_MIGRATIONS).errors({}) == [
        "spec.resource.resource: Required value: resource is required to be set"
    ]


def test_the_spec_never_changes(judge: Any) -> None:
    asked = judge(STORAGE_VERSION_MIGRATIONS)
    other = {"spec": {"resource": {"group": "x", "resource": "configmaps"}}}
    assert asked.update_errors(other, asked.created(MAPS)) == [
        'spec: Invalid value: {"Resource":{"group":"x","resource":"configmaps"}}: field is immutable'
    ]


def test_an_end_is_an_end(judge: Any) -> None:
    asked = judge(STORAGE_VERSION_MIGRATIONS)
    old = {"status": {"resourceVersion": "5", "conditions": [condition("Succeeded")]}}
    new = {"status": {"resourceVersion": "06", "conditions": [condition("Succeeded", "False")]}}
    assert asked.status_errors(old, old) == []
    errors = asked.status_errors(new, old)
    assert errors[:2] == [
        'status.resourceVersion: Invalid value: "06": resource version is not well formed: 06',
        'status.resourceVersion: Invalid value: "06": field is immutable',
    ]
    assert errors[2].endswith("Success condition cannot be set to false once it is true")


def test_the_table_tells_the_last_state(judge: Any) -> None:
    asked = judge(STORAGE_VERSION_MIGRATIONS)
    obj = MAPS | {"metadata": {"name": "x"}, "status": {"conditions": [condition("Running"), condition("Failed")]}}
    assert asked.cells(obj) == {"Name": "x", "Resource": "configmaps", "Status": "Failed"}
