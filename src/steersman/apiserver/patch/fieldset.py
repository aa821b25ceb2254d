"""FieldSet: which fields of an object somebody owns, and the algebra of such sets.

A set is kept as the tree that goes over the wire (FieldsV1): one dict per level, path elements as keys, so encoding
and decoding cost next to nothing. Path elements are `f:<name>` (field), `k:<JSON object>` (item of a list map, by its
keys), `v:<JSON value>` (item of a set) and `i:<n>` (item of an atomic list). Below the root a node says two things:

    {}                    the field itself is in the set, nothing below it
    {".": {}, "f:a": {}}  the field itself, and `a` below it
    {"f:a": {}}           only `a` below it

The root is never a member, so `{}` at the root is the empty set. Nodes are shared between sets and never changed, and
the keys of each are in upstream's order: `.`, fields by name, then items by their keys' values.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from steersman.apiserver.patch.gotext import go_quote_value
from steersman.apiserver.patch.shape import DEDUCED, Shape, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from steersman.api.schema.model import Type

Node: TypeAlias = dict[str, Any]

_HTML_ESCAPES = (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))
LEAF: Node = {}
"""A member with nothing below it. Shared: nobody changes nodes."""
ELEMENTS_MAX = 65_536
"""Path elements of list items remembered."""


class TypedError(ValueError):
    """A value that does not fit its shape; `errors` are (path, message)."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        self.errors = errors
        lines = [f"{path}: {message}" if path else message for path, message in errors]
        super().__init__(lines[0] if len(lines) == 1 else "\n".join(["errors:", *(f"  {line}" for line in lines)]))


class FieldsError(ValueError):
    """FieldsV1 that nobody could have written."""


class FieldSet:
    """An immutable set of field paths."""

    __slots__ = ("tree",)

    def __init__(self, tree: Node | None = None) -> None:
        """`tree` in the form and order above (no copy is made)."""
        self.tree: Node = {} if tree is None else tree

    @classmethod
    def of(cls, *paths: Iterable[str]) -> FieldSet:
        """From paths of path elements: `FieldSet.of(("f:spec", "f:replicas"))`."""
        found = cls()
        for path in paths:
            elements = tuple(path)
            node: Node = LEAF
            for element in reversed(elements):
                node = {element: node}
            found = found.union(cls(node))
        return found

    @classmethod
    def from_object(cls, value: Any, type_: Type) -> FieldSet:
        """Every leaf, list item and map entry that `value` mentions (upstream's ToFieldSet). Raises TypedError."""
        return cls(mentioned(shape_of(type_), value))

    @classmethod
    def decode(cls, fields: Any) -> FieldSet:
        """From FieldsV1. Unknown kinds of path elements are left out. Raises FieldsError."""
        return cls(_decode(fields, root=True) or {})

    def encode(self) -> Node:
        """FieldsV1, in upstream's order. Read-only."""
        return self.tree

    def union(self, other: FieldSet) -> FieldSet:
        if not self.tree:
            return other
        return FieldSet(_union(self.tree, other.tree) if other.tree else self.tree)

    def intersection(self, other: FieldSet) -> FieldSet:
        return FieldSet(_intersection(self.tree, other.tree, root=True) or {})

    def difference(self, other: FieldSet) -> FieldSet:
        """Without the members of `other`; what lies below one of them stays."""
        if not self.tree or not other.tree:
            return self
        return FieldSet(_difference(self.tree, other.tree, root=True) or {})

    def recursive_difference(self, other: FieldSet) -> FieldSet:
        """Without the members of `other` and all that lies below them."""
        if not self.tree or not other.tree:
            return self
        return FieldSet(_recursive_difference(self.tree, other.tree, root=True) or {})

    def leaves(self) -> FieldSet:
        """Only members with nothing below them."""
        return FieldSet(_leaves(self.tree, root=True) or {})

    def with_named_members(self, shape: Shape) -> FieldSet:
        """With every declared field on the way to a member (map entries and list items stay as they are)."""
        return FieldSet(_named(self.tree, shape))

    def has(self, path: Iterable[str]) -> bool:
        """Is the path itself a member?"""
        node: Node | None = self.tree
        at_root = True
        for element in path:
            if node is None:
                return False
            at_root, node = False, node.get(element)
        return node is not None and not at_root and (not node or "." in node)

    def paths(self) -> Iterator[tuple[str, ...]]:
        """Members, in upstream's order: those of a level before those below it."""
        return _paths(self.tree, ())

    def __bool__(self) -> bool:
        return bool(self.tree)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldSet) and self.tree == other.tree

    def __hash__(self) -> int:
        return hash(tuple(self.paths()))

    def __repr__(self) -> str:
        return "FieldSet(" + ", ".join(map(path_text, self.paths())) + ")"


def path_text(path: Iterable[str]) -> str:
    """A path as messages name it: `.spec.containers[name="a"].image`, `.finalizers[="x"]`."""
    return "".join(map(element_text, path))


def element_text(element: str) -> str:
    """One path element as messages name it."""
    kind, text = element[0], element[2:]
    if kind == "f":
        return "." + text
    if kind == "k":
        keys = orjson.loads(text)
        return "[" + ",".join(f"{key}={go_quote_value(value)}" for key, value in keys.items()) + "]"
    return f"[={go_quote_value(orjson.loads(text))}]" if kind == "v" else f"[{text}]"


def item_element(shape: Shape, item: Any) -> str:
    """The path element of an item of a set or list map. Raises TypedError (path: none)."""
    if not shape.keys:
        return _set_element(item)
    if not isinstance(item, dict):
        what = "a null element" if item is None else "non-map elements"
        raise TypedError([("", f"associative list with keys may not have {what}")])
    keys = {}
    for key in shape.keys:
        if key in item:
            keys[key] = item[key]
        elif key in shape.key_defaults:
            keys[key] = shape.key_defaults[key]
    if not keys:
        names = "[" + " ".join(f'"{key}"' for key in shape.keys) + "]"
        message = (
            f"associative list with keys has an element that omits all key fields {names} "
            "(and doesn't have default values for any key fields)"
        )
        raise TypedError([("", message)])
    # Only text and integers are remembered: to a cache, 1, 1.0 and true are the same.
    for value in keys.values():
        if type(value) is not str and type(value) is not int:
            return "k:" + _json(keys)
    return _key_element(*keys.items())


@lru_cache(maxsize=ELEMENTS_MAX)
def _key_element(*keys: tuple[str, str | int]) -> str:
    return "k:" + _json(dict(keys))


def _set_element(item: Any) -> str:
    if isinstance(item, dict):
        raise TypedError([("", "associative list without keys has an element that's a map type")])
    if isinstance(item, list):
        raise TypedError([("", "not supported: associative list with lists as elements")])
    if item is None:
        raise TypedError([("", "associative list without keys has an element that's an explicit null")])
    return "v:" + _json(item)


def _json(value: Any) -> str:
    text = orjson.dumps(value).decode()
    # Go's encoder escapes what HTML could misread.
    for char, escape in _HTML_ESCAPES:
        if char in text:
            text = text.replace(char, escape)
    return text


def index_items(shape: Shape, items: Iterable[Any]) -> dict[str, list[Any]]:
    """Items of a set or list map by path element; more than one are duplicates. Raises TypedError."""
    found: dict[str, list[Any]] = {}
    for at, item in enumerate(items):
        try:
            element = item_element(shape, item)
        except TypedError as error:
            raise TypedError([("", f"element {at}: {error}")]) from None
        if element in found:
            found[element].append(item)
        else:
            found[element] = [item]
    return found


def whole(shape: Shape, value: Any) -> Node:
    """The node of a value that is new (or gone) altogether: it and everything below it is a member."""
    if isinstance(value, dict):
        if not value or shape.map_type != "granular":
            return LEAF
        plan = shape.plan(value)
        if plan.whole is not None:
            return plan.whole
        node: Node = {".": LEAF}
        for name, element, child, _ in plan.steps:
            node[element] = LEAF if child is None else whole(child, value[name])
        return node
    if isinstance(value, list) and value and shape.list_type in {"map", "set"}:
        node = {".": LEAF}
        item_shape = shape.item or DEDUCED
        found = index_items(shape, value)
        for element in in_order(found):
            items = found[element]
            node[element] = LEAF if len(items) > 1 else whole(item_shape, items[0])
        return node
    return LEAF


def mentioned(shape: Shape, value: Any) -> Node:
    """The tree of every leaf, list item and map entry of a root value. Raises TypedError."""
    return _mentioned(shape, value) or {}


def _mentioned(shape: Shape, value: Any) -> Node | None:
    """What lies below a value that is mentioned; None if nothing, LEAF if the value itself is a leaf."""
    if isinstance(value, dict):
        if shape.map_type == "atomic" or not value:
            return LEAF
        plan = shape.plan(value)
        if plan.leaves is not None:
            return plan.leaves
        node: Node = {}
        for name, element, child, declared in plan.steps:
            below = LEAF if child is None else _mentioned(child, value[name])
            if not declared:
                below = {".": LEAF, **below} if below else LEAF
            if below is not None:
                node[element] = below
        return node or None
    if isinstance(value, list) and shape.list_type in {"map", "set"}:
        node = {}
        item_shape = shape.item or DEDUCED
        found = index_items(shape, value)
        for element in in_order(found):
            items = found[element]
            below = None if len(items) > 1 else _mentioned(item_shape, items[0])
            node[element] = {".": LEAF, **below} if below else LEAF
        return node or None
    return LEAF


def _union(one: Node, other: Node) -> Node:
    if one is other:
        return one
    if not one:
        return other if not other or "." in other else {".": LEAF, **other}
    if not other:
        return one if "." in one else {".": LEAF, **one}
    out = dict(one)
    for key, node in other.items():
        mine = out.get(key)
        out[key] = node if mine is None else _union(mine, node)
    return ordered(out) if len(out) > len(one) else out


def _built(children: Node, *, member: bool) -> Node | None:
    if not children:
        return LEAF if member else None
    return {".": LEAF, **children} if member else children


def _member(node: Node) -> bool:
    return not node or "." in node


def _intersection(one: Node, other: Node, *, root: bool = False) -> Node | None:
    children: Node = {}
    for key, node in one.items():
        if key != "." and key in other:
            common = _intersection(node, other[key])
            if common is not None:
                children[key] = common
    return _built(children, member=not root and _member(one) and _member(other))


def _difference(one: Node, other: Node, *, root: bool = False) -> Node | None:
    """`one` itself if nothing goes."""
    was_member = not root and _member(one)
    member = was_member and not _member(other)
    same = member == was_member
    children: Node = {}
    for key, node in one.items():
        if key == ".":
            continue
        theirs = other.get(key)
        if theirs is None:
            children[key] = node
            continue
        rest = _difference(node, theirs)
        same = same and rest is node
        if rest is not None:
            children[key] = rest
    return one if same else _built(children, member=member)


def _recursive_difference(one: Node, other: Node, *, root: bool = False) -> Node | None:
    """`one` itself if nothing goes."""
    if not root and _member(other):
        return None
    same = True
    children: Node = {}
    for key, node in one.items():
        if key == ".":
            continue
        theirs = other.get(key)
        if theirs is None:
            children[key] = node
            continue
        rest = _recursive_difference(node, theirs)
        same = same and rest is node
        if rest is not None:
            children[key] = rest
    return one if same else _built(children, member=not root and _member(one))


def _leaves(node: Node, *, root: bool = False) -> Node | None:
    if not node:
        return None if root else LEAF
    children: Node = {}
    for key, below in node.items():
        if key != ".":
            rest = _leaves(below)
            if rest is not None:
                children[key] = rest
    return children or None


def _named(node: Node, shape: Shape) -> Node:
    out: Node = {}
    for key, below in node.items():
        if key == "." or not below:
            out[key] = below
            continue
        kind, name = key[0], key[2:]
        declared = shape.members.get(name) if kind == "f" else None
        child = declared or (shape.member if kind == "f" else shape.item) or DEDUCED
        inner = _named(below, child)
        out[key] = {".": LEAF, **inner} if declared is not None and "." not in inner else inner
    return out


def _paths(node: Node, prefix: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, below in node.items():
        if key != "." and _member(below):
            yield (*prefix, key)
    for key, below in node.items():
        if below:
            yield from _paths(below, (*prefix, key))


def in_order(elements: Iterable[str]) -> list[str]:
    """Path elements in upstream's order: the parent's own mark, fields, keys, values, indices."""
    order = sorted(elements)
    # Fields sort as text, and nearly all levels hold nothing else.
    if len(order) > 1 and order[-1] > "f:\U0010ffff":
        order.sort(key=_sort_key)
    return order


def ordered(node: Node) -> Node:
    """The same level with its keys in upstream's order."""
    return {key: node[key] for key in in_order(node)} if len(node) > 1 else node


@lru_cache(maxsize=ELEMENTS_MAX)
def _sort_key(element: str) -> tuple[Any, ...]:
    kind, text = element[:1], element[2:]
    if kind == "k":
        return (2, *((name, _value_key(value)) for name, value in orjson.loads(text).items()))
    if kind == "v":
        return (3, _value_key(orjson.loads(text)))
    if kind == "i":
        return (4, int(text))
    return (0 if kind == "." else 1, element)


def _value_key(value: Any) -> tuple[Any, ...]:
    """Numbers, then text, then booleans, then the rest."""
    match value:
        case bool():
            return (2, value)
        case int() | float():
            return (0, value)
        case str():
            return (1, value)
        case _:
            return (3, _json(value))


def _decode(fields: Any, *, root: bool = False) -> Node | None:
    if not isinstance(fields, dict):
        raise FieldsError("FieldsV1 is a tree of objects")
    children: Node = {}
    for key, below in fields.items():
        if key != ".":
            element = _element(key)
            if element:
                node = _decode(below)
                children[element] = LEAF if node is None else node
    member = not root and ("." in fields or not children)
    return _built(ordered(children), member=member)


@lru_cache(maxsize=ELEMENTS_MAX)
def _element(key: str) -> str:
    """The key as we would have written it; empty for a kind of path element nobody knows yet."""
    if len(key) < 2:
        raise FieldsError("key must be 2 characters long:")
    if key[1] != ":":
        raise FieldsError(f"missing colon: {key}")
    kind, text = key[0], key[2:]
    try:
        if kind == "f":
            return key
        if kind == "v":
            return "v:" + _json(orjson.loads(text))
        if kind == "k":
            keys = orjson.loads(text)
            if not isinstance(keys, dict):
                raise FieldsError(f"keys are an object: {key}")
            return "k:" + _json({name: keys[name] for name in sorted(keys)})
        return f"i:{int(text)}" if kind == "i" else ""
    except ValueError as error:
        raise FieldsError(str(error)) from error
