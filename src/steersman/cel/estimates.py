"""What calls may cost and how large their results may be, from the sizes of their arguments.

The counterpart of `cost`, with ranges instead of values; the rules of both belong together. Where nothing is said, a
call costs one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from steersman.cel import syntax
from steersman.cel.cost import AUTHORIZER_CHECK_COST, LIST_COST, OBJECT_COST, SORTABLE
from steersman.cel.ranges import ONE, UNBOUNDED, UNKNOWN, Range, exactly, scale

_TENTH, _QUARTER = 0.1, 0.25
_FORMAT_REGEX_SIZE, _FORMAT_SIZE = 128, 64
_ADDRESS = Range(4, 16)


class Argument(NamedTuple):
    """An argument or receiver, with its size, and that of its elements if it is a list."""

    node: syntax.Node
    size: Range
    element: Range = UNKNOWN

    def literal_int(self) -> int | None:
        """The value of an integer that is written out."""
        value = self.node.value if isinstance(self.node, syntax.Literal) else None
        return value if type(value) is int else None

    def element_size(self) -> Range | None:
        """Of a list, the size of its elements; None for what has none."""
        return self.element if self.node.type.params else None


class Estimate(NamedTuple):
    """Cost of a call without its arguments, and the size of its result where that can be said."""

    cost: Range
    size: Range | None = None


Estimator = Callable[[str, list[Argument]], Estimate]
"""Takes the overload, and the receiver and arguments in one list."""


def of_function(function: str, overload: str, target: Argument | None, args: list[Argument]) -> Estimate:
    """What a call of this overload may cost."""
    everything = args if target is None else [target, *args]
    estimator = BY_OVERLOAD.get(overload) or BY_FUNCTION.get(function)
    return estimator(overload, everything) if estimator is not None else Estimate(ONE)


def _fixed(cost: int) -> Estimator:
    return lambda _overload, _args: Estimate(exactly(cost))


def _scan(position: int, factor: float = _TENTH, *, sized: bool = False) -> Estimator:
    """A walk over one argument; `sized` if the result is as large."""

    def estimate(_overload: str, args: list[Argument]) -> Estimate:
        size = args[position].size
        return Estimate(size.scaled(factor), size if sized else None)

    return estimate


def _regex(_overload: str, args: list[Argument]) -> Estimate:
    cost = args[0].size.plus(ONE).scaled(_TENTH).times(args[1].size.scaled(_QUARTER))
    return Estimate(cost)


def _find(overload: str, args: list[Argument]) -> Estimate:
    return Estimate(_regex(overload, args).cost, Range(0, args[0].size.high))


def _contains(_overload: str, args: list[Argument]) -> Estimate:
    return Estimate(args[0].size.scaled(_TENTH).times(args[1].size.scaled(_TENTH)))


def _compare(_overload: str, args: list[Argument]) -> Estimate:
    high = min(args[0].size.high, args[1].size.high)
    return Estimate(Range(1 if high else 0, high).scaled(_TENTH))


def _equals(overload: str, args: list[Argument]) -> Estimate:
    left, right = args[0].node.type, args[1].node.type
    if left == right and left.name in _CONSTANT_EQUALITY:
        return Estimate(ONE)
    if left == right and left.name == "kubernetes.NamedFormat":
        return Estimate(Range(1, _FORMAT_SIZE).scaled(_TENTH))
    if left == right and left.name == "kubernetes.URL":
        return Estimate(Range(1, args[1].size.high if args[1].size != UNKNOWN else 1).scaled(_TENTH))
    return _compare(overload, args)


_CONSTANT_EQUALITY = frozenset(
    {"net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver"}
    | {
        f"kubernetes.authorization.{name}"
        for name in ("Authorizer", "PathCheck", "GroupCheck", "ResourceCheck", "Decision")
    }
)


def _join_texts(_overload: str, args: list[Argument]) -> Estimate:
    size = args[0].size.plus(args[1].size)
    return Estimate(size.scaled(_TENTH), size)


def _join_lists(_overload: str, args: list[Argument]) -> Estimate:
    return Estimate(ONE, args[0].size.plus(args[1].size))


def _to_bytes(_overload: str, args: list[Argument]) -> Estimate:
    size = args[0].size
    return Estimate(size.scaled(_TENTH), Range(size.low, size.high * 4 & UNBOUNDED))


def _to_string(_overload: str, args: list[Argument]) -> Estimate:
    size = args[0].size
    return Estimate(size.scaled(_TENTH), Range(size.low // 4, size.high))


def _quote(_overload: str, args: list[Argument]) -> Estimate:
    size = args[0].size
    return Estimate(size.scaled(_TENTH), Range(size.low + 2, size.high * 2 + 2 & UNBOUNDED))


def _traversal(overload: str, args: list[Argument]) -> Estimate:
    """A comparison for each element, and a walk over each that is a text."""
    target = args[0]
    element = target.element_size()
    if element is not None:
        cost = ONE
        if target.node.type.params[0].kind in {"string", "bytes"}:
            cost = cost.plus(element.scaled(_TENTH))
        return Estimate(target.size.times(cost))
    if overload == "list_includes_dyn_dyn":
        return Estimate(target.size)
    return Estimate(target.size.scaled(_TENTH))


def _replace(_overload: str, args: list[Argument]) -> Estimate:
    """The largest and smallest texts that replacing could make."""
    size, old, new = args[0].size, args[1].size, args[2].size
    kept_high = kept_low = count_high = count_low = 0
    if old.low == 0:
        count_high, kept_high = min(size.high + 1, UNBOUNDED), size.high
    elif new.high <= old.low:
        kept_high = size.high
    else:
        count_high = scale(size.high, 1 / old.low) if size.high == UNBOUNDED else -(-size.high // old.low)
    if old.high == 0:
        count_low, kept_low = min(size.low + 1, UNBOUNDED), size.low
    elif old.high <= new.low:
        kept_low = size.low
    else:
        count_low = -(-size.low // old.high)
    result = Range(count_low, count_high).times(new).plus(Range(kept_low, kept_high))
    return Estimate(size.scaled(2 * _TENTH), result)


def _split(_overload: str, args: list[Argument]) -> Estimate:
    size = args[0].size
    limit = args[2].literal_int() if len(args) > 2 else None
    high = size.high if limit is None else limit & UNBOUNDED
    return Estimate(size.scaled(2 * _TENTH), Range(0, high))


def _join(_overload: str, args: list[Argument]) -> Estimate:
    count = args[0].size
    element = args[0].element_size()
    size = Range(0, 0) if element is None else count.times(element)
    if len(args) > 1:
        between = Range(max(count.low - 1, 0), max(count.high - 1, 0))
        size = size.plus(args[1].size.times(between))
    return Estimate(size.scaled(_TENTH), size)


def _contains_ip(overload: str, args: list[Argument]) -> Estimate:
    cost = _ADDRESS.plus(_ADDRESS).scaled(_TENTH)
    if overload.endswith("_string"):
        cost = cost.plus(args[1].size.scaled(_TENTH))
    return Estimate(cost)


def _contains_cidr(overload: str, args: list[Argument]) -> Estimate:
    return Estimate(_contains_ip(overload, args).cost.plus(_ADDRESS.scaled(_TENTH)).plus(ONE))


def _ip(overload: str, args: list[Argument]) -> Estimate:
    return Estimate(ONE) if overload == "cidr_ip" else Estimate(args[0].size.scaled(_TENTH))


def _validate(_overload: str, args: list[Argument]) -> Estimate:
    return Estimate(args[1].size.scaled(_TENTH).scaled(_FORMAT_REGEX_SIZE * _QUARTER))


def _selector(_overload: str, args: list[Argument]) -> Estimate:
    length = args[1].size
    requirements = length.scaled(0.5).scaled(LIST_COST + OBJECT_COST)
    return Estimate(exactly(LIST_COST).plus(length.scaled(_TENTH)).plus(requirements))


def _allocating(size: Range, factor: float = 1) -> Estimate:
    return Estimate(size.scaled(factor).plus(ONE).plus(exactly(LIST_COST)), size)


def _slice(_overload: str, args: list[Argument]) -> Estimate:
    start, end = args[1].literal_int(), args[2].literal_int()
    first = 0 if start is None else max(start, 0)
    last = args[0].size.high if end is None else max(end, 0)
    return _allocating(exactly(last - first & UNBOUNDED))


def _range(_overload: str, args: list[Argument]) -> Estimate:
    count = args[0].literal_int()
    return _allocating(exactly(UNBOUNDED if count is None else max(count, 0)))


def _reverse(_overload: str, args: list[Argument]) -> Estimate:
    return _allocating(args[0].size)


def _flatten(_overload: str, args: list[Argument]) -> Estimate:
    depth = 1
    if len(args) > 1:
        given = args[1].literal_int()
        depth = UNBOUNDED if given is None else max(given, 0)
    return _allocating(args[0].size, float(depth))


def _pairs(position: int, factor: float) -> Estimator:
    return lambda _overload, args: _allocating(args[position].size.times(args[position].size), factor)


def _sets(factor: float) -> Estimator:
    return lambda _overload, args: Estimate(args[0].size.times(args[1].size).scaled(factor).plus(ONE))


def _texts(name: str) -> float:
    return 2 + _TENTH if name in {"string", "bytes"} else 2


BY_OVERLOAD: Mapping[str, Estimator] = {
    "equals": _equals,
    "not_equals": _compare,
    "in_list": _scan(1, 1),
    "starts_with_string": _scan(1),
    "ends_with_string": _scan(1),
    "contains_string": _contains,
    "matches": _regex,
    "matches_string": _regex,
    "string_format": _scan(0),
    "string_to_bytes": _to_bytes,
    "bytes_to_string": _to_string,
    "strings_quote": _quote,
    "add_string": _join_texts,
    "add_bytes": _join_texts,
    "add_list": _join_lists,
    "list_slice": _slice,
    "lists_range": _range,
    "list_reverse": _reverse,
    "list_flatten": _flatten,
    "list_flatten_int": _flatten,
    "list_distinct": _pairs(0, 2),
    "list_sets_contains_list": _sets(1),
    "list_sets_intersects_list": _sets(1),
    "list_sets_equivalent_list": _sets(2),
    **{f"list_{name}_sort": _pairs(0, _texts(name)) for name in SORTABLE},
    **{f"list_{name}_sortByAssociatedKeys": _pairs(1, _texts(name)) for name in SORTABLE},
    **{
        f"{order}_{kind}": _compare
        for order in ("less", "less_equals", "greater", "greater_equals")
        for kind in ("string", "bytes")
    },
}

BY_FUNCTION: Mapping[str, Estimator] = {
    "check": _fixed(AUTHORIZER_CHECK_COST),
    "fieldSelector": _selector,
    "labelSelector": _selector,
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf", "includes"), _traversal),
    **dict.fromkeys(("url", "lowerAscii", "upperAscii", "substring", "trim"), _scan(0, sized=True)),
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "quantity", "isQuantity", "semver", "isSemver"), _scan(0)),
    "ip": _ip,
    "ip.isCanonical": _scan(0, 2 * _TENTH),
    "replace": _replace,
    "split": _split,
    "join": _join,
    "find": _find,
    "findAll": _find,
    "containsIP": _contains_ip,
    "containsCIDR": _contains_cidr,
    "validate": _validate,
}
