"""Nodes of the syntax tree, as the parser builds and the checker annotates them.

Each node knows its `offset` in the text (code points). The checker fills `type`; for calls also `overloads`, the
identifiers of the overloads that may apply, and it resolves qualified names (`a.b.c` may be one variable) in place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from steersman.cel import types


@dataclass(slots=True, eq=False)
class Node:
    """Base of all nodes."""

    offset: int
    type: types.Type = field(default=types.DYN, kw_only=True)


@dataclass(slots=True, eq=False)
class Literal(Node):
    """A constant."""

    value: Any


@dataclass(slots=True, eq=False)
class Ident(Node):
    """A name; with a leading dot it skips the variables of comprehensions."""

    name: str


@dataclass(slots=True, eq=False)
class Select(Node):
    """`operand.name`; `test` where has(operand.name) asks for presence only, `optional` for `operand.?name`."""

    operand: Node
    name: str
    test: bool = False
    optional: bool = False
    resolved: str | None = None
    """Set by the checker where the whole chain is the name of one variable."""


@dataclass(slots=True, eq=False)
class Call(Node):
    """A function or operator; `target` is the receiver of a method call."""

    function: str
    target: Node | None
    args: list[Node]
    overloads: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class ListLiteral(Node):
    """`[a, ?b]`."""

    elements: list[Node]
    optionals: frozenset[int]


@dataclass(slots=True, eq=False)
class Entry(Node):
    """`key: value` of a map, `?key: value` if `optional`; of an object, the key is the name of a field."""

    key: Node | str
    value: Node
    optional: bool


@dataclass(slots=True, eq=False)
class MapLiteral(Node):
    """`{key: value}`."""

    entries: list[Entry]


@dataclass(slots=True, eq=False)
class ObjectLiteral(Node):
    """`Name{field: value}`."""

    name: str
    entries: list[Entry]


@dataclass(slots=True, eq=False)
class Comprehension(Node):
    """A loop over `range`: `accu` starts as `init`, becomes `step` while `condition` holds, and `result` ends it.

    `macro` says which macro it came from, so that the compiler can run a loop of its own for each; the parts are kept
    as they are for types and cost. `body` holds the user's own expressions in the macro's order.
    """

    range: Node
    var: str
    var2: str | None
    accu: str
    init: Node
    condition: Node
    step: Node
    result: Node
    macro: str
    body: tuple[Node, ...]
