"""Values at run time: JSON's own where JSON has them, and the few classes for what it lacks.

| CEL | here |
|---|---|
| bool, string, bytes, null | `bool`, `str`, `bytes`, `None` |
| int, uint, double | `int`, `Uint`, `float` |
| list, map, object | `list` or `tuple`, any `Mapping` (a `dict` is quickest) |
| timestamp, duration | `Timestamp`, `Duration`: nanoseconds |
| optional, type | `OptionalValue`, `types.Type` |
| kubernetes.Quantity and the like | subclasses of `Opaque` |

Python holds `True == 1`, CEL does not: compare with `equal`, never with `==`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from steersman.cel import types
from steersman.cel.errors import EvaluationError, no_such_overload

INT_MIN, INT_MAX, UINT_MAX = -(2**63), 2**63 - 1, 2**64 - 1
SECOND_NS = 1_000_000_000
TIMESTAMP_MIN_S, TIMESTAMP_MAX_S = -62135596800, 253402300799


class Uint(int):
    """An unsigned 64-bit integer."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A moment, in nanoseconds since 1970 UTC; years 1 to 9999."""

    ns: int
    offset_s: int = field(default=0, compare=False)
    """Of the zone it was written in, which only its text shows."""


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A span of time in nanoseconds, signed 64 bits."""

    ns: int


class Opaque:
    """Base of values that only their own functions look into; subclasses are hashable and define equality."""

    __slots__ = ()
    cel_type: ClassVar[types.Type]


@dataclass(frozen=True, slots=True)
class OptionalValue:
    """A value, or its absence."""

    present: bool
    content: Any = None

    def get(self) -> Any:
        """The value; raises EvaluationError where there is none."""
        if not self.present:
            raise EvaluationError("optional.none() dereference")
        return self.content


NONE = OptionalValue(present=False)

_TYPES: dict[type, types.Type] = {
    bool: types.BOOL,
    int: types.INT,
    Uint: types.UINT,
    float: types.DOUBLE,
    str: types.STRING,
    bytes: types.BYTES,
    type(None): types.NULL,
    list: types.LIST,
    tuple: types.LIST,
    dict: types.MAP,
    Timestamp: types.TIMESTAMP,
    Duration: types.DURATION,
    OptionalValue: types.optional_of(types.DYN),
    types.Type: types.TYPE,
}


def type_of(value: Any) -> types.Type:
    """The type that a value has at run time; lists and maps say nothing about what is in them."""
    known = _TYPES.get(type(value))
    if known is not None:
        return known
    if isinstance(value, Opaque):
        return value.cel_type
    if isinstance(value, Mapping):
        return types.MAP
    if isinstance(value, Sequence):
        return types.LIST
    raise TypeError(f"not a value of CEL: {type(value).__name__}")


def equal(left: Any, right: Any) -> bool:
    """CEL's `==`: numbers compare across their types, everything else only within its own; never fails."""
    kind = type(left)
    if kind is type(right):
        if kind is dict or kind is list:
            # Python sees no difference between True and 1, but it finds quickly what differs.
            return left == right and _same_kinds(left, right)
        return bool(left == right)
    if kind in _SCALARS and type(right) in _SCALARS:
        return kind is not bool and type(right) is not bool and bool(left == right)
    return _equal_containers(left, right)


def _equal_containers(left: Any, right: Any) -> bool:
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return len(left) == len(right) and all(
            (found := find(right, key)) is not MISSING and equal(value, found) for key, value in left.items()
        )
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    return False


def _same_kinds(left: Any, right: Any) -> bool:
    """Whether two lists or maps that Python holds equal are equal to CEL as well."""
    if type(left) is dict:
        return all(
            (value is other and value == value) or equal(value, other)  # noqa: PLR0124 - NaN differs from itself
            for key, value in left.items()
            if (other := right[key]) is not MISSING
        )
    return all(
        (value is other and value == value) or equal(value, other)  # noqa: PLR0124 - NaN differs from itself
        for value, other in zip(left, right, strict=True)
    )


class _Missing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()
"""Stands for no value at all, where None would be null."""

_SCALARS = frozenset({bool, int, Uint, float})


def find(mapping: Mapping[Any, Any], key: Any) -> Any:
    """The value of a key, or MISSING; a whole double finds the int key that equals it, a bool finds only bools."""
    kind = type(key)
    if kind is str:
        return _get(mapping, key)
    if kind is bool:
        return next((value for held, value in mapping.items() if held is key), MISSING)
    if kind in _SCALARS:
        return next((v for held, v in mapping.items() if type(held) is not bool and held == key), MISSING)
    try:
        return mapping.get(key, MISSING)
    except TypeError:
        return MISSING


def _get(mapping: Mapping[Any, Any], key: str) -> Any:
    try:
        return mapping[key]
    except KeyError:
        return MISSING


def contains(container: Any, value: Any) -> bool:
    """CEL's `in`: an element of a list, or a key of a map."""
    if isinstance(container, Mapping):
        if type(value) is str:
            return value in container
        return find(container, value) is not MISSING
    if isinstance(container, list | tuple):
        if type(value) is str:
            return value in container
        return any(equal(value, element) for element in container)
    raise no_such_overload()


def size_for_cost(value: Any) -> int:
    """How large cost accounting holds a value to be: characters, bytes, elements; one for everything else."""
    kind = type(value)
    if kind is str or kind is list or kind is dict or isinstance(value, bytes | tuple | Mapping):
        return len(value)
    if kind is OptionalValue and value.present:
        return size_for_cost(value.content)
    return 1
