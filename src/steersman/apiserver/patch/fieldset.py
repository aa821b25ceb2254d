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

from typing import TYPE_CHECKING, Any, TypeAlias

from steersman.apiserver.patch.elements import FieldsError, in_order, index_items, parse_element, path_text
from steersman.apiserver.patch.shape import DEDUCED, Shape, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from steersman.api.schema.model import Type

Node: TypeAlias = dict[str, Any]

LEAF: Node = {}
"""A member with nothing below it. Shared: nobody changes nodes."""


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

    def with_atomic_leaves(self, shape: Shape) -> FieldSet:
        """With nothing below lists and maps that are atomic: these are members themselves instead."""
        tree = _atomic(self.tree, shape)
        return self if tree is self.tree else FieldSet(tree)

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


def whole(shape: Shape, value: Any) -> Node:
    """The node of a value that is new (or gone) altogether: it and everything below it is a member."""
    if isinstance(value, dict):
        if not value or shape.map_type != "granular":
            return LEAF
        if shape.is_plain_map:
            return {".": LEAF, **{"f:" + name: LEAF for name in sorted(value)}}
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
        inner = _named(below, _child_shape(shape, key))
        declared = key[0] == "f" and key[2:] in shape.members
        out[key] = {".": LEAF, **inner} if declared and "." not in inner else inner
    return out


def _child_shape(shape: Shape, element: str) -> Shape:
    if element[0] == "f":
        return shape.members.get(element[2:], shape.member) or DEDUCED
    return shape.item or DEDUCED


def _atomic(node: Node, shape: Shape) -> Node:
    """The node itself if nothing changes."""
    out = node
    for key, below in node.items():
        child = _child_shape(shape, key)
        if below and child is not DEDUCED:
            inner = LEAF if child.is_leaf else _atomic(below, child)
            if inner is not below:
                out = dict(node) if out is node else out
                out[key] = inner
    return out


def _paths(node: Node, prefix: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, below in node.items():
        if key != "." and _member(below):
            yield (*prefix, key)
    for key, below in node.items():
        if below:
            yield from _paths(below, (*prefix, key))


def ordered(node: Node) -> Node:
    """The same level with its keys in upstream's order."""
    return {key: node[key] for key in in_order(node)} if len(node) > 1 else node


def _decode(fields: Any, *, root: bool = False) -> Node | None:
    if not isinstance(fields, dict):
        raise FieldsError("FieldsV1 is a tree of objects")
    children: Node = {}
    for key, below in fields.items():
        if key != ".":
            element = parse_element(key)
            if element:
                node = _decode(below)
                children[element] = LEAF if node is None else node
    member = not root and ("." in fields or not children)
    return _built(ordered(children), member=member)
