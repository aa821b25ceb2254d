"""Types of custom resources: pruning, nulls, defaults, metadata."""

from __future__ import annotations

import json

import pytest

from steersman.api.schema.builtin import type_of
from steersman.api.schema.decode import DecodeError, decode
from steersman.api.schema.structural import from_structural, validate_embedded

META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def schema_of(**properties):
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


def spec_of(value, **properties):
    """What decoding makes of a spec, and the unknown fields."""
    before = json.dumps(value)
    made = decode(from_structural(schema_of(**properties)), {"apiVersion": "g/v1", "kind": "K", "spec": value})
    assert json.dumps(value) == before
    return made.object["spec"], made.unknown


def test_the_vocabulary_is_that_of_built_in_types():
    schema = schema_of(
        list={
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
        },
        map={
            "type": "object",
            "additionalProperties": {"type": "integer", "format": "int32"},
            "x-kubernetes-map-type": "atomic",
        },
        mixed={"x-kubernetes-int-or-string": True},
        free={"x-kubernetes-preserve-unknown-fields": True},
        size={"type": "integer", "nullable": True, "default": 3},
        name={"type": "string", "enum": ["a", "b"]},
        number={"type": "number"},
        flag={"type": "boolean"},
    )
    root = from_structural(schema, name="g.v1.K")
    assert (root.form, root.custom, root.embedded, root.name) == ("struct", True, True, "g.v1.K")
    assert root.fields["metadata"].type is type_of(META)
    fields = root.fields["spec"].type.fields
    assert (fields["list"].type.form, fields["list"].type.list_type, fields["list"].type.map_keys) == (
        "list",
        "map",
        ("name",),
    )
    assert fields["list"].type.element.fields["name"].required
    assert (fields["map"].type.form, fields["map"].type.map_type, fields["map"].type.element.form) == (
        "map",
        "atomic",
        "int32",
    )
    forms = [fields[key].type.form for key in ("mixed", "free", "size", "number", "flag")]
    assert forms == ["int-or-string", "any", "int64", "number", "bool"]
    assert (fields["size"].default, fields["size"].type.nullable, fields["name"].enum) == (3, True, ("a", "b"))
    assert fields["free"].type.preserve_unknown


def test_values_stay_as_they_were_given():
    value = {"a": 0, "b": "", "c": 1.0, "d": [], "e": {}, "f": False}
    types = {"a": "integer", "b": "string", "c": "number", "f": "boolean"}
    properties = {key: {"type": kind} for key, kind in types.items()}
    properties |= {"d": {"type": "array", "items": {"type": "string"}}, "e": {"type": "object"}}
    made, unknown = spec_of(value, **properties)
    assert json.dumps(made) == json.dumps(value)
    assert unknown == []


def test_unknown_fields_are_pruned_and_named_sorted():
    inner = {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}}
    made, unknown = spec_of({"z": 1, "l": [{"a": "x", "b": {"c": 1}}], "b": None}, l=inner)
    assert made == {"l": [{"a": "x"}]}
    assert unknown == ["spec.b", "spec.l[0].b", "spec.z"]


def test_what_the_schema_preserves_is_kept_but_its_known_fields_are_pruned():
    keep = {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "properties": {"known": {"type": "object", "properties": {"a": {"type": "string"}}}},
    }
    made, unknown = spec_of({"f": {"x": {"y": [1, None]}, "known": {"a": "1", "b": 2}}}, f=keep)
    assert made == {"f": {"x": {"y": [1, None]}, "known": {"a": "1"}}}
    assert unknown == ["spec.f.known.b"]


def test_maps_without_a_schema_keep_scalars_only():
    made, unknown = spec_of(
        {"m": {"a": 1, "b": {"c": 1}, "d": None}}, m={"type": "object", "additionalProperties": True}
    )
    assert made == {"m": {"a": 1, "b": {}, "d": None}}
    assert unknown == ["spec.m.b.c"]


def test_a_null_becomes_the_default_or_goes_unless_it_is_allowed():
    text = {"type": "string"}
    made, _ = spec_of(
        {"plain": None, "default": None, "nullable": None},
        plain=text,
        default={**text, "default": "x"},
        nullable={**text, "nullable": True, "default": "x"},
    )
    assert made == {"default": "x", "nullable": None}


def test_defaults_apply_in_lists_maps_and_defaults():
    item = {"type": "object", "properties": {"p": {"type": "string", "default": "TCP"}, "q": {"type": "string"}}}
    made, _ = spec_of(
        {"l": [{}, {"p": "UDP"}], "m": {"a": {}}},
        l={"type": "array", "items": item},
        m={"type": "object", "additionalProperties": item},
        d={**item, "default": {"q": "1"}},
    )
    assert made == {"l": [{"p": "TCP"}, {"p": "UDP"}], "m": {"a": {"p": "TCP"}}, "d": {"q": "1", "p": "TCP"}}


def test_defaults_are_not_shared_between_objects():
    root = from_structural(
        schema_of(d={"type": "object", "additionalProperties": {"type": "integer"}, "default": {"a": 1}})
    )
    first = decode(root, {"spec": {}}).object
    first["spec"]["d"]["a"] = 2
    assert decode(root, {"spec": {}}).object == {"spec": {"d": {"a": 1}}}


def test_metadata_is_object_meta():
    root = from_structural({"type": "object"})
    made = decode(root, {"metadata": {"name": "a", "labels": {}, "creationTimestamp": None, "nosuch": 1}, "zz": 1})
    assert made.object == {"metadata": {"name": "a"}}
    assert made.unknown == ["metadata.nosuch", "zz"]
    message = "^json: cannot unmarshal string into Go struct field ObjectMeta.labels of type map\\[string\\]string$"
    with pytest.raises(DecodeError, match=message):
        decode(root, {"metadata": {"labels": "x"}})


def test_embedded_resources_have_metadata_of_their_own():
    embedded = {
        "type": "object",
        "x-kubernetes-embedded-resource": True,
        "x-kubernetes-preserve-unknown-fields": True,
    }
    value = {"t": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "bad": 1}, "spec": {"x": 1}}}
    made, unknown = spec_of(value, t=embedded)
    assert made == {"t": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"x": 1}}}
    assert unknown == ["spec.t.metadata.bad"]
    with pytest.raises(DecodeError, match=r"^spec\.t\.kind: Invalid value: 5: must be a string$"):
        spec_of({"t": {"kind": 5}}, t=embedded)
    errors = validate_embedded(schema_of(t=embedded), {"spec": {"t": {"apiVersion": "a/b/c", "kind": ""}}})
    assert [str(error) for error in errors] == [
        'spec.t.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
        'spec.t.kind: Invalid value: "": must not be empty',
    ]
    assert [str(e) for e in validate_embedded(schema_of(t=embedded), {"spec": {"t": {}}})] == [
        "spec.t.apiVersion: Required value",
        "spec.t.kind: Required value",
    ]


def test_a_body_that_is_no_object_is_refused():
    with pytest.raises(
        DecodeError, match=r"^json: cannot unmarshal array into Go value of type map\[string\]interface {}$"
    ):
        decode(from_structural({"type": "object"}), [])
