"""The record of CustomResourceDefinitions: defaults, status, deletion, columns."""

from __future__ import annotations

from steersman.api.apiextensions.custom_resource_definition import CUSTOM_RESOURCE_DEFINITIONS

from .definitions import CONTEXT, NOW, STRATEGY, definition, established, judge, version


def test_names_conversion_and_the_stored_version_have_defaults() -> None:
    obj = definition()
    assert obj["spec"]["names"] == {"plural": "things", "kind": "Thing", "singular": "thing", "listKind": "ThingList"}
    assert obj["spec"]["conversion"] == {"strategy": "None"}
    assert obj["status"] == {
        "conditions": None,
        "acceptedNames": {"plural": "", "kind": ""},
        "storedVersions": ["v1"],
    }
    assert judge(obj) == []


def test_columns() -> None:
    obj = established(definition([version(), version("v2", storage=False)]))
    obj["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    cells = {column.name: column.value(obj, NOW) for column in CUSTOM_RESOURCE_DEFINITIONS.columns}
    assert cells == {
        "Scope": "Namespaced",
        "Versions": "v1(storage),v2",
        "Created At": "2026-01-01T00:00:00Z",
        "Group": "example.com",
        "Kind": "Thing",
        "ShortNames": "",
        "Established": True,
    }


def test_versions_that_were_stored_are_remembered() -> None:
    old = definition()
    new = definition([version(storage=False), version("v2")])
    assert STRATEGY.prepare_update
    STRATEGY.prepare_update(new, old, CONTEXT)
    assert new["status"]["storedVersions"] == ["v1", "v2"]


def test_the_first_deletion_leaves_it_to_the_finalizer() -> None:
    obj = established(definition())
    assert STRATEGY.mark_deleted
    STRATEGY.mark_deleted(obj, "2026-01-01T00:00:00Z")
    assert obj["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:00Z"
    assert obj["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert [(item["type"], item["status"]) for item in obj["status"]["conditions"]] == [
        ("Established", "True"),
        ("Terminating", "True"),
    ]
