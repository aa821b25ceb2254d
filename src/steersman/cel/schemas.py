"""Types of values that a structural schema describes: what rules of custom resources see, and how large it can be.

A part of the schema that says too little has no type, and cannot be selected: an array without items, an object of
anything. Names that are no identifiers are escaped (`foo-bar` is `foo__dash__bar`, `namespace` is `__namespace__`);
what cannot be, is left out. Sizes come from the schema's limits, and else from what fits into a request.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from steersman.cel import types
from steersman.cel.parser import RESERVED
from steersman.cel.types import Field, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUEST_BYTES_MAX = 3 * 1024 * 1024

_NAME = re.compile(r"[A-Za-z_./-][A-Za-z0-9_./-]*")
_ESCAPES = re.compile(r"__|[-./]")
_ESCAPED = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_TIME_BYTES_MAX, _DATE_BYTES, _DURATION_BYTES_MIN, _DATETIME_BYTES_MIN = 32, 12, 3, 21
_STRING: Mapping[str, Any] = {"type": "string"}
_METADATA: Mapping[str, Any] = {"type": "object", "properties": {"name": _STRING, "generateName": _STRING}}
_ROOT: Mapping[str, Any] = {"kind": _STRING, "apiVersion": _STRING, "metadata": _METADATA}


class _Sized(NamedTuple):
    """A type, and how many bytes of JSON its smallest value takes."""

    type: Type
    bytes_min: int


def type_of_schema(schema: Mapping[str, Any], name: str, *, is_root: bool = False) -> Type | None:
    """The type of the values of a schema, or None if there is nothing that rules could see.

    `name` is what objects are called by, with the path to them; `is_root` is set for a whole resource, whose `kind`,
    `apiVersion`, `metadata.name` and `metadata.generateName` can always be seen.
    """
    found = _read(schema, name, is_root=is_root)
    return None if found is None else found.type


def escaped(name: str) -> str | None:
    """A property's name as an expression has to spell it; None if there is no way to."""
    if name in RESERVED:
        return f"__{name}__"
    if not _NAME.fullmatch(name):
        return None
    return _ESCAPES.sub(lambda match: _ESCAPED[match[0]], name)


def _read(schema: Mapping[str, Any], name: str, *, is_root: bool) -> _Sized | None:
    if schema.get("x-kubernetes-int-or-string"):
        return _Sized(_sized(types.DYN, _text_size(schema)), 1)
    match schema.get("type"):
        case "array":
            return _array(schema, name)
        case "object":
            return _object(schema, name, is_root=is_root)
        case "string":
            return _string(schema)
        case "boolean":
            return _Sized(_sized(types.BOOL, 0), len("true"))
        case "number":
            return _Sized(_sized(types.DOUBLE, 0), len("0"))
        case "integer":
            return _Sized(_sized(types.INT, 0), len("0"))
    return None


def _sized(value: Type, size: int) -> Type:
    return dataclasses.replace(value, size_max=size)


def _inner(schema: Mapping[str, Any], name: str) -> _Sized | None:
    return _read(schema, name, is_root=bool(schema.get("x-kubernetes-embedded-resource")))


def _array(schema: Mapping[str, Any], name: str) -> _Sized | None:
    items = _inner(schema.get("items") or {}, name + ".@idx")
    if items is None:
        return None
    size = schema.get("maxItems")
    size = (REQUEST_BYTES_MAX - len("[]")) // (items.bytes_min + len(",")) if size is None else max(size, 0)
    return _Sized(_sized(types.list_of(items.type), size), len("[]"))


def _object(schema: Mapping[str, Any], name: str, *, is_root: bool) -> _Sized | None:
    values = schema.get("additionalProperties")
    if isinstance(values, dict):
        return _map(schema, values, name)
    properties = {**(schema.get("properties") or {}), **(_ROOT if is_root else {})}
    required = frozenset(schema.get("required") or ())
    fields: dict[str, Field | Type] = {}
    smallest = len("{}")
    for key, part in properties.items():
        spelled = escaped(key)
        found = _inner(part, f"{name}.{spelled}")
        if found is None:
            continue
        if spelled is not None:
            fields[spelled] = Field(found.type, key if spelled != key else None)
        if key in required and part.get("default") is None:
            smallest += len(key) + found.bytes_min + len('"":,')
    return _Sized(_sized(types.object_of(name, fields), 0), smallest)


def _map(schema: Mapping[str, Any], values: Mapping[str, Any], name: str) -> _Sized | None:
    found = _inner(values, name + ".@elem")
    if found is None:
        return None
    size = schema.get("maxProperties")
    if size is None:
        size = (REQUEST_BYTES_MAX - len("{}")) // (found.bytes_min + 6)  # two bytes of key, "" : and ,
    return _Sized(_sized(types.map_of(_sized(types.STRING, 0), found.type), max(size, 0)), len("{}"))


def _string(schema: Mapping[str, Any]) -> _Sized:
    match schema.get("format"):
        case "byte":
            length = schema.get("maxLength")
            size = REQUEST_BYTES_MAX - len('""') if length is None else max(length, 0)
            return _Sized(_sized(types.BYTES, size), len('""'))
        case "duration":
            return _Sized(_sized(types.DURATION, _TIME_BYTES_MAX), _DURATION_BYTES_MIN)
        case "date":
            return _Sized(_sized(types.TIMESTAMP, _DATE_BYTES), _DATE_BYTES)
        case "date-time":
            return _Sized(_sized(types.TIMESTAMP, _TIME_BYTES_MAX), _DATETIME_BYTES_MIN)
    return _Sized(_sized(types.STRING, _text_size(schema)), len('""'))


def _text_size(schema: Mapping[str, Any]) -> int:
    """Bytes of a text: four for each character that is allowed, or those of the longest of its choices."""
    length = schema.get("maxLength")
    if length is not None:
        return int(max(length, 0)) * 4
    choices = schema.get("enum")
    if choices and not schema.get("x-kubernetes-int-or-string"):
        return max((len(choice.encode()) for choice in choices if isinstance(choice, str)), default=0)
    return REQUEST_BYTES_MAX - len('""')
