"""The type language: what variables, fields and functions are declared with, and what the checker computes with.

A type is a kind, a name and parameters. `parse_type` reads the notation that cel-go prints and that the libraries
declare their functions in: `int`, `list(string)`, `map(string, dyn)`, `optional_type(<T>)`, where `<T>` is a
parameter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORD = re.compile(r"[@\w.]+|[(),<>]")


@dataclass(frozen=True, slots=True)
class Type:
    """One type; `kind` is what the checker branches on, `name` what `type(x)` shows."""

    kind: str
    name: str
    params: tuple[Type, ...] = ()
    fields: Mapping[str, Field] | None = field(default=None, compare=False, repr=False)
    """Of objects: what can be selected. Not part of equality, as objects are equal by name."""
    size_max: int | None = field(default=None, compare=False, repr=False)
    """The greatest size of a declared value, for estimates of cost: characters, bytes, elements; 0 for a scalar."""

    def __str__(self) -> str:
        if self.kind == "param":
            return f"<{self.name}>"
        return f"{self.name}({', '.join(map(str, self.params))})" if self.params else self.name


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object type; `key` is its name in JSON where CEL's spelling is an escaped one."""

    type: Type
    key: str | None = None


DYN = Type("dyn", "dyn")
ERROR = Type("error", "!error!")
BOOL = Type("bool", "bool")
INT = Type("int", "int")
UINT = Type("uint", "uint")
DOUBLE = Type("double", "double")
STRING = Type("string", "string")
BYTES = Type("bytes", "bytes")
NULL = Type("null", "null_type")
TIMESTAMP = Type("timestamp", "google.protobuf.Timestamp")
DURATION = Type("duration", "google.protobuf.Duration")
TYPE = Type("type", "type")

NAMED = {t.name: t for t in (DYN, BOOL, INT, UINT, DOUBLE, STRING, BYTES, NULL, TIMESTAMP, DURATION, TYPE)}


def list_of(element: Type) -> Type:
    """list(element)."""
    return Type("list", "list", (element,))


def map_of(key: Type, value: Type) -> Type:
    """map(key, value)."""
    return Type("map", "map", (key, value))


def optional_of(value: Type) -> Type:
    """optional_type(value)."""
    return Type("opaque", "optional_type", (value,))


def type_of_type(described: Type) -> Type:
    """type(described)."""
    return Type("type", "type", (described,))


def opaque(name: str, *params: Type) -> Type:
    """A type that only its own functions look into, such as kubernetes.Quantity."""
    return Type("opaque", name, params)


def param(name: str) -> Type:
    """A type parameter."""
    return Type("param", name)


def object_of(name: str, fields: Mapping[str, Field | Type]) -> Type:
    """An object with declared fields; selecting another field is refused by the checker."""
    declared = {key: value if isinstance(value, Field) else Field(value) for key, value in fields.items()}
    return Type("object", name, (), declared)


LIST = list_of(DYN)
MAP = map_of(DYN, DYN)


def is_optional(value: Type) -> bool:
    """Whether it is optional_type(…)."""
    return value.kind == "opaque" and value.name == "optional_type"


def unwrap_optional(value: Type) -> tuple[Type, bool]:
    """The type inside of an optional one, and whether it was optional."""
    return (value.params[0], True) if is_optional(value) else (value, False)


def show(value: Type) -> str:
    """As messages of the checker spell it: `timestamp`, not `google.protobuf.Timestamp`."""
    if value.kind in {"null", "timestamp", "duration"}:
        return value.kind
    if not value.params:
        return value.name
    return f"{value.name}({', '.join(show(part) for part in value.params)})"


@lru_cache(maxsize=1024)
def parse_type(text: str) -> Type:
    """Read a type; raises ValueError for what is not one. Names that are not built in become opaque types."""
    words = _WORD.findall(text)
    found, rest = _parse(words, 0)
    if rest != len(words):
        raise ValueError(f"not a type: {text!r}")
    return found


def _parse(words: list[str], at: int) -> tuple[Type, int]:
    name = words[at]
    if name == "<":
        return param(words[at + 1]), at + 3
    at += 1
    params: list[Type] = []
    if at < len(words) and words[at] == "(":
        while words[at] != ")":
            found, at = _parse(words, at + 1)
            params.append(found)
        at += 1
    if not params and name in NAMED:
        return NAMED[name], at
    kind = name if name in {"list", "map", "type"} else "opaque"
    return Type(kind, name, tuple(params)), at
