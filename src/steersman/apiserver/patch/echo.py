"""A patched document as text, for the message that refuses it: `patch: Invalid value: "{...}"`.

Upstream patches the bytes of the encoded object. What the patch left alone keeps the order of the Go structs; objects
on the way to a change, and what was merged in, have their members sorted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.schema.model import Type

Order = tuple[str, ...]


def patched_text(patched: Any, old: Any, type_: Type, order: Callable[[str], Order]) -> str:
    """`patched`: what the patch made of `old`, sharing with it, by identity, what it did not touch.

    `order`: the members of a struct (by schema name) as Go declares them, empty if it is not known.
    """
    return orjson.dumps(_touched(patched, old, type_, order)).decode()


def _touched(value: Any, old: Any, type_: Type | None, order: Callable[[str], Order]) -> Any:
    if isinstance(value, dict):
        if value is old:
            return _declared(value, type_, order)
        before = old if isinstance(old, dict) else {}
        return {key: _touched(value[key], before.get(key), _member(type_, key), order) for key in sorted(value)}
    if isinstance(value, list):
        if value is old:
            return _declared(value, type_, order)
        before = {id(item): item for item in old} if isinstance(old, list) else {}
        aligned = len(old) == len(value) if isinstance(old, list) else False
        return [
            _touched(item, before.get(id(item), old[index] if aligned else None), _element(type_), order)
            for index, item in enumerate(value)
        ]
    return value


def _declared(value: Any, type_: Type | None, order: Callable[[str], Order]) -> Any:
    if isinstance(value, list):
        return [_declared(item, _element(type_), order) for item in value]
    if not isinstance(value, dict):
        return value
    known = order(type_.name) if type_ is not None and type_.name else ()
    first = [key for key in known if key in value]
    rest = sorted(key for key in value if key not in known)
    return {key: _declared(value[key], _member(type_, key), order) for key in first + rest}


def _member(type_: Type | None, key: str) -> Type | None:
    if type_ is None:
        return None
    field = type_.fields.get(key)
    return field.type if field is not None else type_.element


def _element(type_: Type | None) -> Type | None:
    return type_.element if type_ is not None else None
