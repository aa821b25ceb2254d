"""The form in which upstream judges a definition: what all versions share is hoisted to the top, and values in messages
are printed with Go's field names.

So an error in the schema of a definition with a single version is at `spec.validation.openAPIV3Schema`, not at
`spec.versions[0].schema.openAPIV3Schema`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.types import Object

_SHARED: Final = (
    ("subresources", "subresources"),
    ("schema", "validation"),
    ("additionalPrinterColumns", "additionalPrinterColumns"),
    ("selectableFields", "selectableFields"),
)


def internal_spec(spec: Object) -> Object:
    """`spec` with `version`, `validation`, `subresources`, `additionalPrinterColumns` and `selectableFields` at the
    top where all versions agree on them. Shares everything else with `spec`.
    """
    versions = spec.get("versions") or []
    if not versions:
        return spec
    made = {**spec, "version": versions[0].get("name") or ""}
    gone = set()
    for key, name in _SHARED:
        values = [version.get(key) for version in versions]
        if values[0] == []:
            values = [value or None for value in values]
        first = values[0]
        if all(value == first for value in values):
            gone.add(key)
            if first is not None:
                made[name] = first
    made["versions"] = [{key: value for key, value in version.items() if key not in gone} for version in versions]
    return made


def go_versions(versions: list[Object]) -> list[Object] | None:
    """`spec.versions` as messages print it."""
    return [_go_version(version) for version in versions] or None


def _go_version(version: Object) -> Object:
    schema = version.get("schema")
    subresources = version.get("subresources")
    return {
        "Name": version.get("name") or "",
        "Served": bool(version.get("served")),
        "Storage": bool(version.get("storage")),
        "Deprecated": bool(version.get("deprecated")),
        "DeprecationWarning": version.get("deprecationWarning"),
        "Schema": None if schema is None else {"OpenAPIV3Schema": _maybe(go_schema, schema.get("openAPIV3Schema"))},
        "Subresources": None if subresources is None else _go_subresources(subresources),
        "AdditionalPrinterColumns": [_go_column(item) for item in version.get("additionalPrinterColumns") or ()]
        or None,
        "SelectableFields": [{"JSONPath": item.get("jsonPath") or ""} for item in version.get("selectableFields") or ()]
        or None,
    }


def _go_subresources(value: Object) -> Object:
    scale = value.get("scale")
    return {
        "Status": None if value.get("status") is None else {},
        "Scale": None
        if scale is None
        else {
            "SpecReplicasPath": scale.get("specReplicasPath") or "",
            "StatusReplicasPath": scale.get("statusReplicasPath") or "",
            "LabelSelectorPath": scale.get("labelSelectorPath"),
        },
    }


def _go_column(column: Object) -> Object:
    return {
        "Name": column.get("name") or "",
        "Type": column.get("type") or "",
        "Format": column.get("format") or "",
        "Description": column.get("description") or "",
        "Priority": column.get("priority") or 0,
        "JSONPath": column.get("jsonPath") or "",
    }


def _maybe(make: Any, value: Any) -> Any:
    return None if value is None else make(value)


def _schemas(value: list[Any]) -> list[Object]:
    return [go_schema(item) for item in value]


def _one(value: Mapping[str, Any]) -> Object:
    return go_schema(value)


def _map(value: Mapping[str, Any]) -> Object:
    return {key: go_schema(value[key]) for key in sorted(value)}


def _or_bool(value: Any) -> Object:
    if isinstance(value, bool):
        return {"Allows": value, "Schema": None}
    return {"Allows": True, "Schema": go_schema(value)}


def _or_array(value: Any) -> Object:
    if isinstance(value, list):
        return {"Schema": None, "JSONSchemas": _schemas(value)}
    return {"Schema": go_schema(value), "JSONSchemas": None}


def _dependencies(value: Mapping[str, Any]) -> Object:
    return {
        key: {"Schema": None, "Property": value[key]}
        if isinstance(value[key], list)
        else {"Schema": go_schema(value[key]), "Property": None}
        for key in sorted(value)
    }


def _documentation(value: Object) -> Object:
    return {"Description": value.get("description") or "", "URL": value.get("url") or ""}


def _rules(value: list[Object]) -> list[Object]:
    return [
        {
            "Rule": rule.get("rule") or "",
            "Message": rule.get("message") or "",
            "MessageExpression": rule.get("messageExpression") or "",
            "Reason": rule.get("reason"),
            "FieldPath": rule.get("fieldPath") or "",
            "OptionalOldSelf": rule.get("optionalOldSelf"),
        }
        for rule in value
    ]


def _same(value: Any) -> Any:
    return value


_FIELDS: Final[tuple[tuple[str, str, Any, Any], ...]] = (
    ("ID", "id", "", _same),
    ("Schema", "$schema", "", _same),
    ("Ref", "$ref", None, _same),
    ("Description", "description", "", _same),
    ("Type", "type", "", _same),
    ("Nullable", "nullable", False, _same),
    ("Format", "format", "", _same),
    ("Title", "title", "", _same),
    ("Default", "default", None, _same),
    ("Maximum", "maximum", None, _same),
    ("ExclusiveMaximum", "exclusiveMaximum", False, _same),
    ("Minimum", "minimum", None, _same),
    ("ExclusiveMinimum", "exclusiveMinimum", False, _same),
    ("MaxLength", "maxLength", None, _same),
    ("MinLength", "minLength", None, _same),
    ("Pattern", "pattern", "", _same),
    ("MaxItems", "maxItems", None, _same),
    ("MinItems", "minItems", None, _same),
    ("UniqueItems", "uniqueItems", False, _same),
    ("MultipleOf", "multipleOf", None, _same),
    ("Enum", "enum", None, _same),
    ("MaxProperties", "maxProperties", None, _same),
    ("MinProperties", "minProperties", None, _same),
    ("Required", "required", None, _same),
    ("Items", "items", None, _or_array),
    ("AllOf", "allOf", None, _schemas),
    ("OneOf", "oneOf", None, _schemas),
    ("AnyOf", "anyOf", None, _schemas),
    ("Not", "not", None, _one),
    ("Properties", "properties", None, _map),
    ("AdditionalProperties", "additionalProperties", None, _or_bool),
    ("PatternProperties", "patternProperties", None, _map),
    ("Dependencies", "dependencies", None, _dependencies),
    ("AdditionalItems", "additionalItems", None, _or_bool),
    ("Definitions", "definitions", None, _map),
    ("ExternalDocs", "externalDocs", None, _documentation),
    ("Example", "example", None, _same),
    ("XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields", None, _same),
    ("XEmbeddedResource", "x-kubernetes-embedded-resource", False, _same),
    ("XIntOrString", "x-kubernetes-int-or-string", False, _same),
    ("XListMapKeys", "x-kubernetes-list-map-keys", None, _same),
    ("XListType", "x-kubernetes-list-type", None, _same),
    ("XMapType", "x-kubernetes-map-type", None, _same),
    ("XValidations", "x-kubernetes-validations", None, _rules),
)
"""Go's name, the JSON name, the zero value, and how a value is printed; in Go's order."""


def go_schema(schema: Mapping[str, Any]) -> Object:
    """A schema as messages print it."""
    return {
        go_name: make(schema[name]) if schema.get(name) is not None else zero for go_name, name, zero, make in _FIELDS
    }


def go_fields(schema: Mapping[str, Any]) -> list[str]:
    """Go's names of the fields that are not zero, in Go's order."""
    return [go_name for go_name, name, zero, _ in _FIELDS if schema.get(name) is not None and schema[name] != zero]
