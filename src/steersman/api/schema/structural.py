"""Structural schemas: a CustomResourceDefinition's `openAPIV3Schema` in the vocabulary of the built-in types.

    from_structural   schema -> Type, which `decode` understands like any other
    check_structural  is this a schema that upstream would accept?
    validate_value    does this value satisfy it?
    validate_embedded are the resources embedded in it resources?

A schema is the JSON of JSONSchemaProps as it is stored. Types of one schema are made once, by whoever keeps the
definition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.schema.builtin import type_of
from steersman.api.schema.embedded import validate_embedded
from steersman.api.schema.model import ABSENT, Field, Type
from steersman.api.schema.structural_rules import check_structural
from steersman.api.schema.value import validate_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.schema.model import Form

    Schema = Mapping[str, Any]

__all__ = ["check_structural", "from_structural", "validate_embedded", "validate_value"]

_OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_SCALARS: dict[str, Form] = {"string": "string", "boolean": "bool", "number": "number"}


def from_structural(schema: Schema, *, name: str = "", root: bool = True) -> Type:
    """The Type of a structural schema. A root, and every embedded resource, has apiVersion, kind and ObjectMeta."""
    made = _type(schema)
    if root:
        made.form, made.name, made.go_name = "struct", name, name.rsplit(".", 1)[-1]
        made.embedded = True
        made.fields = {**made.fields, **_type_meta()}
    return made


def _type_meta() -> dict[str, Field]:
    text = Type("string", go_name="string")
    meta = Field(type_of(_OBJECT_META), pointer=True)
    return {"apiVersion": Field(text), "kind": Field(text), "metadata": meta}


def _type(schema: Schema) -> Type:
    kind = schema.get("type", "")
    made = Type(_form(schema, kind), custom=True, schema=schema)
    made.preserve_unknown = schema.get("x-kubernetes-preserve-unknown-fields") is True
    made.embedded = schema.get("x-kubernetes-embedded-resource") is True
    made.nullable = schema.get("nullable") is True
    if made.form == "list":
        made.list_type = schema.get("x-kubernetes-list-type", "atomic")
        made.map_keys = tuple(schema.get("x-kubernetes-list-map-keys", ()))
        made.element = _type(schema.get("items") or {})
        return made
    if made.form in {"struct", "map"}:
        made.map_type = schema.get("x-kubernetes-map-type", "granular")
    additional = schema.get("additionalProperties")
    if additional is not None:
        # `true` (and false) say nothing about the values, and values without a schema lose their fields.
        made.element = _type(additional if isinstance(additional, dict) else {"nullable": True})
    required = frozenset(schema.get("required") or ())
    properties = schema.get("properties") or {}
    made.fields = {key: _field(inner, required=key in required) for key, inner in properties.items()}
    if made.embedded:
        made.fields = {**made.fields, **_type_meta()}
    return made


def _form(schema: Schema, kind: str) -> Form:
    if schema.get("x-kubernetes-int-or-string") and not kind:
        return "int-or-string"
    if kind == "array":
        return "list"
    if kind == "integer":
        return "int32" if schema.get("format") == "int32" else "int64"
    if kind in _SCALARS:
        return _SCALARS[kind]
    if schema.get("properties"):
        return "struct"
    if schema.get("additionalProperties") is not None:
        return "map"
    return "any" if not kind and schema.get("x-kubernetes-preserve-unknown-fields") else "struct"


def _field(schema: Schema, *, required: bool) -> Field:
    default = schema.get("default")
    enum = schema.get("enum") or ()
    return Field(
        _type(schema),
        pointer=True,
        default=ABSENT if default is None else default,
        required=required,
        enum=tuple(item for item in enum if isinstance(item, str)),
    )
