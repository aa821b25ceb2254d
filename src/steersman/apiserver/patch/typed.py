"""Values by their Shape: check, merge, take out (upstream: structured-merge-diff, typed values).

Nothing is changed in place: results share unchanged parts with their inputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.apiserver.patch.elements import TypedError, element_text, index_items, item_element
from steersman.apiserver.patch.gotext import go_map, go_syntax, go_type
from steersman.apiserver.patch.shape import DEDUCED

if TYPE_CHECKING:
    from steersman.apiserver.patch.fieldset import Node
    from steersman.apiserver.patch.shape import Shape

_ABSENT: Any = object()
Errors = list[tuple[str, str]]


def check(shape: Shape, value: Any) -> None:
    """Raise TypedError unless `value` fits: declared fields only, right kinds, no duplicate list items."""
    errors: Errors = []
    _check(shape, value, "", errors)
    if errors:
        raise TypedError(errors)


def _check(shape: Shape, value: Any, path: str, errors: Errors) -> None:
    if isinstance(value, dict) and shape.map_type:
        for key, inner in value.items():
            child = shape.members.get(key, shape.member)
            if child is None:
                errors.append((f"{path}.{key}", "field not declared in schema"))
                # Upstream stops here, too: the rest of this object is not looked at.
                return
            _check(child, inner, f"{path}.{key}", errors)
    elif isinstance(value, list) and shape.list_type:
        _check_items(shape, value, path, errors)
    elif value is not None and not (_fits(shape.scalar, value) and not isinstance(value, dict | list)):
        errors.append((path, _misfit(shape, value)))


def _check_items(shape: Shape, items: list[Any], path: str, errors: Errors) -> None:
    child = shape.item or DEDUCED
    seen: set[str] = set()
    for at, item in enumerate(items):
        element = f"i:{at}"
        if shape.list_type != "atomic":
            try:
                element = item_element(shape, item)
            except TypedError as error:
                errors.append((path, f"element {at}: {error}"))
                return
            if element in seen:
                errors.append((path, f"duplicate entries for key {element_text(element)}"))
            seen.add(element)
        _check(child, item, path + element_text(element), errors)


def _fits(scalar: str, value: Any) -> bool:
    match scalar:
        case "numeric":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case _:
            return scalar == "untyped"


def _misfit(shape: Shape, value: Any) -> str:
    if shape.map_type:
        return f"expected map, got &{{{go_map(value)}}}"
    match shape.scalar:
        case "numeric":
            return f"expected numeric (int or float), got {go_type(value)}"
        case "string":
            return f"expected string, got &value.valueUnstructured{{Value:{go_syntax(value)}}}"
        case "boolean":
            return f"expected boolean, got &{{{go_map(value)}}}"
        case "untyped":
            return f"expected any scalar, got &{{{go_map(value)}}}"
        case _:
            return f"expected list, got &{{{go_map(value)}}}"


def merge(shape: Shape, live: Any, applied: Any) -> Any:
    """`live` with everything that `applied` says; nothing is removed. Lists that change are in the order of `applied`.

    A null is kept as a value: who asked for it owns it, and decoding drops it.
    """
    if live is applied:
        return live
    if isinstance(live, dict | None) and isinstance(applied, dict | None) and shape.map_type == "granular":
        if not live and not applied:
            return applied
        return _merge_members(shape, live or {}, applied or {})
    if isinstance(live, list | None) and isinstance(applied, list | None) and shape.list_type in {"map", "set"}:
        if not live and not applied:
            return applied
        return _merge_items(shape, live or [], applied or [])
    return applied


def _merge_members(shape: Shape, live: Any, applied: Any) -> Any:
    merged = dict(live)
    for key, value in applied.items():
        was = live.get(key, _ABSENT)
        child = shape.members.get(key, shape.member) or DEDUCED
        merged[key] = value if was is _ABSENT else merge(child, was, value)
    return merged


def _merge_items(shape: Shape, live: list[Any], applied: list[Any]) -> list[Any]:
    """Items of both lists; shared ones merged. Live order, until `applied` disagrees."""
    theirs, ours = index_items(shape, live), index_items(shape, applied)
    left = [item_element(shape, item) for item in live]
    right = list(ours)
    child = shape.item or DEDUCED

    def merged(element: str) -> Any:
        mine, was = ours[element][0], theirs.get(element)
        # Duplicates in the live list are replaced, not merged.
        return mine if was is None or len(was) > 1 else merge(child, was[0], mine)

    shared = [element for element in right if element in theirs]
    out: list[Any] = []
    taken: set[str] = set()
    at_left = at_right = at_shared = 0
    while at_left < len(left) or at_right < len(right):
        if at_left < len(left):
            element = left[at_left]
            if at_right < len(right):
                if element == right[at_right]:
                    taken.add(element)
                    out.append(merged(element))
                    at_left, at_right, at_shared = at_left + 1, at_right + 1, at_shared + 1
                    continue
                if element in ours and at_shared < len(shared) and shared[at_shared] != element:
                    # A shared item, but not the one whose turn it is.
                    at_left += 1
                    continue
            if element not in ours:
                out.append(live[at_left])
                at_left += 1
                continue
            if element in taken:
                at_left += 1
        if at_right < len(right):
            element = right[at_right]
            taken.add(element)
            out.append(merged(element))
            at_right += 1
            if at_shared < len(shared) and shared[at_shared] == element:
                at_shared += 1
    return out


def remove(shape: Shape, value: Any, items: Node, *, hollow: bool = False) -> Any:
    """`value` without the members of `items` (a FieldSet's tree, or a node of one). What loses everything is null.

    A list item that loses everything has no identity any more and goes, too, or with `hollow` stays as `{}`.
    """
    if isinstance(value, dict) and shape.map_type:
        return _remove_members(shape, value, items, hollow=hollow)
    if isinstance(value, list) and shape.list_type:
        return _remove_items(shape, value, items, hollow=hollow)
    return value


def _remove_members(shape: Shape, value: Any, items: Node, *, hollow: bool) -> Any:
    if not value or shape.map_type == "atomic":
        return None
    kept = {}
    for key, inner in value.items():
        node = items.get("f:" + key)
        if node is None:
            kept[key] = inner
        elif node and "." not in node:
            kept[key] = remove(shape.members.get(key, shape.member) or DEDUCED, inner, node, hollow=hollow)
    return kept or None


def _remove_items(shape: Shape, value: list[Any], items: Node, *, hollow: bool) -> Any:
    if not value or shape.list_type == "atomic":
        return None
    child = shape.item or DEDUCED
    kept = []
    for item in value:
        node = items.get(item_element(shape, item))
        if node is None:
            kept.append(item)
        elif node and "." not in node:
            rest = remove(child, item, node, hollow=hollow)
            if rest is not None or hollow:
                kept.append({} if rest is None else rest)
    return kept or None


def has_null(value: Any) -> bool:
    """Whether there is a null in it, at any depth."""
    if isinstance(value, dict):
        return any(map(has_null, value.values()))
    if isinstance(value, list):
        return any(map(has_null, value))
    return value is None


def without_nulls(shape: Shape, value: Any) -> Any:
    """`value` as decoding leaves it: declared fields that are null are absent. Itself if there is none."""
    if isinstance(value, dict) and (shape.members or shape.member is not None):
        out = value
        for key, inner in value.items():
            declared = shape.members.get(key)
            if inner is None and declared is not None:
                out = dict(value) if out is value else out
                del out[key]
            elif isinstance(inner, dict | list):
                clean = without_nulls(declared or shape.member or DEDUCED, inner)
                if clean is not inner:
                    out = dict(value) if out is value else out
                    out[key] = clean
        return out
    if isinstance(value, list) and shape.item is not None:
        items = [without_nulls(shape.item, item) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value
