from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from steersman.apiserver.openapi.custom import definitions

from .widgets import widgets

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

NEW, OLD = "#/components/schemas/", "#/definitions/"
NAME = "com.example.v1.Widget"


def _published(declared: Object | None, *, old: bool = False, **more: Any) -> Object:
    published: Object = definitions(widgets(declared, **more), OLD if old else NEW, old=old)[NAME]
    return published


def _property(schema: Object, *, old: bool = False) -> Object:
    found: Object = _published({"type": "object", "properties": {"p": schema}}, old=old)["properties"]["p"]
    return found


@pytest.mark.parametrize("old", [False, True])
def test_without_a_schema_anything_goes(old: bool) -> None:
    kinds = [{"group": "example.com", "version": "v1", "kind": "Widget"}]
    assert _published(None, old=old) == {"type": "object", "x-kubernetes-group-version-kind": kinds}


def test_metadata_is_added() -> None:
    meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    new = _published({"type": "object"})["properties"]
    assert new["metadata"] == {"allOf": [{"$ref": NEW + meta}]}
    assert _published({"type": "object"}, old=True)["properties"]["metadata"] == {"$ref": OLD + meta}
    assert new["apiVersion"] == new["kind"] == {"type": "string"}


@pytest.mark.parametrize(
    ("declared", "published"),
    [
        ({"type": "string", "nullable": False, "description": ""}, {"type": "string"}),
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": False}, {"type": "integer", "minimum": 0}),
        ({"type": "object", "properties": {}, "required": []}, {"type": "object"}),
        ({"type": "string", "default": None, "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
        ({"type": "object", "additionalProperties": True}, {"type": "object", "additionalProperties": True}),
        (
            {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        ),
        (
            {"x-kubernetes-int-or-string": True},
            {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        ),
        (
            {"x-kubernetes-int-or-string": True, "anyOf": [{"pattern": "a"}]},
            {
                "x-kubernetes-int-or-string": True,
                "anyOf": [{"pattern": "a"}],
                "allOf": [{"anyOf": [{"type": "integer"}, {"type": "string"}]}],
            },
        ),
    ],
)
def test_only_what_says_something_is_published(declared: Object, published: Object) -> None:
    assert _property(declared) == published


@pytest.mark.parametrize(
    ("declared", "published"),
    [
        ({"type": "object", "nullable": True, "properties": {"a": {"type": "string"}}}, {}),
        (
            {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {"type": "string"}}},
            {"x-kubernetes-preserve-unknown-fields": True},
        ),
        ({"type": "string", "default": "x", "anyOf": [{"minLength": 1}]}, {"type": "string"}),
        ({"type": "array"}, {}),
        (
            {
                "type": "object",
                "required": ["a", "b"],
                "properties": {"a": {"type": "string", "nullable": True}, "b": {"type": "string"}},
            },
            {"type": "object", "required": ["b"], "properties": {"a": {}, "b": {"type": "string"}}},
        ),
    ],
)
def test_version_2_does_not_promise_what_it_cannot_say(declared: Object, published: Object) -> None:
    assert _property(declared, old=True) == published


def test_version_2_leaves_a_root_that_keeps_unknown_fields_bare() -> None:
    declared: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {}}}
    assert _published(declared, old=True).keys() == {"type", "x-kubernetes-group-version-kind"}
    assert "properties" in _published(declared)


def test_embedded_objects_have_metadata_too() -> None:
    found = _property({"type": "object", "x-kubernetes-embedded-resource": True, "required": ["kind"]})
    assert found["properties"].keys() == {"apiVersion", "kind", "metadata"}
    assert found["required"] == ["kind", "apiVersion"]


def test_selectable_fields_are_listed() -> None:
    published = _published({"type": "object"}, selectable=("spec.n",))
    assert published["x-kubernetes-selectable-fields"] == [{"fieldPath": "spec.n"}]


def test_the_definition_in_store_is_not_changed() -> None:
    declared: Object = {"type": "object", "properties": {"p": {"x-kubernetes-int-or-string": True}}, "required": ["p"]}
    _published(declared)
    _published(declared, old=True)
    assert declared == {
        "type": "object",
        "properties": {"p": {"x-kubernetes-int-or-string": True}},
        "required": ["p"],
    }
