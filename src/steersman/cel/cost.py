"""What calls cost at run time, in cel-go's units: one for a simple step, more where the work grows with the arguments.

Kubernetes limits an evaluation to a number of these units, so the same expression must run out of them at the same
point here. Names and numbers follow cel-go's cost tracker and the estimator of Kubernetes' libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from steersman.cel.values import size_for_cost

if TYPE_CHECKING:
    from steersman.cel.code import Code

Cost = Callable[[tuple[Any, ...], Any], int]

LIST_COST, MAP_COST, OBJECT_COST = 10, 30, 40
AUTHORIZER_CHECK_COST = 350_000
"""Allows two checks in an expression."""

PER_CALL_LIMIT = 1_000_000
"""Units that one evaluation may take, where the caller does not say otherwise."""


def tenth(size: int) -> int:
    """Walking over a string or list: a tenth of a unit for each character or element, rounded up."""
    return -(-size // 10)


def _first(factor: int = 1) -> Cost:
    return lambda args, _result: tenth(size_for_cost(args[0]) * factor)


def _second(args: tuple[Any, ...], _result: Any) -> int:
    return tenth(size_for_cost(args[1]))


def _smaller(args: tuple[Any, ...], _result: Any) -> int:
    return tenth(min(size_for_cost(args[0]), size_for_cost(args[1])))


def _sum(args: tuple[Any, ...], _result: Any) -> int:
    return tenth(size_for_cost(args[0]) + size_for_cost(args[1]))


def _regex(args: tuple[Any, ...], _result: Any) -> int:
    return tenth(size_for_cost(args[0]) + 1) * -(-size_for_cost(args[1]) // 4)


def _substring(args: tuple[Any, ...], _result: Any) -> int:
    return tenth(size_for_cost(args[0])) * tenth(size_for_cost(args[1]))


def _traversal(args: tuple[Any, ...], _result: Any) -> int:
    return traversal(args[0])


def traversal(value: Any) -> int:
    """Walking over a value as a tree."""
    if isinstance(value, str | bytes):
        length = len(value.encode()) if isinstance(value, str) else len(value)
        return length // 10
    if isinstance(value, list | tuple):
        return sum(map(traversal, value))
    if isinstance(value, Mapping):
        return sum(traversal(key) + traversal(part) for key, part in value.items())
    return 1


def _output(args: tuple[Any, ...], result: Any) -> int:
    del args
    return 1 + LIST_COST + size_for_cost(result)


def _join(args: tuple[Any, ...], result: Any) -> int:
    del args
    return tenth(size_for_cost(result) * 2)


def _sets(factor: int) -> Cost:
    return lambda args, _result: 1 + size_for_cost(args[0]) * size_for_cost(args[1]) * factor


def _flatten(args: tuple[Any, ...], _result: Any) -> int:
    depth = args[1] if len(args) > 1 else 1
    return 1 + LIST_COST + size_for_cost(args[0]) * depth


def _pairs(position: int) -> Cost:
    """Comparing all elements of a list with each other, twice; a tenth more where they are texts."""

    def charge(args: tuple[Any, ...], _result: Any) -> int:
        values = args[position]
        pairs = len(values) ** 2
        is_text = bool(values) and isinstance(values[0], str | bytes)
        return 1 + LIST_COST + 2 * pairs + (pairs // 10 if is_text else 0)

    return charge


def _contains_ip(args: tuple[Any, ...], _result: Any) -> int:
    other = args[1]
    return tenth(2 * len(args[0])) + (tenth(len(other)) if isinstance(other, str) else 0)


def _contains_cidr(args: tuple[Any, ...], result: Any) -> int:
    return _contains_ip(args, result) + tenth(len(args[0])) + 1


def _validate(args: tuple[Any, ...], _result: Any) -> int:
    return tenth(size_for_cost(args[1]) + 1) * int(args[0].regex_cost)


def _selector(args: tuple[Any, ...], _result: Any) -> int:
    length = size_for_cost(args[1])
    return LIST_COST + tenth(length) + -(-length // 2) * (LIST_COST + OBJECT_COST)


SORTABLE = (
    "int",
    "uint",
    "double",
    "bool",
    "google.protobuf.Duration",
    "google.protobuf.Timestamp",
    "string",
    "bytes",
)

BY_OVERLOAD: Mapping[str, Cost | int] = {
    "starts_with_string": _second,
    "ends_with_string": _second,
    "string_to_bytes": _first(),
    "bytes_to_string": _first(),
    "strings_quote": _first(),
    "string_format": _first(),
    "in_list": lambda args, _result: size_for_cost(args[1]),
    "add_string": _sum,
    "add_bytes": _sum,
    "matches": _regex,
    "matches_string": _regex,
    "contains_string": _substring,
    "list_slice": _output,
    "lists_range": _output,
    "list_reverse": _output,
    "list_sets_contains_list": _sets(1),
    "list_sets_intersects_list": _sets(1),
    "list_sets_equivalent_list": _sets(2),
    "cidr_ip": 1,
    "list_flatten": _flatten,
    "list_flatten_int": _flatten,
    "list_distinct": _pairs(0),
    **{f"list_{name}_sort": _pairs(0) for name in SORTABLE},
    **{f"list_{name}_sortByAssociatedKeys": _pairs(1) for name in SORTABLE},
    **dict.fromkeys(
        [
            f"{order}_{kind}"
            for order in ("less", "less_equals", "greater", "greater_equals")
            for kind in ("string", "bytes")
        ],
        _smaller,
    ),
}
"""By the one overload that the checker found; where there is no telling, a call costs one."""

BY_FUNCTION: Mapping[str, Cost | int] = {
    "check": AUTHORIZER_CHECK_COST,
    "fieldSelector": _selector,
    "labelSelector": _selector,
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf", "includes"), _traversal),
    **dict.fromkeys(("url", "lowerAscii", "upperAscii", "substring", "trim", "jsonpatch.escapeKey"), _first()),
    **dict.fromkeys(("replace", "split", "ip.isCanonical"), _first(2)),
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "ip", "quantity", "isQuantity", "semver", "isSemver"), _first()),
    "join": _join,
    "containsIP": _contains_ip,
    "containsCIDR": _contains_cidr,
    "validate": _validate,
    "find": _regex,
    "findAll": _regex,
}
"""By name, whatever the overload; looked up before `BY_OVERLOAD` except for the overloads that say so."""


def of_call(function: str, overloads: tuple[str, ...], args: list[Code]) -> Cost | int:
    """What a call costs: a number, or a function of its arguments and result."""
    charge = _of_overload(function, overloads)
    if charge is _second and args[1].is_constant:
        return _second((None, args[1].value()), None)
    return charge


def _of_overload(function: str, overloads: tuple[str, ...]) -> Cost | int:
    overload = overloads[0] if len(overloads) == 1 else ""
    if overload in _FIRST:
        return BY_OVERLOAD[overload]
    found = BY_FUNCTION.get(function)
    return found if found is not None else BY_OVERLOAD.get(overload, 1)


_FIRST = frozenset({"cidr_ip"})
equality = _smaller
