"""Checks of what is written out: wrong times, durations and regular expressions, literals of mixed types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.cel import syntax, times, types
from steersman.cel.errors import CelTypeError, EvaluationError, Issue
from steersman.cel.formatting import check_format
from steersman.cel.operators import checked_timestamp
from steersman.cel.regex import search
from steersman.cel.values import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Iterator


def validate(text: str, tree: syntax.Node) -> None:
    """Raises CelTypeError for constants that no evaluation could use."""
    issues = [
        Issue(argument.offset, f"invalid {node.function} argument")
        for node in walk(tree)
        if isinstance(node, syntax.Call) and (argument := _wrong_argument(node)) is not None
    ]
    exempt = {
        id(part)
        for node in walk(tree)
        if isinstance(node, syntax.Call) and node.function == "format"
        for part in walk(node)
    }
    for node in walk(tree):
        if id(node) not in exempt:
            issues += _mixed(node)
        if isinstance(node, syntax.Call) and "string_format" in node.overloads:
            issues += filter(None, [check_format(node)])
    if issues:
        raise CelTypeError(text, issues)


def _mixed(node: syntax.Node) -> list[Issue]:
    """Elements of a literal whose type is not that of the first; arguments of format() may be mixed."""
    if isinstance(node, syntax.ListLiteral):
        parts = [(part, _content(part, optional=at in node.optionals)) for at, part in enumerate(node.elements)]
        return _unlike(parts)[:1]
    if isinstance(node, syntax.MapLiteral):
        keys = [(entry.key, entry.key.type) for entry in node.entries if isinstance(entry.key, syntax.Node)]
        values = [(entry.value, _content(entry.value, optional=entry.optional)) for entry in node.entries]
        return [*_unlike(keys), *_unlike(values)]
    return []


def _content(node: syntax.Node, *, optional: bool) -> types.Type:
    return types.unwrap_optional(node.type)[0] if optional else node.type


def _unlike(parts: list[tuple[syntax.Node, types.Type]]) -> list[Issue]:
    return [
        Issue(node.offset, f"expected type '{types.show(parts[0][1])}' but found '{types.show(found)}'")
        for node, found in parts
        if not _equivalent(parts[0][1], found)
    ]


def _equivalent(left: types.Type, right: types.Type) -> bool:
    """Equal, or different only where one is a parameter."""
    if left.kind != right.kind or left.name != right.name or len(left.params) != len(right.params):
        return False
    return left.kind == "type" or all(map(_equivalent, left.params, right.params))


def _wrong_argument(node: syntax.Call) -> syntax.Literal | None:
    if node.function not in {"duration", "timestamp", "matches"} or not node.args:
        return None
    argument = node.args[-1]
    if not isinstance(argument, syntax.Literal):
        return None
    value = argument.value
    try:
        if node.function == "matches":
            search("", value)
        elif node.function == "duration":
            times.parse_duration(value)
        elif isinstance(value, int):
            checked_timestamp(value * SECOND_NS)
        else:
            times.parse_timestamp(value)
    except EvaluationError:
        return argument
    return None


def walk(node: syntax.Node) -> Iterator[syntax.Node]:
    """The node and everything below it; of a comprehension, what the user wrote."""
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        match node:
            case syntax.Select():
                todo.append(node.operand)
            case syntax.Call():
                todo += node.args
                if node.target is not None:
                    todo.append(node.target)
            case syntax.ListLiteral():
                todo += node.elements
            case syntax.MapLiteral() | syntax.ObjectLiteral():
                todo += [entry.value for entry in node.entries]
                todo += [entry.key for entry in node.entries if isinstance(entry.key, syntax.Node)]
            case syntax.Comprehension():
                todo += [node.range, node.init, *node.body]
