"""FieldSet: which fields of an object somebody owns, and the algebra of such sets.

A set is kept as the tree that goes over the wire (FieldsV1): one dict per level, path elements as keys, so encoding
and decoding cost next to nothing. Path elements are `f:<name>` (field), `k:<JSON object>` (item of a list map, by its
keys), `v:<JSON value>` (item of a set) and `i:<n>` (item of an atomic list). Below the root a node says two things:

    {}                    the field itself is in the set, nothing below it
    {".": {}, "f:a": {}}  the field itself, and `a` below it
    {"f:a": {}}           only `a` below it

The root is never a member, so `{}` at the root is the empty set. Nodes are shared between sets and never changed.
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
        """`tree` in the form above (no copy is made)."""
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
        """FieldsV1 with members in upstream's order. Read-only."""
        return _ordered(self.tree)

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
        return _paths(_ordered(self.tree), ())

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
    if len(shape.keys) == 1:
        value = item.get(shape.keys[0])
        if type(value) is str:
            return _named_element(shape.keys[0], value)
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
    return "k:" + _json(keys)


@lru_cache(maxsize=ELEMENTS_MAX)
def _named_element(key: str, value: str) -> str:
    return "k:" + _json({key: value})


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
        members, elements, other = shape.members, shape.elements, shape.member or DEDUCED
        node: Node = {".": LEAF}
        for key, inner in value.items():
            child = members.get(key, other)
            if child.scalar and not isinstance(inner, dict | list):
                node[elements.get(key) or "f:" + key] = LEAF
            else:
                node[elements.get(key) or "f:" + key] = whole(child, inner)
        return node
    if isinstance(value, list) and value and shape.list_type in {"map", "set"}:
        node = {".": LEAF}
        item_shape = shape.item or DEDUCED
        for element, items in index_items(shape, value).items():
            node[element] = LEAF if len(items) > 1 else whole(item_shape, items[0])
        return node
    return LEAF


def mentioned(shape: Shape, value: Any) -> Node:
    """The tree of every leaf, list item and map entry of a root value. Raises TypedError."""
    return _mentioned(shape, value) or {}


def _mentioned(shape: Shape, value: Any) -> Node | None:
    """What lies below a value that is mentioned; None if nothing, LEAF if the value itself is a leaf."""
    if isinstance(value, dict):
        if shape.map_type == "atomic":
            return LEAF
        if not value:
            return LEAF
        node: Node = {}
        for key, inner in value.items():
            declared = shape.members.get(key)
            below = _mentioned(declared or shape.member or DEDUCED, inner)
            if declared is None:
                below = {".": LEAF, **below} if below else LEAF
            if below is not None:
                node["f:" + key] = below
        return node or None
    if isinstance(value, list) and shape.list_type in {"map", "set"}:
        node = {}
        item_shape = shape.item or DEDUCED
        for element, items in index_items(shape, value).items():
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
    return out


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
    member = not root and _member(one) and not _member(other)
    children: Node = {}
    for key, node in one.items():
        if key == ".":
            continue
        theirs = other.get(key)
        rest = node if theirs is None else _difference(node, theirs)
        if rest is not None:
            children[key] = rest
    return _built(children, member=member)


def _recursive_difference(one: Node, other: Node, *, root: bool = False) -> Node | None:
    if not root and _member(other):
        return None
    children: Node = {}
    for key, node in one.items():
        if key == ".":
            continue
        theirs = other.get(key)
        rest = node if theirs is None else _recursive_difference(node, theirs)
        if rest is not None:
            children[key] = rest
    return _built(children, member=not root and _member(one))


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


def _ordered(node: Node) -> Node:
    """The same node with keys in upstream's order: itself, fields, keys, values, indices."""
    if not node:
        return node
    # Fields sort as text, and nearly all levels hold nothing else.
    order = sorted(node)
    if order[-1] > "f:\U0010ffff":
        order.sort(key=_sort_key)
    return {key: _ordered(node[key]) for key in order}


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
    return _built(children, member=member)


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
