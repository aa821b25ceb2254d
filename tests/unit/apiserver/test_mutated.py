from __future__ import annotations

from typing import Any

import pytest

from steersman.api.errors import BadRequest
from steersman.apiserver.mutated import settle_metadata, single_owners

MANAGED = [{"manager": "m", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {}}]


def settled(metadata: dict[str, Any], *, new: bool = True, before: Any = None) -> tuple[dict[str, Any], list[str]]:
    warnings: list[str] = []
    obj = {"metadata": {"namespace": "ns"} | metadata}
    settle_metadata(obj, namespace="ns", managed_before=before, warnings=warnings, new=new)
    return obj["metadata"], warnings


def test_an_object_does_not_change_its_namespace() -> None:
    with pytest.raises(BadRequest, match="does not match the namespace sent on the request"):
        settled({"namespace": "other"})


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"operation": "Wish"}, "operation must be `Apply` or `Update`"),
        ({"apiVersion": ""}, "apiVersion must not be empty"),
        ({"fieldsV1": []}, "FieldsV1"),
    ],
)
def test_managed_fields_that_cannot_be_read_are_put_back(entry: dict[str, Any], why: str) -> None:
    metadata, warnings = settled({"managedFields": [MANAGED[0] | entry]}, before=MANAGED)
    assert metadata["managedFields"] == MANAGED
    assert warnings[0].startswith(".metadata.managedFields was in an invalid state after admission; ")
    assert why in warnings[0]
    assert "managedFields" not in settled({"managedFields": [MANAGED[0] | entry]})[0]


def test_managed_fields_that_can_be_read_stay() -> None:
    assert settled({"managedFields": MANAGED}) == ({"namespace": "ns", "managedFields": MANAGED}, [])


def test_a_new_object_is_not_being_deleted() -> None:
    deleted = {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 3}
    assert settled(dict(deleted))[0] == {"namespace": "ns"}
    assert settled(dict(deleted), new=False)[0] == {"namespace": "ns"} | deleted


def test_equal_owners_count_once_and_their_author_is_warned() -> None:
    owners = [{"uid": "1"}, {"uid": "2"}, {"uid": "1"}]
    metadata, warnings = settled({"ownerReferences": list(owners)})
    assert metadata["ownerReferences"] == owners[:2]
    assert "duplicate entries after mutating admission happens; " in warnings[0]
    warnings = []
    metadata = {"ownerReferences": list(owners)}
    single_owners(metadata, warnings)
    assert (len(metadata["ownerReferences"]), warnings[0][-1]) == (2, "1")
    assert "duplicate entries; " in warnings[0]
