"""Custom resources: pruning, nulls, defaults, metadata."""

from __future__ import annotations

import json

import pytest

from steersman.api.schema.custom import decode_custom, pruned
from steersman.api.schema.decode import DecodeError, decode
from steersman.api.schema.structural import from_structural


def schema_of(**properties):
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


def spec_of(value, **properties):
    """What decoding makes of a spec, and the unknown fields."""
    before = json.dumps(value)
    made = decode(from_structural(schema_of(**properties)), {"apiVersion": "g/v1", "kind": "K", "spec": value})
    assert json.dumps(value) == before
    return made.object["spec"], made.unknown


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


def test_a_body_that_is_no_object_is_refused():
    with pytest.raises(
        DecodeError, match=r"^json: cannot unmarshal array into Go value of type map\[string\]interface {}$"
    ):
        decode(from_structural({"type": "object"}), [])


def test_a_default_is_pruned_by_its_own_schema():
    type_ = from_structural({"type": "object", "properties": {"a": {"type": "string", "default": "x"}}})
    given = {"b": 1}
    assert pruned(type_, given) == {"a": "x"}
    assert given == {"b": 1}


def test_type_meta_stays_whatever_it_is():
    made, unknown = decode_custom(from_structural({"type": "object"}), {"kind": 1, "apiVersion": None, "x": 1})
    assert (made, unknown) == ({"kind": 1, "apiVersion": None}, ["x"])


def test_unknown_fields_of_metadata_come_first_and_of_embedded_ones_last():
    embedded = {"type": "object", "x-kubernetes-embedded-resource": True}
    type_ = from_structural({"type": "object", "properties": {"t": embedded}})
    value = {"t": {"metadata": {"b": 1}}, "metadata": {"z": 1}, "y": 1, "x": 1}
    assert decode_custom(type_, value)[1] == ["metadata.z", "x", "y", "t.metadata.b"]


@pytest.mark.parametrize(
    ("value", "word"), [(None, "null"), ("a", "string"), (1, "number"), (1.5, "number"), ([], "array"), (True, "bool")]
)
def test_only_an_object_is_one(value, word):
    with pytest.raises(DecodeError) as caught:
        decode_custom(from_structural({"type": "object"}), value)
    assert str(caught.value) == f"json: cannot unmarshal {word} into Go value of type map[string]interface {{}}"
