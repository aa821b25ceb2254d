"""Which schemas a CustomResourceDefinition may have: structural ones, whose every field is described outside of value
validations.

Three passes in upstream's order: structurality (sorted by message); if that holds, declared defaults (they must be
pruned and must validate); and the general rules of what is supported. Rules of `x-kubernetes-validations` that need
the expression language are judged elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.schema.checks import same
from steersman.api.schema.embedded import validate_embedded
from steersman.api.schema.value import validate_value
from steersman.lib.regex import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Schema = Mapping[str, Any]

_TYPES: Final = ("array", "boolean", "integer", "number", "object", "string")
_INT_OR_STRING: Final = [{"type": "integer"}, {"type": "string"}]
_META: Final = frozenset({"apiVersion", "kind", "metadata"})
_EMBEDDED = "x-kubernetes-embedded-resource"
_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_MIXED = "x-kubernetes-int-or-string"
_JUNCTORS: Final = ("anyOf", "allOf", "oneOf")
_UNSUPPORTED: Final = (
    ("id", "id"),
    ("additionalItems", "additionalItems"),
    ("patternProperties", "patternProperties"),
    ("definitions", "definitions"),
    ("dependencies", "dependencies"),
    ("$ref", "$ref"),
)
_NESTED_FORBIDDEN: Final = (
    ("type", "must be empty to be structural"),
    ("additionalProperties", "must be undefined to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    (_PRESERVE, "must be false to be structural"),
    (_EMBEDDED, "must be false to be structural"),
    (_MIXED, "must be false to be structural"),
    ("x-kubernetes-list-map-keys", "must be empty to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
    ("x-kubernetes-map-type", "must be undefined to be structural"),
    ("x-kubernetes-validations", "must be empty to be structural"),
)
_WHERE: Final = {
    "root": "must not be empty at the root",
    "item": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}


def check_structural(schema: Schema, path: str) -> list[FieldError]:
    """Everything that keeps `schema` from being the schema of a custom resource.

    `path` is where it stands, as `spec.versions[0].schema.openAPIV3Schema`.
    """
    refusal = _unsupported(schema)
    errors = [forbidden(f"{path}.nullable", "nullable cannot be true at the root")] if schema.get("nullable") else []
    if not refusal:
        structure = sorted([*_invariants(schema, "root", path), *_completeness(schema, path)], key=str)
        errors += structure or _defaults({**schema, _EMBEDDED: True}, path, inside_meta=False, root=True)
    errors += _rules(schema, path, _Place(root=True))
    if not errors and refusal:
        errors = [invalid(path, "", refusal)]
    return errors


def _subschemas(schema: Schema) -> Iterator[Schema]:
    for key in ("properties", "definitions", "patternProperties"):
        yield from (schema.get(key) or {}).values()
    for key in _JUNCTORS:
        yield from schema.get(key) or ()
    for key in ("items", "additionalProperties", "not"):
        if isinstance(inner := schema.get(key), dict):
            yield inner


def _unsupported(schema: Schema) -> str:
    """Why upstream cannot even represent the schema; empty if it can. The rules say the same, in better places."""
    if isinstance(schema.get("items"), list):
        return "OpenAPIV3Schema 'items' must be a schema, but is an array"
    if schema.get(_PRESERVE) is False:
        return f"internal error: '{_PRESERVE}' must be true or undefined"
    for key in ("id", "$schema", "$ref", "patternProperties", "dependencies", "additionalItems", "definitions"):
        if schema.get(key) or (key == "additionalItems" and schema.get(key) is not None):
            return f"OpenAPIV3Schema '{key.replace('$schema', 'schema')}' is not supported"
    return next((refusal for inner in _subschemas(schema) if (refusal := _unsupported(inner))), "")


def _invariants(schema: Schema, level: str, path: str) -> Iterator[FieldError]:
    """Structurality, from upstream's ValidateStructural."""
    kind, embedded = schema.get("type", ""), bool(schema.get(_EMBEDDED))
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    items = schema.get("items")
    if kind == "array" and items is None:
        yield required(f"{path}.items", "must be specified")
    if isinstance(items, dict):
        yield from _invariants(items, "item", f"{path}.items")
    for key, inner in properties.items():
        yield from _invariants(inner, "field", f"{path}.properties[{key}]")
    if additional is not None:
        if level == "root":
            yield forbidden(f"{path}.additionalProperties", "must not be used at the root")
        if isinstance(additional, dict):
            yield from _invariants(additional, "field", f"{path}.additionalProperties")
    if schema.get(_MIXED):
        for key in (_PRESERVE, _EMBEDDED):
            if schema.get(key):
                yield invalid(f"{path}.{key}", value=True, detail=f"must be false if {_MIXED} is true")
    mixed_all = bool(schema.get("allOf")) and _plain(schema["allOf"][0].get("anyOf")) == _INT_OR_STRING
    skip = {"anyOf": _plain(schema.get("anyOf")) == _INT_OR_STRING, "allOf": mixed_all}
    yield from _validations(schema, path, skip_any_of=skip["anyOf"], skip_first=skip["allOf"])
    if embedded and kind != "object":
        detail = f"must be object if {_EMBEDDED} is true"
        yield invalid(f"{path}.type", kind, detail) if kind else required(f"{path}.type", detail)
    elif not kind and not schema.get(_MIXED) and not schema.get(_PRESERVE):
        yield required(f"{path}.type", _WHERE[level])
    if embedded and additional is not None:
        yield forbidden(f"{path}.additionalProperties", f"must not be used if {_EMBEDDED} is set")
    if level == "root" and kind and kind != "object":
        yield invalid(f"{path}.type", kind, "must be object at the root")
    yield from _metadata(properties, level, path, check=level == "root" or embedded)
    if embedded and not schema.get(_PRESERVE) and not properties:
        yield required(f"{path}.properties", f"must not be empty if {_EMBEDDED} is true without {_PRESERVE}")


def _plain(clauses: Any) -> Any:
    """Clauses without what is empty, for comparing."""
    return [{k: v for k, v in clause.items() if v} for clause in clauses] if clauses else clauses


def _metadata(properties: Schema, level: str, path: str, *, check: bool) -> Iterator[FieldError]:
    for key in ("kind", "apiVersion"):
        if check and key in properties and properties[key].get("type") != "string":
            yield invalid(f"{path}.properties[{key}].type", properties[key].get("type", ""), "must be string")
    metadata = properties.get("metadata")
    if metadata is None:
        return
    where = f"{path}.properties[metadata]"
    if check and metadata.get("type") != "object":
        yield invalid(f"{where}.type", metadata.get("type", ""), "must be object")
    if level == "root":
        allowed = {"type", "default"}
        if not set(metadata.get("properties") or ()) - {"name", "generateName"}:
            allowed.add("properties")
        if any(value for key, value in metadata.items() if key not in allowed):
            detail = "must not specify anything other than name and generateName, but metadata is implicitly specified"
            yield forbidden(where, detail)


def _validations(
    schema: Schema, path: str, *, skip_any_of: bool = False, skip_first: bool = False
) -> Iterator[FieldError]:
    """Value validations: what stands in anyOf, allOf, oneOf and not may only restrict values."""
    for key in _JUNCTORS:
        if key == "anyOf" and skip_any_of:
            continue
        for index, inner in enumerate(schema.get(key) or ()):
            skip = skip_first and key == "allOf" and index == 0
            yield from _nested(inner, f"{path}.{key}[{index}]", skip_any_of=skip)
    if isinstance(schema.get("not"), dict):
        yield from _nested(schema["not"], f"{path}.not")
    if pattern := schema.get("pattern"):
        try:
            compile_pattern(pattern)
        except ValueError as error:
            yield invalid(f"{path}.pattern", pattern, f"must be a valid regular expression, but isn't: {error}")


def _nested(schema: Schema, path: str, *, skip_any_of: bool = False) -> Iterator[FieldError]:
    yield from _validations(schema, path, skip_any_of=skip_any_of)
    if isinstance(schema.get("items"), dict):
        yield from _nested(schema["items"], f"{path}.items")
    for key, inner in (schema.get("properties") or {}).items():
        yield from _nested(inner, f"{path}.properties[{key}]")
    for key, detail in _NESTED_FORBIDDEN:
        value = schema.get(key)
        if value or (key == "additionalProperties" and value == {}) or (key == "default" and value is not None):
            yield forbidden(f"{path}.{key}", detail)
    if "metadata" in (schema.get("properties") or ()):
        yield forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")


def _completeness(schema: Schema, path: str) -> Iterator[FieldError]:
    """Every field in a value validation is also described by the structure around it."""
    yield from _complete_validation(schema, schema, path, path)


def _complete_validation(validation: Schema, schema: Schema, at: str, where: str) -> Iterator[FieldError]:
    if isinstance(validation.get("not"), dict):
        yield from _complete(validation["not"], schema, at, f"{where}.not")
    for key in ("allOf", "anyOf", "oneOf"):
        for index, inner in enumerate(validation.get(key) or ()):
            yield from _complete(inner, schema, at, f"{where}.{key}[{index}]")


def _complete(validation: Schema, schema: Schema | None, at: str, where: str) -> Iterator[FieldError]:
    if schema is None:
        yield required(at, f"because it is defined in {where}")
        return
    yield from _complete_validation(validation, schema, at, where)
    if isinstance(validation.get("items"), dict):
        yield from _complete(validation["items"], schema.get("items"), f"{at}.items", f"{where}.items")
    for key, inner in (validation.get("properties") or {}).items():
        known, below = (schema.get("properties") or {}).get(key), f"properties[{key}]"
        yield from _complete(inner, known, f"{at}.{below}", f"{where}.{below}")


def _defaults(schema: Schema, path: str, *, inside_meta: bool, root: bool = False) -> Iterator[FieldError]:
    """Declared defaults must be pruned and must validate."""
    embedded = bool(schema.get(_EMBEDDED))
    if embedded:
        inside_meta = False
    default, at = schema.get("default"), f"{path}.default"
    if default is not None:
        if not inside_meta and not root and not same(_without_unknown(schema, default), default):
            yield invalid(at, default, "must not have unknown fields")
        errors = [] if inside_meta else validate_embedded(schema, default, at)
        yield from errors or validate_value(_without_mixed(schema), default, at)
    if isinstance(schema.get("items"), dict):
        yield from _defaults(schema["items"], f"{path}.items", inside_meta=inside_meta)
    for key, inner in (schema.get("properties") or {}).items():
        meta = inside_meta or (embedded and key in _META)
        yield from _defaults(inner, f"{path}.properties[{key}]", inside_meta=meta)


def _without_mixed(schema: Schema) -> dict[str, Any]:
    """`schema` as upstream judges defaults by it: int-or-string says nothing about them."""
    out = {key: value for key, value in schema.items() if key != _MIXED}
    if out.get("properties"):
        out["properties"] = {key: _without_mixed(inner) for key, inner in out["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(out.get(key), dict):
            out[key] = _without_mixed(out[key])
    return out


def _without_unknown(schema: Schema | None, value: Any) -> Any:
    """`value` without fields that the schema does not know; nothing else changes."""
    known = schema or {}
    keep = bool(known.get(_PRESERVE))
    if isinstance(value, list):
        return [_without_unknown(known.get("items") or ({_PRESERVE: True} if keep else None), item) for item in value]
    if not isinstance(value, dict):
        return value
    properties, additional = known.get("properties") or {}, known.get("additionalProperties")
    out = {}
    for key, item in value.items():
        if known.get(_EMBEDDED) and key in _META:
            out[key] = item
        elif key in properties:
            out[key] = _without_unknown(properties[key], item)
        elif additional is not None:
            out[key] = _without_unknown(additional if isinstance(additional, dict) else None, item)
        elif keep:
            out[key] = item
    return out


@dataclass(frozen=True, slots=True)
class _Place:
    """What the rules remember on their way down."""

    root: bool = False
    inside_meta: bool = False
    no_defaults: str = ""
    """Why defaults are forbidden here."""


def _rules(schema: Schema, path: str, place: _Place) -> Iterator[FieldError]:
    """What is supported at all, from upstream's ValidateCustomResourceDefinitionOpenAPISchema."""
    yield from _keywords(schema, path, place)
    below = replace(place, root=False)
    properties, items = schema.get("properties") or {}, schema.get("items")
    additional = schema.get("additionalProperties")
    if additional is not None:
        if properties and additional is not True:
            yield forbidden(f"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive")
        if isinstance(additional, dict):
            reason = (
                "inside additionalProperties applying to object metadata" if place.inside_meta else place.no_defaults
            )
            yield from _rules(additional, f"{path}.additionalProperties", replace(below, no_defaults=reason))
    for key, inner in properties.items():
        inside = below
        if key in _META and (place.root or schema.get(_EMBEDDED)):
            reason = f"in top-level {key}" if place.root else place.no_defaults
            inside = replace(below, inside_meta=True, no_defaults=reason)
        yield from _rules(inner, f"{path}.properties[{key}]", inside)
    if isinstance(schema.get("not"), dict):
        yield from _rules(schema["not"], f"{path}.not", below)
    for key in ("allOf", "oneOf", "anyOf"):
        for index, inner in enumerate(schema.get(key) or ()):
            yield from _rules(inner, f"{path}.{key}[{index}]", below)
    for key, inner in (schema.get("definitions") or {}).items():
        yield from _rules(inner, f"{path}.definitions[{key}]", below)
    if isinstance(items, dict):
        yield from _rules(items, f"{path}.items", below)
    elif isinstance(items, list):
        for index, inner in enumerate(items):
            yield from _rules(inner, f"{path}.items[{index}]", below)
    yield from _extensions(schema, path)
    yield from _list_map(schema, path)
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        yield from _expression_rule(rule, f"{path}.x-kubernetes-validations[{index}]")


def _keywords(schema: Schema, path: str, place: _Place) -> Iterator[FieldError]:
    kind = schema.get("type", "")
    if kind and kind not in _TYPES:
        yield not_supported(f"{path}.type", kind, _TYPES)
    if schema.get("default") is not None and place.no_defaults:
        yield forbidden(f"{path}.default", f"must not be set {place.no_defaults}")
    for key, word in _UNSUPPORTED:
        value = schema.get(key)
        if value or (value is not None and key in {"additionalItems", "dependencies", "$ref"}):
            yield forbidden(f"{path}.{key}", f"{word} is not supported")
    if kind == "null":
        yield forbidden(f"{path}.type", "type cannot be set to null, use nullable as an alternative")
    if isinstance(schema.get("items"), list) and schema["items"]:
        yield forbidden(f"{path}.items", "items must be a schema object and not an array")
    if place.inside_meta and schema.get(_EMBEDDED):
        yield forbidden(f"{path}.{_EMBEDDED}", "must not be used inside of resource meta")
    if schema.get("uniqueItems"):
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(f"{path}.uniqueItems", detail)


def _extensions(schema: Schema, path: str) -> Iterator[FieldError]:
    """x-kubernetes-preserve-unknown-fields, -map-type, -list-type."""
    kind = schema.get("type", "")
    list_type, map_type = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-map-type")
    if schema.get(_PRESERVE) is False:
        yield invalid(f"{path}.{_PRESERVE}", value=False, detail="must be true or undefined")
    kinds = (("object", map_type, "x-kubernetes-map-type"), ("array", list_type, "x-kubernetes-list-type"))
    for wanted, value, key in kinds:
        if value is not None and kind != wanted:
            detail = f"must be {wanted} if {key} is specified"
            yield invalid(f"{path}.type", kind, detail) if kind else required(f"{path}.type", detail)
        elif key == "x-kubernetes-list-type" and list_type == "set":
            yield from _set_items(schema.get("items"), path)
        choices = ("atomic", "granular") if wanted == "object" else ("atomic", "set", "map")
        if value is not None and value not in choices:
            yield not_supported(f"{path}.{key}", value, choices)


def _set_items(items: Any, path: str) -> Iterator[FieldError]:
    if not isinstance(items, dict):
        return
    detail = "must be atomic as item of a list with x-kubernetes-list-type=set"
    list_type = items.get("x-kubernetes-list-type")
    if items.get("type") == "array" and list_type not in {None, "atomic"}:
        yield invalid(f"{path}.items.x-kubernetes-list-type", list_type, detail)
    if items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
        # Upstream names the list type as the wrong value here, too.
        yield invalid(f"{path}.items.x-kubernetes-map-type", list_type, detail)


def _list_map(schema: Schema, path: str) -> Iterator[FieldError]:
    """x-kubernetes-list-map-keys, and what the items of a list map must be."""
    list_type, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys") or []
    items, keys_path = schema.get("items"), f"{path}.x-kubernetes-list-map-keys"
    if keys and list_type != "map":
        at, detail = f"{path}.x-kubernetes-list-type", "must be map if x-kubernetes-list-map-keys is non-empty"
        yield required(at, detail) if list_type is None else invalid(at, list_type, detail)
    if list_type == "map":
        if not keys:
            yield required(keys_path, "must not be empty if x-kubernetes-list-type is map")
        if items is None:
            yield required(f"{path}.items", "must have a schema if x-kubernetes-list-type is map")
        if isinstance(items, list):
            yield invalid(f"{path}.items", items, "must only have a single schema if x-kubernetes-list-type is map")
        if isinstance(items, dict) and items.get("type") != "object":
            detail = "must be object if parent array's x-kubernetes-list-type is map"
            yield invalid(f"{path}.items.type", items.get("type", ""), detail)
        elif isinstance(items, dict):
            yield from _map_keys(items, keys, path)
    if isinstance(items, dict) and list_type in {"set", "map"}:
        if items.get("nullable"):
            yield forbidden(f"{path}.items.nullable", f"cannot be nullable when x-kubernetes-list-type is {list_type}")
        if list_type == "map":
            yield from _key_presence(items, keys, path)


def _map_keys(items: Schema, keys: list[str], path: str) -> Iterator[FieldError]:
    properties, at = items.get("properties") or {}, f"{path}.x-kubernetes-list-map-keys"
    for index, key in enumerate(keys):
        if key not in properties:
            yield invalid(at, keys, "entries must all be names of item properties")
        elif properties[key].get("type") in {"array", "object"}:
            detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            yield invalid(f"{path}.items.properties[{key}].type", items["type"], detail)
        if key in keys[:index]:
            yield invalid(at, keys, "must not contain duplicate entries")


def _key_presence(items: Schema, keys: list[str], path: str) -> Iterator[FieldError]:
    wanted = items.get("required") or ()
    for key in keys:
        found = (items.get("properties") or {}).get(key)
        if found is None:
            continue
        at = f"{path}.items.properties[{key}]"
        if key not in wanted and found.get("default") is None:
            reason = "so it must have a default or be a required property"
            yield required(f"{at}.default", f"this property is in x-kubernetes-list-map-keys, {reason}")
        if found.get("nullable"):
            detail = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"
            yield forbidden(f"{at}.nullable", detail)


def _expression_rule(rule: Schema, path: str) -> Iterator[FieldError]:
    """What can be said of a validation rule without reading its expression."""
    text, message = rule.get("rule") or "", rule.get("message") or ""
    expression, field_path = rule.get("messageExpression") or "", rule.get("fieldPath") or ""
    reason = rule.get("reason")
    if not text.strip():
        yield required(f"{path}.rule", "rule is not specified")
    elif message and not message.strip():
        yield invalid(f"{path}.message", message, "must be non-empty if specified")
    elif _has_newline(message.strip()):
        yield invalid(f"{path}.message", message, "must not contain line breaks")
    elif _has_newline(text.strip()) and not message.strip():
        yield required(f"{path}.message", "message must be specified if rule contains line breaks")
    if expression and not expression.strip():
        yield required(f"{path}.messageExpression", "messageExpression must be non-empty if specified")
    reasons = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
    if reason is not None and reason not in reasons:
        yield not_supported(f"{path}.reason", reason, reasons)
    if field_path and not field_path.strip():
        yield invalid(f"{path}.fieldPath", field_path, "must be non-empty if specified")
    if _has_newline(field_path):
        yield invalid(f"{path}.fieldPath", field_path, "must not contain line breaks")


def _has_newline(text: str) -> bool:
    return "\n" in text or "\r" in text
