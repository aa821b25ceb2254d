"""What a version of a definition says beside its name: schema, subresources, printer columns, selectable fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from steersman.api.apiextensions.definition_form import go_fields, go_schema
from steersman.api.errors import FieldError, duplicate, invalid, required, too_many
from steersman.api.schema.formats import known_format
from steersman.api.schema.structural import check_structural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from steersman.api.meta.types import Object

SELECTABLE_FIELDS_MAX: Final = 8
_AT_ROOT: Final = (
    "Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern "
    "MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields "
    "XValidations"
)
"""What may stand beside `properties.status` where status is a subresource, in upstream's order."""
_COLUMN_TYPES: Final = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS: Final = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_NUMBER_FORMATS: Final = {"integer": ("int32", "int64"), "number": ("float", "double")}


def validate_schema(validation: Object | None, path: str, *, status_enabled: bool) -> list[FieldError]:
    """A version's `schema`; `status_enabled`: it has the status subresource."""
    schema = (validation or {}).get("openAPIV3Schema")
    if schema is None:
        return []
    at = f"{path}.openAPIV3Schema"
    return [*(_root(schema, at) if status_enabled else ()), *check_structural(schema, at)]


def _root(schema: Object, path: str) -> Iterator[FieldError]:
    """Status is judged by `properties.status` alone, so nothing at the root may say more."""
    allowed = _AT_ROOT.split()
    for name in go_fields(schema):
        if name == "Type" and schema["type"] != "object":
            rule = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
            yield invalid(f"{path}.type", schema["type"], rule)
            return
        if name not in allowed:
            rule = (
                f"only [{_AT_ROOT}] fields are allowed at the root of the schema if the status subresource is enabled"
            )
            yield invalid(path, go_schema(schema), rule)
            return


def validate_subresources(subresources: Object | None, path: str) -> list[FieldError]:
    scale = (subresources or {}).get("scale")
    if scale is None:
        return []
    errors: list[FieldError] = []
    for key, root in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        text, at = scale.get(key) or "", f"{path}.scale.{key}"
        if not text:
            errors.append(required(at))
        elif problems := _simple_path(text, at):
            errors += problems
        elif not text.startswith(root):
            errors.append(invalid(at, text, f"should be a json path under {root[:-1]}"))
    text, at = scale.get("labelSelectorPath") or "", f"{path}.scale.labelSelectorPath"
    if text and (problems := _simple_path(text, at)):
        errors += problems
    elif text and not text.startswith((".spec.", ".status.")):
        errors.append(invalid(at, text, "should be a json path under either .spec or .status"))
    return errors


def _simple_path(text: str, path: str) -> list[FieldError]:
    return [] if text.startswith(".") else [invalid(path, text, "must be a simple json path starting with .")]


def validate_columns(columns: Sequence[Object] | None, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, column in enumerate(columns or ()):
        at = f"{path}[{index}]"
        kind, form, json_path = column.get("type") or "", column.get("format") or "", column.get("jsonPath") or ""
        if not column.get("name"):
            errors.append(required(f"{at}.name"))
        rule = f"must be one of {','.join(_COLUMN_TYPES)}"
        if not kind:
            errors.append(required(f"{at}.type", rule))
        elif kind not in _COLUMN_TYPES:
            errors.append(invalid(f"{at}.type", kind, rule))
        if form and form not in _COLUMN_FORMATS:
            errors.append(invalid(f"{at}.format", form, f"must be one of {','.join(_COLUMN_FORMATS)}"))
        errors += _simple_path(json_path, f"{at}.JSONPath") if json_path else [required(f"{at}.JSONPath")]
    return errors


def validate_selectable_fields(
    fields: Sequence[Object], schema: Object, path: str, *, unlimited: bool
) -> list[FieldError]:
    """Each must be the path of a scalar outside of metadata; `unlimited`: however many."""
    errors: list[FieldError] = []
    seen: set[tuple[str, ...]] = set()
    for index, field in enumerate(fields):
        text, at = field.get("jsonPath") or "", f"{path}[{index}].jsonPath"
        if not text:
            errors.append(required(at))
            continue
        try:
            names, found = _follow(text, schema)
        except ValueError as error:
            errors.append(invalid(at, text, f"is an invalid path: {error}"))
            continue
        if names[:1] == ("metadata",):
            errors.append(invalid(at, text, "must not point to fields in metadata"))
        if found.get("type") not in ("string", "boolean", "integer"):
            rule = (
                "must point to a field of type string, boolean or integer. "
                "Enum string fields and strings with formats are allowed."
            )
            errors.append(invalid(at, text, rule))
        if names in seen:
            errors.append(duplicate(at, text))
        seen.add(names)
    if len(seen) > SELECTABLE_FIELDS_MAX and not unlimited:
        errors.append(too_many(path, len(seen), SELECTABLE_FIELDS_MAX))
    return errors


def _follow(text: str, schema: Object) -> tuple[tuple[str, ...], Object]:
    """The names along a path, and the schema it ends at. Raises ValueError."""
    tokens = iter(re.findall(r"[.\[\]]|[^.\[\]]+", text))
    names: list[str] = []
    for token in tokens:
        if token == "[":  # noqa: S105 - a bracket, no secret
            raise ValueError("array notation is not allowed")
        if token != ".":  # noqa: S105 - a dot, no secret
            raise ValueError(f"expected [ or . but got: {token}")
        name = next(tokens, None)
        if name is None:
            raise ValueError("unexpected end of JSON path")
        inner = (schema.get("properties") or {}).get(name)
        if not schema.get("properties") and isinstance(schema.get("additionalProperties"), dict):
            inner = schema["additionalProperties"]
        if inner is None:
            raise ValueError("does not refer to a valid field")
        schema = inner
        names.append(name)
    return tuple(names), schema


# -- warnings


def schema_warnings(spec: Object) -> tuple[list[str], list[str]]:
    """Formats that are not known, and sets of what cannot be in a set; over all versions, as texts."""
    formats: dict[str, None] = {}
    sets: set[str] = set()
    for version in spec.get("versions") or ():
        for schema in walk((version.get("schema") or {}).get("openAPIV3Schema")):
            form, kind = schema.get("format") or "", schema.get("type") or ""
            if form and not _recognized(form, kind):
                formats[f"unrecognized format {_quoted(form)}"] = None
            items = schema.get("items")
            if schema.get("x-kubernetes-list-type") == "set" and isinstance(items, dict):
                inner = items.get("type")
                if inner in ("object", "array"):
                    sets.add(
                        f"x-kubernetes-list-type: set for items of type {_quoted(inner)} is not supported by "
                        "server-side apply or CEL validation rules"
                    )
    return list(formats), sorted(sets)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _recognized(form: str, kind: str) -> bool:
    if kind in ("", "string"):
        return known_format(form)
    return form in _NUMBER_FORMATS.get(kind, ())


def walk(schema: Any) -> Iterator[Object]:
    """A schema and all schemas within."""
    if not isinstance(schema, dict):
        return
    yield schema
    items = schema.get("items")
    for inner in items if isinstance(items, list) else [items]:
        yield from walk(inner)
    for key in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(key) or ():
            yield from walk(inner)
    yield from walk(schema.get("not"))
    for inner in (schema.get("properties") or {}).values():
        yield from walk(inner)
    yield from walk(schema.get("additionalProperties"))
    for key in ("patternProperties", "definitions"):
        for inner in (schema.get(key) or {}).values():
            yield from walk(inner)
