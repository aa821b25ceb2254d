"""Entries of managedFields: reading, order, the cap."""

from __future__ import annotations

import pytest

from steersman.apiserver.patch.elements import FieldsError
from steersman.apiserver.patch.fieldset import FieldSet
from steersman.apiserver.patch.managers import (
    ANCIENT,
    UPDATERS_MAX,
    Ownership,
    applier,
    cap_updaters,
    decode_managed,
    encode_managed,
    is_reset,
    updater,
)


def entry(manager, operation="Update", time="2026-01-01T00:00:00Z", field="f:a", **more):
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "v1",
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": {field: {}},
        **more,
    }


def test_entries_survive_reading_and_writing():
    entries = [entry("a", "Apply"), entry("b", subresource="status")]
    assert encode_managed(decode_managed(entries)) == entries
    trusted = encode_managed(decode_managed(entries, trusted=True))
    assert all(new is old for new, old in zip(trusted, entries, strict=True))


def test_appliers_come_first_then_the_oldest():
    entries = [
        entry("z", time="2026-01-01T00:00:00Z"),
        entry("a", time="2026-01-02T00:00:00Z"),
        entry("y", "Apply", time="2026-01-03T00:00:00Z"),
        entry("b", time="2026-01-02T00:00:00Z"),
    ]
    assert [one["manager"] for one in encode_managed(decode_managed(entries))] == ["y", "z", "a", "b"]


def test_an_applier_is_the_same_in_every_version_but_an_updater_is_not():
    entries = [entry("a", "Apply"), entry("a", "Apply", apiVersion="v2"), entry("a"), entry("a", apiVersion="v2")]
    assert len(decode_managed(entries)) == 3


@pytest.mark.parametrize(
    "broken",
    [
        {"operation": "Patch"},
        {"apiVersion": ""},
        {"fieldsType": "FieldsV2"},
        {"fieldsType": None},
        {"fieldsV1": {"x": {}}},
    ],
)
def test_entries_that_make_no_sense_are_refused(broken):
    with pytest.raises(FieldsError):
        decode_managed([{**entry("a"), **broken}])


def test_tracking_begins_anew_with_an_empty_list_or_entry():
    assert is_reset([])
    assert is_reset([{}])
    assert not is_reset(None)
    assert not is_reset([{}, {}])
    assert not is_reset([entry("a")])


def test_the_oldest_updaters_are_merged_beyond_ten():
    managed = {applier("a", ""): Ownership(FieldSet.of(("f:apply",)), "v1")}
    for n in range(UPDATERS_MAX + 2):
        managed[updater(f"m{n:02}", "v1", "")] = Ownership(
            FieldSet.of((f"f:f{n:02}",)), "v1", f"2026-01-01T00:00:{n:02}Z"
        )
    cap_updaters(managed)
    assert len(managed) == UPDATERS_MAX + 1
    ancient = managed[updater(ANCIENT, "v1", "")]
    assert ancient.fields == FieldSet.of(("f:f00",), ("f:f01",), ("f:f02",))
    assert ancient.time == "2026-01-01T00:00:02Z"


def test_ancient_changes_are_kept_apart_by_version():
    managed = {}
    for n in range(UPDATERS_MAX + 1):
        version = "v2" if n == 1 else "v1"
        managed[updater(f"m{n:02}", version, "")] = Ownership(
            FieldSet.of((f"f:f{n:02}",)), version, f"2026-01-01T00:00:{n:02}Z"
        )
    cap_updaters(managed)
    assert managed[updater(ANCIENT, "v1", "")].fields == FieldSet.of(("f:f00",), ("f:f02",))
    assert updater("m01", "v2", "") in managed


def test_owners_are_named_as_conflicts_name_them():
    assert applier("m1", "").text() == '"m1"'
    assert applier("m1", "status").text() == '"m1" with subresource "status"'
    assert updater("k", "apps/v1", "").text() == '"k" using apps/v1'
    assert updater("", "v1", "scale").text() == '"unknown" with subresource "scale" using v1'
