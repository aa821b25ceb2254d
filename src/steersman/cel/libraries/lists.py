"""Lists: sorting, sums, extremes, positions, slices; sets of values.

`sortBy(x, key)` is a macro over `@sortByAssociatedKeys`.
"""

from __future__ import annotations

import itertools
from functools import cmp_to_key
from typing import Any

from steersman.cel import macros, operators
from steersman.cel.declarations import Implementation, Library, Overload
from steersman.cel.errors import EvaluationError, no_such_overload
from steersman.cel.values import Duration, Timestamp, Uint, equal

_NAMES = ("int", "uint", "double", "bool", "google.protobuf.Duration", "google.protobuf.Timestamp", "string", "bytes")
_ORDERED = frozenset({int, Uint, float, bool, Duration, Timestamp, str, bytes})
RANGE_MAX = 1_000_000
"""Elements of lists.range; the cost of more is over the limit of any expression."""


def _short(name: str) -> str:
    return name.removeprefix("google.protobuf.").lower()


def _slice(values: list[Any], start: int, end: int) -> list[Any]:
    what = f"cannot slice({start}, {end}), "
    if start < 0 or end < 0:
        raise EvaluationError(what + "negative indexes not supported")
    if start > end:
        raise EvaluationError(what + "start index must be less than or equal to end index")
    if len(values) < end:
        raise EvaluationError(f"{what}list is length {len(values)}")
    return values[start:end]


def _flatten(values: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise EvaluationError("level must be non-negative")
    found: list[Any] = []
    for value in values:
        if isinstance(value, list | tuple) and depth:
            found += _flatten(list(value), depth - 1)
        else:
            found.append(value)
    return found


def _sort(values: list[Any]) -> list[Any]:
    return _sort_by(values, values)


def _sort_by(values: list[Any], keys: list[Any]) -> list[Any]:
    if len(values) != len(keys):
        sizes = f"but got {len(values)} and {len(keys)} elements respectively"
        raise EvaluationError(
            f"@sortByAssociatedKeys() expected a list of the same size as the associated keys list, {sizes}"
        )
    if not values:
        return values
    if type(keys[0]) not in _ORDERED:
        raise EvaluationError("list elements must be comparable")
    if any(type(key) is not type(keys[0]) for key in keys):
        raise EvaluationError("list elements must have the same type")
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return [values[at] for at in order]


def _range(count: int) -> list[int]:
    if count < 0:
        raise EvaluationError(f"lists.range: size must be non-negative, got {count}")
    if count > RANGE_MAX:
        raise EvaluationError(f"lists.range: size {count} exceeds maximum allowed ({RANGE_MAX})")
    return list(range(count))


def _distinct(values: list[Any]) -> list[Any]:
    if all(type(value) is str for value in values):
        return list(dict.fromkeys(values))
    found: list[Any] = []
    for value in values:
        if not any(equal(value, other) for other in found):
            found.append(value)
    return found


def _compare(left: Any, right: Any) -> int:
    return -1 if operators.less(left, right) else int(operators.less(right, left))


def _is_sorted(values: list[Any]) -> bool:
    return all(_compare(left, right) <= 0 for left, right in itertools.pairwise(values))


def _sum(zero: Any) -> Implementation:
    def add_up(values: list[Any]) -> Any:
        total = zero
        for value in values:
            total = operators.add(total, value)
        return total

    return add_up


def _extreme(name: str, choose: Any) -> Implementation:
    def pick(values: list[Any]) -> Any:
        if not values:
            raise EvaluationError(f"{name} called on empty list")
        if type(values[0]) not in _ORDERED:
            raise no_such_overload()
        return choose(values, key=cmp_to_key(_compare))

    return pick


def _index_of(values: list[Any], wanted: Any) -> int:
    return next((at for at, value in enumerate(values) if equal(value, wanted)), -1)


def _last_index_of(values: list[Any], wanted: Any) -> int:
    return next((at for at in range(len(values) - 1, -1, -1) if equal(values[at], wanted)), -1)


def _includes(target: Any, wanted: Any) -> bool:
    """An element of a list, or a single value that is the same."""
    if isinstance(target, list | tuple):
        return any(equal(value, wanted) for value in target)
    return equal(target, wanted)


def _contains(left: list[Any], right: list[Any]) -> bool:
    return all(any(equal(value, other) for other in left) for value in right)


def _intersects(left: list[Any], right: list[Any]) -> bool:
    return any(equal(value, other) for value in left for other in right)


def _equivalent(left: list[Any], right: list[Any]) -> bool:
    return _contains(left, right) and _contains(right, left)


_SUMS = {"int": 0, "uint": Uint(0), "double": 0.0, "google.protobuf.Duration": Duration(0)}

LISTS = Library(
    "lists",
    {
        "isSorted": tuple(
            Overload(f"list_{_short(name)}_is_sorted_bool", f"list({name}).() -> bool", _is_sorted) for name in _NAMES
        ),
        "sum": tuple(
            Overload(f"list_{_short(name)}_sum_{_short(name)}", f"list({name}).() -> {name}", _sum(zero))
            for name, zero in _SUMS.items()
        ),
        "min": tuple(
            Overload(f"list_{_short(name)}_min_{_short(name)}", f"list({name}).() -> {name}", _extreme("min", min))
            for name in _NAMES
        ),
        "max": tuple(
            Overload(f"list_{_short(name)}_max_{_short(name)}", f"list({name}).() -> {name}", _extreme("max", max))
            for name in _NAMES
        ),
        "indexOf": (Overload("list_a_index_of_int", "list(<A>).(<A>) -> int", _index_of),),
        "lastIndexOf": (Overload("list_a_last_index_of_int", "list(<A>).(<A>) -> int", _last_index_of),),
        "includes": (Overload("list_includes_dyn_dyn", "dyn.(dyn) -> bool", _includes),),
        "slice": (Overload("list_slice", "list(<T>).(int, int) -> list(<T>)", _slice),),
        "flatten": (
            Overload("list_flatten", "list(list(<T>)).() -> list(<T>)", _flatten, is_guarded=False),
            Overload("list_flatten_int", "list(dyn).(int) -> list(dyn)", _flatten),
        ),
        "sort": tuple(
            Overload(f"list_{name}_sort", f"list({name}).() -> list({name})", _sort, is_guarded=False)
            for name in _NAMES
        ),
        "@sortByAssociatedKeys": tuple(
            Overload(f"list_{name}_sortByAssociatedKeys", f"list(<T>).(list({name})) -> list(<T>)", _sort_by)
            for name in _NAMES
        ),
        "lists.range": (Overload("lists_range", "(int) -> list(int)", _range),),
        "reverse": (Overload("list_reverse", "list(<T>).() -> list(<T>)", lambda values: values[::-1]),),
        "distinct": (Overload("list_distinct", "list(<T>).() -> list(<T>)", _distinct),),
        "sets.contains": (Overload("list_sets_contains_list", "(list(<T>), list(<T>)) -> bool", _contains),),
        "sets.equivalent": (Overload("list_sets_equivalent_list", "(list(<T>), list(<T>)) -> bool", _equivalent),),
        "sets.intersects": (Overload("list_sets_intersects_list", "(list(<T>), list(<T>)) -> bool", _intersects),),
    },
    macros.LISTS,
)
