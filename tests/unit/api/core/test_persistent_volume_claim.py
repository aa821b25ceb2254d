from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS

CLAIM: dict[str, Any] = {
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}, "volumeName": "pv"}
}
CLASS = "volume.beta.kubernetes.io/storage-class"


@pytest.mark.parametrize(
    ("given", "source", "reference"),
    [
        ({"dataSource": {"kind": "PersistentVolumeClaim", "name": "s"}}, "s", "s"),
        ({"dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "s"}}, "s", "s"),
        ({"dataSourceRef": {"apiGroup": "x.io", "kind": "K", "name": "s"}}, "s", "s"),
        ({"dataSource": {"apiGroup": "x.io", "kind": "K", "name": "s"}}, None, None),
        ({"dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "s", "namespace": "n"}}, None, None),
    ],
)
def test_sources_follow_each_other(judge: Any, given: dict[str, Any], source: Any, reference: Any) -> None:
    spec = judge(PERSISTENT_VOLUME_CLAIMS).created({"spec": CLAIM["spec"] | given})["spec"]
    assert (spec.get("dataSource") or {}).get("name") == source
    assert (spec.get("dataSourceRef") or {}).get("name") == reference


def test_defaults(judge: Any) -> None:
    made = judge(PERSISTENT_VOLUME_CLAIMS).created(CLAIM)
    assert (made["status"], made["spec"]["volumeMode"]) == ({"phase": "Pending"}, "Filesystem")


def _bound(judge: Any, **status: Any) -> dict[str, Any]:
    claim: dict[str, Any] = judge(PERSISTENT_VOLUME_CLAIMS).created(CLAIM)
    return claim | {"status": {"phase": "Bound", "capacity": {"storage": "1Gi"}} | status}


def _update(judge: Any, new: dict[str, Any], old: dict[str, Any]) -> list[str]:
    """The status of an update is that of the old object."""
    errors: list[str] = judge(PERSISTENT_VOLUME_CLAIMS).update_errors(new | {"status": old["status"]}, old)
    return errors


def test_the_spec_is_immutable(judge: Any, change: Any) -> None:
    (error,) = _update(judge, change(CLAIM, "spec.volumeName", "other"), judge(PERSISTENT_VOLUME_CLAIMS).created(CLAIM))
    assert error.startswith(
        "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName "
        "for bound claims\n@@ -"
    )
    assert '- "VolumeName": "pv",\n+ "VolumeName": "other",\n' in error


def test_it_is_bound_once(judge: Any, change: Any) -> None:
    old = judge(PERSISTENT_VOLUME_CLAIMS).created(change(CLAIM, "spec.volumeName", None))
    assert _update(judge, CLAIM, old) == []


@pytest.mark.parametrize(("size", "ok"), [("3Gi", True), ("1500Mi", True), ("1Gi", False)])
def test_a_bound_claim_asks_for_more_or_less_down_to_what_it_has(
    judge: Any, change: Any, size: str, *, ok: bool
) -> None:
    refusal = "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
    changed = change(CLAIM, "spec.resources.requests.storage", size)
    assert _update(judge, changed, _bound(judge)) == ([] if ok else [refusal])


def test_a_class_of_attributes_that_is_applied_cannot_be_left(judge: Any, change: Any) -> None:
    classed = change(CLAIM, "spec.volumeAttributesClassName", "gold")
    old = _bound(judge, currentVolumeAttributesClassName="gold") | {
        "spec": judge(PERSISTENT_VOLUME_CLAIMS).created(classed)["spec"]
    }
    assert _update(judge, change(classed, "spec.volumeAttributesClassName", "silver"), old) == []
    assert _update(judge, CLAIM, old) == [
        (
            "spec.volumeAttributesClassName: Forbidden: update to nil is forbidden when "
            "status.currentVolumeAttributesClassName is not nil"
        )
    ]


def test_the_class_moves_from_the_annotation_to_the_field(judge: Any, change: Any) -> None:
    claims = judge(PERSISTENT_VOLUME_CLAIMS)
    noted = {"metadata": {"name": "x", "annotations": {CLASS: "gold"}}}
    old = claims.created(CLAIM | noted)
    assert _update(judge, change(CLAIM, "spec.storageClassName", "gold"), old) == []
    assert _update(judge, CLAIM, old) == [f'metadata.annotations.{CLASS}: Invalid value: "": field is immutable']


def test_a_class_may_be_given_to_a_claim_without(judge: Any, change: Any) -> None:
    claims = judge(PERSISTENT_VOLUME_CLAIMS)
    changed = change(CLAIM, "spec.storageClassName", "gold")
    assert _update(judge, changed, claims.created(CLAIM)) == []
    assert _update(judge, CLAIM, claims.created(changed)) != []


def test_status(judge: Any) -> None:
    status = {
        "capacity": {"storage": "-1"},
        "allocatedResourceStatuses": {"storage": "Sock"},
        "allocatedResources": {"cpu": "1"},
    }
    assert judge(PERSISTENT_VOLUME_CLAIMS).status_errors(CLAIM | {"status": status}, {}) == [
        "status.capacity[storage]: Invalid value: -1: must be a valid resource quantity",
        (
            'status.allocatedResourceStatuses: Unsupported value: "storage": supported values: '
            '"ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", '
            '"NodeResizePending"'
        ),
        'status.allocatedResources: Unsupported value: "cpu": supported values: "storage"',
    ]


def test_columns(judge: Any) -> None:
    cells = judge(PERSISTENT_VOLUME_CLAIMS).cells(_bound(judge, accessModes=["ReadOnlyMany"]))
    del cells["Age"]
    assert cells == {
        "Status": "Bound", "Volume": "pv", "Capacity": "1Gi", "Access Modes": "ROX", "StorageClass": "",
        "VolumeAttributesClass": "<unset>", "VolumeMode": "Filesystem",
    }  # fmt: skip
