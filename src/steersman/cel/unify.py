"""Whether types fit each other, and what type parameters become when they do.

A mapping goes from the names of type parameters to types. Functions that may bind parameters take a mapping and change
it; callers that only try give a copy.
"""

from __future__ import annotations

from dataclasses import replace

from steersman.cel import types
from steersman.cel.types import Type

Mapping = dict[str, Type]

_PRIMITIVE = frozenset({"bool", "bytes", "double", "int", "string", "uint", "duration", "timestamp", "object"})
_NULLABLE = frozenset({"opaque", "object", "duration", "timestamp", "null"})


def assignable(mapping: Mapping, left: Type, right: Type) -> bool:
    """Whether `left` can stand where `right` is wanted; on success the mapping has learnt from it."""
    trial = dict(mapping)
    if not _fits(trial, left, right):
        return False
    mapping.update(trial)
    return True


def all_assignable(mapping: Mapping, left: list[Type], right: tuple[Type, ...]) -> bool:
    """The same for arguments and parameters, all or none."""
    trial = dict(mapping)
    if len(left) != len(right) or not all(_fits(trial, a, b) for a, b in zip(left, right, strict=True)):
        return False
    mapping.update(trial)
    return True


def most_general(left: Type, right: Type) -> Type:
    """Of two types that fit each other, the one that says less."""
    return left if _says_less(left, right) else right


def substitute(mapping: Mapping, value: Type, *, to_dyn: bool = False) -> Type:
    """The type with its bound parameters replaced; unbound ones become dyn if asked for."""
    if value.kind == "param":
        bound = mapping.get(value.name)
        if bound is not None:
            return substitute(mapping, bound, to_dyn=to_dyn)
        return types.DYN if to_dyn else value
    if not value.params:
        return value
    params = tuple(substitute(mapping, part, to_dyn=to_dyn) for part in value.params)
    return value if params == value.params else replace(value, params=params)


def rename(value: Type, names: dict[str, str]) -> Type:
    """The type with its parameters under fresh names."""
    if value.kind == "param":
        return types.param(names[value.name])
    if not value.params:
        return value
    return replace(value, params=tuple(rename(part, names) for part in value.params))


def _fits(mapping: Mapping, left: Type, right: Type) -> bool:
    if right.kind == "param":
        valid, bound = _bind(mapping, left, right)
        if valid:
            return True
        if bound:
            return False
    if left.kind == "param":
        return _bind(mapping, right, left)[0]
    if left.kind in {"dyn", "error"} or right.kind in {"dyn", "error"}:
        return True
    if left.kind == "null":
        return right.kind in _NULLABLE
    if right.kind == "null":
        return left.kind in _NULLABLE
    if left.kind in _PRIMITIVE:
        return left.kind == right.kind and left.name == right.name
    if left.kind == "type":
        return right.kind == "type"
    return (
        left.kind == right.kind
        and left.name == right.name
        and len(left.params) == len(right.params)
        and all(_fits(mapping, a, b) for a, b in zip(left.params, right.params, strict=True))
    )


def _bind(mapping: Mapping, value: Type, parameter: Type) -> tuple[bool, bool]:
    """Try `value` for a parameter: whether that holds, and whether the parameter had a type before."""
    if value == parameter:
        return True, True
    held = mapping.get(parameter.name)
    if held is not None:
        if value == held:
            return True, True
        if not _fits(mapping, value, held):
            return False, True
        wider = most_general(value, held)
        if _free_of(mapping, parameter, wider):
            mapping[parameter.name] = wider
        return True, True
    if _free_of(mapping, parameter, value):
        mapping[parameter.name] = value
        return True, False
    return False, False


def _free_of(mapping: Mapping, parameter: Type, value: Type) -> bool:
    """The occurs check: a parameter is never bound to a type that contains it."""
    if value == parameter:
        return False
    if value.kind == "param":
        held = mapping.get(value.name)
        return held is None or _free_of(mapping, parameter, held)
    return all(_free_of(mapping, parameter, part) for part in value.params)


def _says_less(left: Type, right: Type) -> bool:
    if left.kind in {"dyn", "param"}:
        return True
    if right.kind in {"dyn", "param"} or left.kind != right.kind:
        return False
    if left.kind == "type":
        return True
    if left.kind in {"opaque", "list", "map"}:
        return (
            left.name == right.name
            and len(left.params) == len(right.params)
            and all(_says_less(a, b) for a, b in zip(left.params, right.params, strict=True))
        )
    return left == right
