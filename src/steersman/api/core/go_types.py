"""Core objects as upstream's internal Go types print them: in error messages (`Invalid value: {"Capabilities":null,…}`)
and in the differences that a refused pod update shows.

The internal types carry no JSON names, so Go's names appear, in the order of declaration, with every zero value. Names,
order and kinds of the fields are facts kept in `go_types.json`: struct -> ["GoName kind jsonName", …], embedded structs
spread out.
"""

from __future__ import annotations

import difflib
import json
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from steersman.api.errors import go_html_safe
from steersman.api.meta.quantity import parse

_ZEROS: dict[str, Any] = {"string": "", "bool": False, "int32": 0, "int64": 0, "IntOrString": 0, "Quantity": "0"}
_OBJECT_META = (
    "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers",
    "managedFields",
)  # fmt: skip
_OWNER_REFERENCE = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")
_CONDITION = ("type", "status", "observedGeneration", "lastTransitionTime", "reason", "message")
_MANAGED_FIELDS = ("manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource")


class _Member(NamedTuple):
    go_name: str
    kind: str
    json_name: str


def render(kind: str, value: Any) -> Any:
    """`value` (wire form) of a Go type (`PodSpec`, `*SecurityContext`, `[]NodeSelectorTerm`) as Go's JSON shows it."""
    return _render(kind, value, semantic=False)


def wire(kind: str, value: Any) -> Any:
    """`value` with its members in the order of the Go type, under their JSON names: as messages of declared rules show
    it, which see objects in the form of their API version.
    """
    if kind[0] == "*":
        return wire(kind[1:], value)
    if kind[0] == "[" and isinstance(value, list):
        return [wire(kind[2:], item) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: value[key] for key in sorted(value)}
    if kind == "Condition":
        return {name: value[name] for name in _CONDITION if name in value}
    members = _types().get(kind)
    if members is None or not isinstance(value, dict):
        return value
    return {
        member.json_name: wire(member.kind, value[member.json_name]) for member in members if member.json_name in value
    }


def semantic_equal(kind: str, a: Any, b: Any) -> bool:
    """Whether two values mean the same: quantities by number, empty lists and maps as none."""
    return bool(a == b) or _render(kind, a, semantic=True) == _render(kind, b, semantic=True)


def difference(kind: str, old: Any, new: Any) -> str:
    """A unified diff of two values as indented JSON, three lines of context, without file names."""
    before, after = _lines(render(kind, old)), _lines(render(kind, new))
    return "".join(list(difflib.unified_diff(before, after, n=3))[2:])


def _lines(value: Any) -> list[str]:
    text = go_html_safe(json.dumps(value, indent=1, ensure_ascii=False))
    return [f"{line}\n" for line in text.split("\n")]


def _render(kind: str, value: Any, *, semantic: bool) -> Any:
    if kind[0] == "*":
        return None if value is None else _render(kind[1:], value, semantic=semantic)
    if kind[0] == "[":
        if value is None or (semantic and not value):
            return None
        return [_render(kind[2:], item, semantic=semantic) for item in value]
    if kind == "map":
        if value is None or (semantic and not value):
            return None
        return {key: _number(value[key]) if semantic else value[key] for key in sorted(value)}
    if kind in _ZEROS:
        if value is None:
            return _ZEROS[kind]
        return _number(value) if semantic and kind == "Quantity" else value
    if kind == "LabelSelector":
        return _label_selector(value or {})
    if kind == "Time":
        return value
    members = _types().get(kind)
    if members is None:
        return value
    return _struct(members, value or {}, semantic=semantic)


def _struct(members: tuple[_Member, ...], value: dict[str, Any], *, semantic: bool) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for member in members:
        given = value.get(member.json_name)
        if member.kind == "ObjectMeta":
            metadata = given or {}
            out |= {name: _ordered(metadata[name]) for name in _OBJECT_META if metadata.get(name)}
        else:
            out[member.go_name] = _render(member.kind, given, semantic=semantic)
    return out


def _ordered(value: Any) -> Any:
    """Owner references and managed fields in the order of their declaration; other values of metadata as they are."""
    if not isinstance(value, list) or not isinstance(value[0], dict):
        return value
    order = _OWNER_REFERENCE if "uid" in value[0] else _MANAGED_FIELDS
    return [{name: item[name] for name in order if name in item} for item in value]


def _label_selector(selector: dict[str, Any]) -> dict[str, Any]:
    """A type of the API machinery, which has JSON names of its own."""
    out: dict[str, Any] = {}
    if labels := selector.get("matchLabels"):
        out["matchLabels"] = {key: labels[key] for key in sorted(labels)}
    if expressions := selector.get("matchExpressions"):
        out["matchExpressions"] = [
            {"key": each.get("key") or "", "operator": each.get("operator") or ""}
            | ({"values": each["values"]} if each.get("values") else {})
            for each in expressions
        ]
    return out


def _number(value: Any) -> Any:
    """Resource lists and other string maps look alike here; what is no quantity stands for itself."""
    if not isinstance(value, str):
        return value
    try:
        return parse(value)
    except ValueError:
        return value


@cache
def _types() -> dict[str, tuple[_Member, ...]]:
    raw: dict[str, list[str]] = json.loads(files(__package__).joinpath("go_types.json").read_bytes())
    return {name: tuple(_Member(*member.split(" ")) for member in members) for name, members in raw.items()}
