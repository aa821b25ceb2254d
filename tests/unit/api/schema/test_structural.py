"""Types of custom resources: the vocabulary of schemas."""

from __future__ import annotations

from steersman.api.schema.builtin import type_of
from steersman.api.schema.structural import from_structural

META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def schema_of(**properties):
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


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
