"""Decoding by walking the Type: exact in every case, with upstream's error texts and strict paths. The fast decoder
that `generate` makes leaves everything irregular (a wrong type, an unknown field, a null element) to this one.

It follows Go's encoding/json as upstream uses it: a wrong type is remembered and decoding goes on, but a value that
parses itself (quantity, time, int-or-string) and cannot ends it at once, whatever was remembered.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from steersman.api.meta.quantity import canonical
from steersman.api.schema.model import ABSENT
from steersman.api.schema.scalars import canonical_base64, canonical_duration, canonical_microtime, canonical_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.schema.model import Field, Form, Type

UNKNOWN_MAX: Final = 100
"""As many unknown fields are reported, as upstream does."""
_WORDS = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "bool",
    int: "number",
    float: "number",
    type(None): "null",
}
_INT_LIMITS = {"int32": 2**31, "int64": 2**63}
ALWAYS_PRESENT: Final = frozenset(
    {"struct", "time", "microtime", "duration", "quantity", "int-or-string", "any", "union"}
)
"""Forms that are Go structs: omitempty means nothing for them."""
GO_JSON: Final = "v1.JSON"
"""The one "any" that upstream parses (defaults and enums of schemas); it keeps the others' bytes."""
_PARSERS: dict[Form, Callable[[str], str | None]] = {
    "time": canonical_time,
    "microtime": canonical_microtime,
    "duration": canonical_duration,
}
_EMPTY: dict[Form, Callable[[], Any]] = {"bytes": str, "list": list, "map": dict}
_ZEROS: dict[Form, Any] = {
    "string": "",
    "bool": False,
    "int32": 0,
    "int64": 0,
    "number": 0,
    "int-or-string": 0,
    "quantity": "0",
    "duration": "0s",
}

canonical_quantity = lru_cache(maxsize=4096)(canonical)


class DecodeError(ValueError):
    """The value does not fit its type; the message is Go's."""


class Walk:
    """One decoding: where it is, what it found."""

    __slots__ = ("_go_fields", "_saved", "_strict", "_strict_path", "_struct", "unknown")

    def __init__(self) -> None:
        self.unknown: list[str] = []
        self._saved: DecodeError | None = None
        self._go_fields: list[str] = []
        self._strict_path: list[str] = []
        self._struct = ""
        self._strict = True

    def run(self, type_: Type, value: Any) -> Any:
        """Decode a whole value. Raises DecodeError."""
        out = self._zero(type_) if value is None else self._value(type_, value)
        if self._saved:
            raise self._saved
        self.unknown = list(dict.fromkeys(self.unknown))[:UNKNOWN_MAX]
        return out

    def _value(self, type_: Type, value: Any) -> Any:
        """Decode what is not null."""
        match type_.form:
            case "struct":
                return self._object(type_, value)
            case "string":
                return value if value.__class__ is str else self._mismatch(type_, value)
            case "bool":
                return value if value.__class__ is bool else self._mismatch(type_, value)
            case "int32" | "int64":
                return self._int(type_, value)
            case "number":
                return go_number(value) if value.__class__ in (int, float) else self._mismatch(type_, value)
            case "list":
                return self._list(type_, value)
            case "map":
                return self._map(type_, value)
            case "bytes":
                return self._bytes(type_, value)
            case "quantity":
                return self._quantity(value)
            case "int-or-string":
                return self._int_or_string(value)
            case "time" | "microtime" | "duration":
                return self._parsed(_PARSERS[type_.form], value)
            case "union":
                return self._union(type_, value)
            case "any":
                return go_json(value) if type_.go_name == GO_JSON else copy_json(value)

    def _object(self, type_: Type, value: Any) -> Any:
        if value.__class__ is not dict:
            return self._mismatch(type_, value)
        fields, out = type_.fields, {}
        struct, bare = self._struct, type_.go_name.rpartition(".")[2]
        for key, inner in value.items():
            field = fields.get(key)
            if field is None:
                if self._strict:
                    self.unknown.append("".join([*self._strict_path, "." if self._strict_path else "", key]))
                continue
            if inner is None:
                continue
            self._struct = bare
            self._go_fields.append(f"{field.go_path}.{key}" if field.go_path else key)
            self._strict_path.append(f".{key}" if self._strict_path else key)
            made = self._value(field.type, inner)
            self._go_fields.pop()
            self._strict_path.pop()
            self._struct = struct
            if made or field.pointer or not self._vanishes(field, made):
                out[key] = made
        for key, field in fields.items():
            if key not in out:
                absent = self.absent(field)
                if absent is not ABSENT:
                    out[key] = absent
        return out

    @staticmethod
    def _vanishes(field: Field, made: Any) -> bool:
        """Whether a zero value of a plain field leaves the wire, or makes room for its default."""
        if field.default is not ABSENT:
            return True
        if field.type.form in ALWAYS_PRESENT:
            return field.omitzero and made is None
        return field.omitempty or field.omitzero

    def absent(self, field: Field) -> Any:
        """What stands for a field that was not given, or was null or zero."""
        if field.default is not ABSENT:
            return copy_json(field.default)
        if field.pointer:
            return ABSENT if field.omitempty else None
        if field.omitzero or (field.omitempty and field.type.form not in ALWAYS_PRESENT):
            return ABSENT
        return self._zero(field.type)

    def _zero(self, type_: Type) -> Any:
        if type_.form == "struct":
            return self._object(type_, {})
        if type_.form == "union":
            return False if "bool" in type_.alternatives else None
        return _ZEROS.get(type_.form)

    def _list(self, type_: Type, value: Any) -> Any:
        if value.__class__ is not list:
            return self._mismatch(type_, value)
        assert type_.element is not None
        out = []
        for index, item in enumerate(value):
            self._strict_path.append(f"[{index}]")
            out.append(self._element(type_.element, item))
            self._strict_path.pop()
        return out

    def _map(self, type_: Type, value: Any) -> Any:
        if value.__class__ is not dict:
            return self._mismatch(type_, value)
        assert type_.element is not None
        out = {}
        for key, item in value.items():
            self._strict_path.append(f".{key}" if self._strict_path else key)
            out[key] = self._element(type_.element, item)
            self._strict_path.pop()
        return out

    def _element(self, type_: Type, item: Any) -> Any:
        """A null element is a zero element, and an element is never null on the wire where it could be empty."""
        if item is None:
            return _EMPTY[type_.form]() if type_.form in _EMPTY else self._zero(type_)
        return self._value(type_, item)

    def _int(self, type_: Type, value: Any) -> Any:
        limit = _INT_LIMITS[type_.form]
        if value.__class__ is int and -limit <= value < limit:
            return value
        what = f"number {json.dumps(value)}" if value.__class__ in (int, float) else ""
        return self._mismatch(type_, value, what)

    def _bytes(self, type_: Type, value: Any) -> Any:
        if value.__class__ is list and all(item.__class__ is int and 0 <= item < 256 for item in value):
            return canonical_base64_of(value)
        if value.__class__ is not str:
            return self._mismatch(type_, value)
        try:
            return canonical_base64(value)
        except ValueError as error:
            self._saved = self._saved or DecodeError(str(error))
            return ""

    def _quantity(self, value: Any) -> str:
        text = value if value.__class__ is str else json.dumps(value, separators=(",", ":"))
        try:
            return canonical_quantity(text.strip())
        except ValueError as error:
            raise DecodeError(str(error)) from None

    def _int_or_string(self, value: Any) -> Any:
        if value.__class__ is str or (value.__class__ is int and -(2**31) <= value < 2**31):
            return value
        what = f"number {json.dumps(value)}" if value.__class__ in (int, float) else _WORDS[value.__class__]
        raise self._type_error(what, "int32")

    def _parsed(self, parse: Callable[[str], str | None], value: Any) -> str | None:
        if value.__class__ is not str:
            raise self._type_error(_WORDS[value.__class__], "string")
        try:
            return parse(value)
        except ValueError as error:
            raise DecodeError(str(error)) from None

    def _union(self, type_: Type, value: Any) -> Any:
        """Upstream decodes these on their own, and not strictly."""
        assert type_.element is not None
        strict, self._strict = self._strict, False
        try:
            if value.__class__ is dict:
                return self._object(type_.element, value)
            if "bool" in type_.alternatives:
                if value.__class__ is bool:
                    return value
                raise DecodeError("boolean or JSON schema expected")
            if value.__class__ is list and "objects" in type_.alternatives:
                return [self._element(type_.element, item) for item in value] or None
            if value.__class__ is list:
                for item in value:
                    if item.__class__ is not str and item is not None:
                        raise self._type_error(_WORDS[item.__class__], "string")
                return [item or "" for item in value] or None
            return None
        finally:
            self._strict = strict

    def _mismatch(self, type_: Type, value: Any, what: str = "") -> Any:
        if self._saved is None:
            self._saved = self._type_error(what or _WORDS[value.__class__], type_.go_name)
        return None

    def _type_error(self, what: str, go_name: str) -> DecodeError:
        if not self._go_fields:
            return DecodeError(f"json: cannot unmarshal {what} into Go value of type {go_name}")
        path = ".".join([self._struct, *self._go_fields])
        return DecodeError(f"json: cannot unmarshal {what} into Go struct field {path} of type {go_name}")


def go_number(value: float) -> float:
    """A JSON number as Go writes a float64: without a fraction where it is whole."""
    return int(value) if value.__class__ is float and value.is_integer() and abs(value) < 1e21 else value


def canonical_base64_of(items: list[int]) -> str:
    import base64  # noqa: PLC0415 - bytes given as a list of numbers are a curiosity

    return base64.b64encode(bytes(items)).decode()


def go_json(value: Any) -> Any:
    """A fresh copy of a JSON value that Go parses and writes anew: whole numbers lose their fraction."""
    if value.__class__ is dict:
        return {key: go_json(item) for key, item in value.items()}
    if value.__class__ is list:
        return [go_json(item) for item in value]
    return go_number(value)


def copy_json(value: Any) -> Any:
    """A fresh copy of any JSON value."""
    if value.__class__ is dict:
        return {key: copy_json(item) if item.__class__ in (dict, list) else item for key, item in value.items()}
    if value.__class__ is list:
        return [copy_json(item) if item.__class__ in (dict, list) else item for item in value]
    return value
