"""Ownership across the scale subresource."""

from __future__ import annotations

from steersman.apiserver.patch.scale import to_parent, to_scale

PATHS = {"apps/v1": ("spec", "replicas")}
TIME = "2026-01-01T00:00:00Z"


def entry(manager, operation, version, fields, time=TIME, **more):
    made = {"manager": manager, "operation": operation, "apiVersion": version}
    if time:
        made["time"] = time
    return made | {"fieldsType": "FieldsV1", "fieldsV1": fields, **more}


REPLICAS = {"f:spec": {"f:replicas": {}}}
BOTH = {"f:spec": {"f:paused": {}, "f:replicas": {}}}
PAUSED = {"f:spec": {"f:paused": {}}}


def test_a_scale_knows_the_owners_of_the_replicas():
    parent = [entry("a", "Apply", "apps/v1", BOTH), entry("b", "Update", "apps/v1", PAUSED)]
    assert to_scale(parent, PATHS) == [entry("a", "Apply", "autoscaling/v1", REPLICAS)]


def test_entries_of_unknown_versions_have_no_scale():
    assert to_scale([entry("a", "Apply", "apps/v0", BOTH)], PATHS) == []


def test_a_new_owner_of_the_scale_takes_the_replicas_from_the_parents_owner():
    parent = [entry("a", "Apply", "apps/v1", BOTH), entry("b", "Update", "apps/v1", REPLICAS)]
    scale = [entry("s", "Update", "autoscaling/v1", REPLICAS, subresource="scale")]
    assert to_parent(parent, scale, api_version="apps/v1", replicas=PATHS) == [
        entry("a", "Apply", "apps/v1", PAUSED),
        entry("s", "Update", "apps/v1", REPLICAS, time="", subresource="scale"),
    ]


def test_an_applier_that_still_owns_the_scale_keeps_its_entry():
    parent = [entry("a", "Apply", "apps/v1", BOTH)]
    assert to_parent(parent, to_scale(parent, PATHS), api_version="apps/v1", replicas=PATHS) == parent


def test_a_kind_whose_replicas_are_nowhere_keeps_its_entries():
    parent = [entry("a", "Apply", "g/v1", BOTH), entry("b", "Apply", "g/v0", BOTH)]
    assert to_parent(parent, [], api_version="g/v1", replicas={"g/v1": ()}) == parent[:1]
