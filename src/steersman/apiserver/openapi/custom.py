"""Schemas of custom resources, as they are published: what the definition says, with the metadata that every object
has.

Version 2 knows less, and kubectl takes what it finds there for the whole truth, so whatever may hold more than it says
is published without its insides: nullable values, and those that keep unknown fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.apiserver.openapi.names import META, custom_definition_name

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource

_GENERIC = ("type", "description", "title", "externalDocs", "example")
_FLAGS = (
    "nullable",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
)
_EXTENSIONS = (
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-validations",
)
_TEXTS = ("format", "pattern")
_BOUNDS = (
    "maximum",
    "minimum",
    "maxLength",
    "minLength",
    "maxItems",
    "minItems",
    "multipleOf",
    "maxProperties",
    "minProperties",
)
_VALUE_FLAGS = ("exclusiveMaximum", "exclusiveMinimum", "uniqueItems")
_JUNCTORS = ("allOf", "anyOf", "oneOf")
_UNKNOWN = "x-kubernetes-preserve-unknown-fields"
_EITHER: tuple[Object, ...] = ({"type": "integer"}, {"type": "string"})


def definitions(resource: Resource, reference: str, *, old: bool) -> Object:
    """The definitions of a custom resource and its list. `reference` begins references; `old`: for version 2."""
    group, version = resource.group, resource.version
    list_kind = resource.list_kind or f"{resource.kind}List"
    name = custom_definition_name(group, version, resource.kind)
    schema = _object_schema(resource, reference, old=old)
    of_list: Object = {
        "type": "object",
        "description": f"{list_kind} is a list of {resource.kind}",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "items": {"type": "array", "items": {"$ref": reference + name}},
            "kind": {"type": "string"},
            "metadata": _reference(reference + META + "ListMeta", old=old),
        },
    }
    selectable = [{"fieldPath": label.removeprefix(".")} for label, _ in resource.selectable]
    for kind, target in ((resource.kind, schema), (list_kind, of_list)):
        target["x-kubernetes-group-version-kind"] = [{"group": group, "version": version, "kind": kind}]
        if selectable:
            target["x-kubernetes-selectable-fields"] = selectable
    return {name: schema, custom_definition_name(group, version, list_kind): of_list}


def _object_schema(resource: Resource, reference: str, *, old: bool) -> Object:
    declared = resource.openapi() if resource.openapi is not None else None
    if declared is None or (old and declared.get(_UNKNOWN)):
        return {"type": "object"}
    schema = _structural(declared, old=old)
    properties = schema.setdefault("properties", {})
    properties["metadata"] = _reference(reference + META + "ObjectMeta", old=old)
    properties["apiVersion"] = {"type": "string"}
    properties["kind"] = {"type": "string"}
    _embed(schema, reference, old=old)
    return schema


def _reference(target: str, *, old: bool) -> Object:
    """A reference that has a description beside it, which version 3 allows only around it."""
    return {"$ref": target} if old else {"allOf": [{"$ref": target}]}


def _structural(schema: Object, *, old: bool) -> Object:
    out = _values(schema, old=old)
    out.update({key: schema[key] for key in _GENERIC if schema.get(key)})
    out.update({key: True for key in _FLAGS if schema.get(key)})
    out.update({key: schema[key] for key in _EXTENSIONS if schema.get(key)})
    if not old and schema.get("default") is not None:
        out["default"] = schema["default"]
    if schema.get("items"):
        out["items"] = _structural(schema["items"], old=old)
    if schema.get("properties"):
        out["properties"] = {name: _structural(inner, old=old) for name, inner in schema["properties"].items()}
    additional = schema.get("additionalProperties")
    if additional is not None:
        out["additionalProperties"] = _structural(additional, old=old) if isinstance(additional, dict) else additional
    if old:
        _simplify(out, schema)
    elif schema.get("x-kubernetes-int-or-string"):
        _unfold(out)
    return out


def _values(schema: Object, *, old: bool) -> Object:
    """What restricts values; version 2 has no junctors."""
    out = {key: schema[key] for key in _TEXTS if schema.get(key)}
    out.update({key: schema[key] for key in _BOUNDS if schema.get(key) is not None})
    out.update({key: True for key in _VALUE_FLAGS if schema.get(key)})
    out.update({key: list(schema[key]) for key in ("enum", "required") if schema.get(key)})
    if not old:
        out.update({key: [_nested(inner) for inner in schema[key]] for key in _JUNCTORS if schema.get(key)})
        if schema.get("not") is not None:
            out["not"] = _nested(schema["not"])
    return out


def _nested(schema: Object) -> Object:
    """A schema inside of a junctor, which only restricts."""
    out = _values(schema, old=False)
    out.update({key: schema[key] for key in _GENERIC if schema.get(key)})
    out.update({key: True for key in _FLAGS if schema.get(key)})
    out.update({key: schema[key] for key in _EXTENSIONS if schema.get(key)})
    if schema.get("items"):
        out["items"] = _nested(schema["items"])
    if schema.get("properties"):
        out["properties"] = {name: _nested(inner) for name, inner in schema["properties"].items()}
    return out


def _unfold(out: Object) -> None:
    """Say in OpenAPI's own words what int-or-string means, unless it is said already."""
    either = [dict(kind) for kind in _EITHER]
    junctor = out.get("anyOf")
    if junctor == either or any(part.get("anyOf") == either for part in out.get("allOf", ())[:1]):
        return
    if junctor is None:
        out["anyOf"] = either
    else:
        out["allOf"] = [{"anyOf": either}, *out.get("allOf", ())]


def _simplify(out: Object, schema: Object) -> None:
    """Leave out what version 2, or kubectl's reading of it, cannot express."""
    unknown = schema.get(_UNKNOWN)
    if out.pop("nullable", False):
        for key in ("type", "items", "properties"):
            out.pop(key, None)
    if unknown:
        out.pop("items", None)
        out.pop("properties", None)
    if ("items" not in out and out.get("type") == "array") or (unknown and out.get("type") == "object"):
        del out["type"]
    properties = schema.get("properties", {}) if "properties" in out else {}
    required = [name for name in out.get("required", ()) if not properties.get(name, {}).get("nullable")]
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict) and additional.get("nullable"):
        required = []
    if required:
        out["required"] = required
    else:
        out.pop("required", None)


def _embed(schema: Any, reference: str, *, old: bool) -> None:
    """Embedded objects have metadata, too."""
    for inner in schema.get("properties", {}).values():
        _embed(inner, reference, old=old)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            _embed(schema[key], reference, old=old)
    if not schema.get("x-kubernetes-embedded-resource") or (old and schema.get(_UNKNOWN)):
        return
    properties = schema.setdefault("properties", {})
    properties["apiVersion"] = {"type": "string"}
    properties["kind"] = {"type": "string"}
    properties["metadata"] = _reference(reference + META + "ObjectMeta", old=old)
    required = schema.setdefault("required", [])
    required.extend(name for name in ("kind", "apiVersion") if name not in required)
