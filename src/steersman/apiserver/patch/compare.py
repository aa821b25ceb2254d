"""What changed between two objects of one Type, as field sets (upstream: structured-merge-diff, Compare)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from steersman.apiserver.patch.elements import TypedError, element_text, index_items
from steersman.apiserver.patch.fieldset import LEAF, FieldSet, ordered, whole
from steersman.apiserver.patch.shape import DEDUCED, shape_of, zero_of

if TYPE_CHECKING:
    from steersman.api.schema.model import Type
    from steersman.apiserver.patch.fieldset import Node
    from steersman.apiserver.patch.shape import Shape


TEMPLATES_MAX = 512
"""Field values of created objects whose outcome is remembered."""
TEMPLATE_BYTES_MAX = 16_384
"""Larger ones are not."""
Trees = tuple["Node", "Node", "Node"]
"""What was added, modified, removed, at one level."""


class Comparison(NamedTuple):
    """Fields that only the newer object has, that differ, and that only the older one has."""

    added: FieldSet
    modified: FieldSet
    removed: FieldSet

    def without(self, fields: FieldSet) -> Comparison:
        """Blind to `fields` and all below them."""
        if not fields:
            return self
        return Comparison(
            self.added.recursive_difference(fields),
            self.modified.recursive_difference(fields),
            self.removed.recursive_difference(fields),
        )

    @property
    def written(self) -> FieldSet:
        """Added and modified."""
        return self.added.union(self.modified)


def compare(shape: Shape, old: Any, new: Any) -> Comparison:
    """Compare two objects. Raises TypedError for list items that have no identity."""
    trees: Trees = ({}, {}, {})
    if old is not new:
        _members(shape, old or {}, new or {}, trees)
    return Comparison(*(FieldSet(ordered(tree)) for tree in trees))


def compare_created(type_: Type, new: Any) -> Comparison:
    """A new object against Go's zero value, which it replaces.

    Objects made from one template differ in their metadata only, so the outcome for each other built-in field is
    remembered by its JSON: that costs a tenth of going through it.
    """
    shape, zero = shape_of(type_), zero_of(type_)
    if type_.custom:
        return compare(shape, zero, new)
    trees: Trees = ({}, {}, {})
    for name, _, child, _ in shape.plan(new).steps:
        value = new[name]
        part: Trees | None = None
        if child is not None and child.members and name != "metadata":
            payload = _payload(value)
            part = _remembered(type_, name, payload) if payload else None
        if part is None:
            part = ({}, {}, {})
            _members(shape, {name: zero[name]} if name in zero else {}, {name: value}, part)
        for tree, more in zip(trees, part, strict=True):
            tree.update(more)
    return Comparison(*map(FieldSet, trees))


def outline(new: Any) -> bytes:
    """What `compare_created` goes by in an object of a built-in type, as JSON; empty if it is not worth remembering.

    Which fields there are decides, and not what a text says, but for that of a zero value. Items of lists may be told
    apart by anything in them.
    """
    return _payload(_outlined(new))


def _outlined(value: dict[str, Any]) -> dict[str, Any]:
    drawn: dict[str, Any] = {}
    for name, inner in value.items():
        if isinstance(inner, str):
            drawn[name] = inner if inner in _ZERO_TEXTS else "."
        else:
            drawn[name] = _outlined(inner) if isinstance(inner, dict) else inner
    return drawn


_ZERO_TEXTS = frozenset(("", "0", "0s"))
"""Of texts, quantities and durations."""


def _payload(value: Any) -> bytes:
    """The JSON of a value that is worth remembering; empty if it is too large, or no JSON."""
    try:
        payload = orjson.dumps(value)
    except TypeError:
        return b""
    return payload if len(payload) <= TEMPLATE_BYTES_MAX else b""


@lru_cache(maxsize=TEMPLATES_MAX)
def _remembered(type_: Type, name: str, payload: bytes) -> Trees:
    trees: Trees = ({}, {}, {})
    zero = zero_of(type_)
    _members(shape_of(type_), {name: zero[name]} if name in zero else {}, {name: orjson.loads(payload)}, trees)
    return trees


def _members(shape: Shape, old: Any, new: Any, trees: Trees) -> None:
    added, modified, removed = trees
    members, other = shape.members, shape.member or DEDUCED
    for name, value in new.items():
        if name not in old:
            _add(members.get(name, other), name, value, added)
            continue
        was = old[name]
        if was is value:
            continue
        child = members.get(name, other)
        if was == value and (not child.mixed or equal(was, value)):
            continue
        if child.is_leaf:
            modified["f:" + name] = LEAF
        else:
            _values(child, was, value, "f:" + name, trees)
    if old.keys() - new.keys():
        for name, value in old.items():
            if name not in new:
                _add(members.get(name, other), name, value, removed)


def _add(shape: Shape, name: str, value: Any, tree: Node) -> None:
    """A field that is in one of the objects only."""
    element = "f:" + name
    tree[element] = LEAF if shape.is_leaf else _new(shape, value, element)


def equal(one: Any, other: Any) -> bool:
    """Equal as JSON values: 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return len(one) == len(other) and all(key in other and equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _new(shape: Shape, value: Any, element: str) -> Node:
    try:
        return whole(shape, value)
    except TypedError as error:
        raise _below(element, error) from None


def _values(shape: Shape, old: Any, new: Any, element: str, trees: Trees) -> None:
    """Two values of one field that are not the same."""
    maps = shape.map_type == "granular" and _is(old, dict) and _is(new, dict)
    lists = not maps and shape.list_type in {"map", "set"} and _is(old, list) and _is(new, list)
    if (maps or lists) and (old or new):
        below: Trees = ({}, {}, {})
        try:
            if maps:
                _members(shape, old or {}, new or {}, below)
            else:
                _items(shape, old or [], new or [], below)
        except TypedError as error:
            raise _below(element, error) from None
        for node, inner in zip(trees, below, strict=True):
            if inner:
                node[element] = ordered(inner)
        return
    added, modified, removed = trees
    modified[element] = LEAF
    # Of values of two kinds, the members of a granular map come and go one by one as well.
    if shape.map_type == "granular" and not maps:
        for node, value in ((added, new), (removed, old)):
            if isinstance(value, dict) and value:
                inner = dict(whole(shape, value))
                del inner["."]
                node[element] = inner


def _is(value: Any, kind: type) -> bool:
    return value is None or isinstance(value, kind)


def _items(shape: Shape, old: list[Any], new: list[Any], trees: Trees) -> None:
    item_shape = shape.item or DEDUCED
    added, modified, removed = trees
    before, after = index_items(shape, old), index_items(shape, new)
    for element, now in after.items():
        was = before.get(element, [])
        if len(was) <= 1 and len(now) == 1:
            if not was:
                added[element] = whole(item_shape, now[0])
            elif was[0] != now[0] or (item_shape.mixed and not equal(was[0], now[0])):
                _values(item_shape, was[0], now[0], element, trees)
        elif len(was) > 1 and len(now) > 1:
            if not equal(was, now):
                modified[element] = LEAF
        elif len(was) > 1:
            added[element] = whole(item_shape, now[0])
            removed[element] = LEAF
        else:
            if was:
                removed[element] = whole(item_shape, was[0])
            added[element] = LEAF
    for element, was in before.items():
        if element not in after:
            removed[element] = LEAF if len(was) > 1 else whole(item_shape, was[0])


def _below(element: str, error: TypedError) -> TypedError:
    prefix = element_text(element)
    return TypedError([(prefix + path, message) for path, message in error.errors])
