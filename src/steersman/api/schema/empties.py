"""Lists and maps that are given empty where Go always shows the field.

Their author owns them, and until then they are there; upstream's storage (protobuf) forgets them, so that they come
back as null. Decoding keeps them, the write path forgets them once it is known who owns what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object
    from steersman.api.schema.model import Type


def forget_empties(type_: Type, obj: Object) -> None:
    """Put null where `obj` has them, in place."""
    own, deeper = _plan(type_)
    for key in own:
        if key in obj and not obj[key]:
            obj[key] = None
    for key, inner in deeper:
        if value := obj.get(key):
            _descend(inner, value)


def _descend(type_: Type, value: Any) -> None:
    if type_.form == "struct":
        forget_empties(type_, value)
        return
    assert type_.element is not None
    for item in value.values() if type_.form == "map" else value:
        if item:
            _descend(type_.element, item)


def _plan(type_: Type) -> tuple[tuple[str, ...], tuple[tuple[str, Type], ...]]:
    """The fields of a struct that this is about, and those below which there are such."""
    plan = type_.empties
    if plan is None:
        deeper = [(key, field.type) for key, field in type_.fields.items()]
        reaching = tuple((key, inner) for key, inner in deeper if _reaches(inner))
        plan = type_.empties = (tuple(_own(type_)), reaching)
    return plan


def _own(type_: Type) -> Iterator[str]:
    if type_.keep_empty or type_.custom:
        return
    for key, field in type_.fields.items():
        shown = not (field.pointer or field.omitempty or field.omitzero)
        if shown and field.type.form in {"list", "map"}:
            yield key


def _reaches(type_: Type) -> bool:
    """Whether there is such a field in the type or anywhere below."""
    seen: set[int] = set()
    waiting = [type_]
    while waiting:
        current = waiting.pop()
        if id(current) in seen or current.form not in {"struct", "list", "map"}:
            continue
        seen.add(id(current))
        if any(_own(current)):
            return True
        if current.element is not None:
            waiting.append(current.element)
        waiting += [field.type for field in current.fields.values()]
    return False
