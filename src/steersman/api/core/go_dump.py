"""Pod templates as upstream prints them in order to hash them: go-spew's `%#v` of a v1.PodTemplateSpec. Pure.

What is printed is a value in the memory of a controller of upstream's, which came there as protobuf: there are no empty
lists, only absent ones. Names, order and types of the fields are facts kept in `go_dump_types.json`, as reflection over
k8s.io/api shows them: type -> ["GoName jsonName KIND [TYPE]", ...]. KIND is what it is made of, TYPE what it is called
if that differs; the jsonName `-` stands for a struct whose fields are spread out in JSON.

Upstream: apimachinery pkg/util/dump.ForHash. Difference: quantities from 1Pi on, or of more than 18
digits, are printed as smaller ones, where upstream shows the words of a big number.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from steersman.api.meta.quantity import parse

_NIL = "<nil>"
_NO_TIME = "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}"
"""In a template it is never set: nobody has created it."""


class _Member(NamedTuple):
    name: str
    json_name: str
    kind: str
    shown: str


def dump_template(template: Any) -> str:
    """`template`: as in apps/v1, with its defaults."""
    return "(v1.PodTemplateSpec)" + _value("v1.PodTemplateSpec", template)


def _value(kind: str, value: Any) -> str:
    """Without its type, which stands before it where there is one."""
    if kind[0] == "*":
        return _NIL if value is None else _value(kind[1:], value)
    if kind[0] == "[":
        inner = kind[2:]
        return f"[{' '.join(_value(inner, each) for each in value)}]" if value else _NIL
    if kind.startswith("map:"):
        inner = kind[4:]
        return f"map[{' '.join(f'{key}:{_value(inner, value[key])}' for key in sorted(value))}]" if value else _NIL
    match kind:
        case "string":
            return value or ""
        case "bool":
            return "true" if value else "false"
        case "int32" | "int64":
            return str(value or 0)
        case "resource.Quantity":
            return _quantity(value)
        case "intstr.IntOrString":
            return _int_or_string(value)
        case "v1.Time":
            return _NO_TIME
    return _struct(kind, value or {})


def _struct(kind: str, value: dict[str, Any]) -> str:
    parts = []
    for name, json_name, inner, shown in _types()[kind]:
        given = value if json_name == "-" else value.get(json_name)
        parts.append(f"{name}:({shown}){_value(inner, given)}")
    return "{" + " ".join(parts) + "}"


def _quantity(value: Any) -> str:
    amount, scale, text, family = 0, 0, "", ""
    if value is not None:
        number = parse(value)
        amount, scale, text, family = number.unscaled, number.scale, number.text, number.format
    return (
        f"{{i:(resource.int64Amount){{value:(int64){amount} scale:(resource.Scale){scale}}} "
        f"d:(resource.infDecAmount){{Dec:(*inf.Dec)<nil>}} s:(string){text} Format:(resource.Format){family}}}"
    )


def _int_or_string(value: Any) -> str:
    kind, number, text = (1, 0, value) if isinstance(value, str) else (0, value or 0, "")
    return f"{{Type:(intstr.Type){kind} IntVal:(int32){number} StrVal:(string){text}}}"


@cache
def _types() -> dict[str, tuple[_Member, ...]]:
    raw: dict[str, list[str]] = json.loads(files(__package__).joinpath("go_dump_types.json").read_bytes())
    return {name: tuple(_member(*text.split(" ")) for text in members) for name, members in raw.items()}


def _member(name: str, json_name: str, kind: str, shown: str = "") -> _Member:
    if kind == "[]v1.ManagedFieldsEntry":
        json_name = ""  # of an object that is stored; a template has none
    return _Member(name, json_name, kind, shown or kind)
