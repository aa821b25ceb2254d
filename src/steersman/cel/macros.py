"""Macros: calls that are rewritten while parsing, because their arguments name variables or are looked at as text.

`has`, the quantifiers `all exists exists_one existsOne`, `map` and `filter`, their forms with two variables,
`transformList transformMap transformMapEntry`, and `optMap optFlatMap` of optional values. Each becomes a
`Comprehension` in cel-go's own shape, which is what types and costs are computed from, tagged with the macro so that
the compiler can run a quicker loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from steersman.cel.syntax import Call, Comprehension, Ident, ListLiteral, Literal, MapLiteral, Node, Select

ACCUMULATOR = "@result"
_SORTED = "@__sortBy_input__"
_RESERVED_NAMES = frozenset({ACCUMULATOR, "__result__"})

Macro = Callable[[int, Node | None, list[Node]], Node | None]
"""Takes the place, the receiver and the arguments; None leaves the call as it is."""
Macros = Mapping[tuple[str, int, bool], Macro]
"""By name, number of arguments, and whether it is called on a receiver."""


class MacroError(Exception):
    """The macro is called with something that it cannot be rewritten with; `offset` is where."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset


_Body = Callable[[int, tuple[str, ...], list[Node]], tuple[Node, Node, Node, Node]]
"""Takes the place, the variables and the expressions; gives init, condition, step and result."""


def _has(offset: int, _target: Node | None, args: list[Node]) -> Node:
    tested = args[0]
    if not isinstance(tested, Select) or tested.test or tested.optional:
        raise MacroError(tested.offset, "invalid argument to has() macro")
    return Select(offset, tested.operand, tested.name, test=True)


def _variable(node: Node, complaint: str) -> str:
    if not isinstance(node, Ident) or node.name.startswith("."):
        raise MacroError(node.offset, complaint)
    return node.name


def _all(offset: int, _names: tuple[str, ...], body: list[Node]) -> tuple[Node, Node, Node, Node]:
    condition = Call(offset, "@not_strictly_false", None, [_accu(offset)])
    step = Call(offset, "_&&_", None, [_accu(offset), body[0]])
    return Literal(offset, value=True), condition, step, _accu(offset)


def _exists(offset: int, _names: tuple[str, ...], body: list[Node]) -> tuple[Node, Node, Node, Node]:
    condition = Call(offset, "@not_strictly_false", None, [Call(offset, "!_", None, [_accu(offset)])])
    step = Call(offset, "_||_", None, [_accu(offset), body[0]])
    return Literal(offset, value=False), condition, step, _accu(offset)


def _exists_one(offset: int, _names: tuple[str, ...], body: list[Node]) -> tuple[Node, Node, Node, Node]:
    more = Call(offset, "_+_", None, [_accu(offset), Literal(offset, 1)])
    step = Call(offset, "_?_:_", None, [body[0], more, _accu(offset)])
    result = Call(offset, "_==_", None, [_accu(offset), Literal(offset, 1)])
    return Literal(offset, 0), Literal(offset, value=True), step, result


def _map(offset: int, _names: tuple[str, ...], body: list[Node]) -> tuple[Node, Node, Node, Node]:
    made = ListLiteral(offset, [body[-1]], frozenset())
    step: Node = Call(offset, "_+_", None, [_accu(offset), made])
    return _collect(offset, ListLiteral(offset, [], frozenset()), step, body)


def _filter(offset: int, names: tuple[str, ...], body: list[Node]) -> tuple[Node, Node, Node, Node]:
    kept = ListLiteral(offset, [Ident(offset, names[0])], frozenset())
    step: Node = Call(offset, "_+_", None, [_accu(offset), kept])
    return _collect(offset, ListLiteral(offset, [], frozenset()), step, [body[0], kept])


def _transform_map(offset: int, names: tuple[str, ...], body: list[Node]) -> tuple[Node, Node, Node, Node]:
    step: Node = Call(offset, "cel.@mapInsert", None, [_accu(offset), Ident(offset, names[0]), body[-1]])
    return _collect(offset, MapLiteral(offset, []), step, body)


def _transform_entry(offset: int, _names: tuple[str, ...], body: list[Node]) -> tuple[Node, Node, Node, Node]:
    step: Node = Call(offset, "cel.@mapInsert", None, [_accu(offset), body[-1]])
    return _collect(offset, MapLiteral(offset, []), step, body)


def _collect(offset: int, init: Node, step: Node, body: list[Node]) -> tuple[Node, Node, Node, Node]:
    """Grow the accumulator by each element, or by those that the first part of the body chooses."""
    if len(body) == 2:
        step = Call(offset, "_?_:_", None, [body[0], step, _accu(offset)])
    return init, Literal(offset, value=True), step, _accu(offset)


def _accu(offset: int) -> Node:
    return Ident(offset, ACCUMULATOR)


def _loop(kind: str, build: _Body, variables: int, complaint: str) -> Macro:
    """A macro that loops over its receiver."""

    def expand(offset: int, target: Node | None, args: list[Node]) -> Node:
        assert target is not None
        names = tuple(_variable(node, complaint) for node in args[:variables])
        if variables == 2 and names[0] == names[1]:
            raise MacroError(args[1].offset, f"duplicate variable name: {names[0]}")
        for name, node in zip(names, args, strict=False):
            if name in _RESERVED_NAMES:
                raise MacroError(node.offset, "iteration variable overwrites accumulator variable")
        body = args[variables:]
        init, condition, step, result = build(offset, names, body)
        second = names[1] if variables == 2 else None
        return Comprehension(
            offset, target, names[0], second, ACCUMULATOR, init, condition, step, result, kind, tuple(body)
        )

    return expand


def _opt_map(name: str, *, flat: bool) -> Macro:
    def expand(offset: int, target: Node | None, args: list[Node]) -> Node:
        assert target is not None
        variable = _variable(args[0], f"{name}() variable name must be a simple identifier")
        value = Call(offset, "value", target, [])
        bound = _bind(offset, variable, value, args[1])
        if not flat:
            bound = Call(offset, "optional.of", None, [bound])
        none = Call(offset, "optional.none", None, [])
        return Call(offset, "_?_:_", None, [Call(offset, "hasValue", target, []), bound, none])

    return expand


def _bind(offset: int, variable: str, value: Node, body: Node) -> Node:
    """`body`, with a variable for `value`: a loop over nothing."""
    over = ListLiteral(offset, [], frozenset())
    never = Literal(offset, value=False)
    return Comprehension(
        offset, over, "#unused", None, variable, value, never, Ident(offset, variable), body, "bind", (body,)
    )


def _cel_bind(offset: int, target: Node | None, args: list[Node]) -> Node | None:
    if not isinstance(target, Ident) or target.name != "cel":
        return None
    variable = _variable(args[0], "cel.bind() variable names must be simple identifiers")
    return _bind(offset, variable, args[1], args[2])


def _sort_by(offset: int, target: Node | None, args: list[Node]) -> Node:
    """The receiver in the order of a key: sorted along with the list of all keys."""
    assert target is not None
    if isinstance(target, Literal | MapLiteral):
        wanted = "a list, identifier, comprehension, call or select expression"
        raise MacroError(target.offset, f"sortBy can only be applied to {wanted}")
    keys = _MAP(offset, Ident(offset, _SORTED), args)
    assert keys is not None
    ordered = Call(offset, "@sortByAssociatedKeys", Ident(offset, _SORTED), [keys])
    return _bind(offset, _SORTED, target, ordered)


_NAME = "argument must be a simple name"
_IDENT = "argument is not an identifier"
_MAP = _loop("map", _map, 1, _IDENT)

STANDARD: Macros = {
    ("has", 1, False): _has,
    ("all", 2, True): _loop("all", _all, 1, _NAME),
    ("exists", 2, True): _loop("exists", _exists, 1, _NAME),
    ("exists_one", 2, True): _loop("exists_one", _exists_one, 1, _NAME),
    ("map", 2, True): _MAP,
    ("map", 3, True): _MAP,
    ("filter", 2, True): _loop("filter", _filter, 1, _IDENT),
}
OPTIONAL: Macros = {
    ("optMap", 2, True): _opt_map("optMap", flat=False),
    ("optFlatMap", 2, True): _opt_map("optFlatMap", flat=True),
}
LISTS: Macros = {("sortBy", 2, True): _sort_by}
BINDINGS: Macros = {("bind", 3, True): _cel_bind}
TWO_VARIABLES: Macros = {
    ("all", 3, True): _loop("all", _all, 2, _NAME),
    ("exists", 3, True): _loop("exists", _exists, 2, _NAME),
    ("exists_one", 3, True): _loop("exists_one", _exists_one, 2, _NAME),
    ("existsOne", 3, True): _loop("exists_one", _exists_one, 2, _NAME),
    ("transformList", 3, True): _loop("map", _map, 2, _NAME),
    ("transformList", 4, True): _loop("map", _map, 2, _NAME),
    ("transformMap", 3, True): _loop("transformMap", _transform_map, 2, _NAME),
    ("transformMap", 4, True): _loop("transformMap", _transform_map, 2, _NAME),
    ("transformMapEntry", 3, True): _loop("transformMapEntry", _transform_entry, 2, _NAME),
    ("transformMapEntry", 4, True): _loop("transformMapEntry", _transform_entry, 2, _NAME),
}
