"""Arithmetic, order and access, as the language defines them: 64-bit integers that fail instead of wrapping, numbers
that compare across their types, and the same messages as cel-go for what has no answer.

Every function takes values of any type, as most objects are only known when they are there.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from steersman.cel.errors import EvaluationError, no_such_overload
from steersman.cel.numbers import show_double
from steersman.cel.values import (
    INT_MAX,
    INT_MIN,
    MISSING,
    NONE,
    SECOND_NS,
    TIMESTAMP_MAX_S,
    TIMESTAMP_MIN_S,
    UINT_MAX,
    Duration,
    OptionalValue,
    Timestamp,
    Uint,
    find,
    type_of,
)

_NUMBERS = frozenset({int, float, Uint})
_ORDERED = frozenset({int, float, Uint, str, bytes, bool, Timestamp, Duration})


_OPERANDS = {
    "_+_": frozenset({int, float, Uint, str, bytes, list, tuple, Timestamp, Duration}),
    "_-_": frozenset({int, float, Uint, Timestamp, Duration}),
    "_*_": _NUMBERS,
    "_/_": _NUMBERS,
    "_%_": frozenset({int, Uint}),
    "-_": frozenset({int, float, bool, Duration}),
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), _ORDERED),
}
_RECEIVERS = frozenset({str, Timestamp, Duration})


def _refused(symbol: str, left: Any) -> EvaluationError:
    """The operator is named only to a left side that it could not work with, whatever is on the right."""
    if type(left) in _OPERANDS[symbol] or type(left) in _RECEIVERS:
        return no_such_overload()
    return EvaluationError(f"no such overload: {symbol}")


def checked_int(value: int) -> int:
    """The value, if 64 bits hold it."""
    if INT_MIN <= value <= INT_MAX:
        return value
    raise EvaluationError("integer overflow")


def checked_uint(value: int) -> Uint:
    """The value as an unsigned integer, if 64 bits hold it."""
    if 0 <= value <= UINT_MAX:
        return Uint(value)
    raise EvaluationError("unsigned integer overflow")


def checked_duration(ns: int) -> Duration:
    """A duration of so many nanoseconds, if 64 bits hold them."""
    if INT_MIN <= ns <= INT_MAX:
        return Duration(ns)
    raise EvaluationError("integer overflow")


def checked_timestamp(ns: int, offset_s: int = 0) -> Timestamp:
    """A moment, if it lies in the years 1 to 9999."""
    if TIMESTAMP_MIN_S <= ns // SECOND_NS <= TIMESTAMP_MAX_S:
        return Timestamp(ns, offset_s)
    raise EvaluationError("timestamp overflow")


def add(left: Any, right: Any) -> Any:
    """`+`: numbers, strings, bytes, lists, durations, and a duration to a timestamp."""
    kind = type(left)
    if kind is type(right):
        if kind is int:
            return checked_int(left + right)
        if kind is str or kind is float or kind is list or kind is bytes:
            return left + right
        if kind is Uint:
            return checked_uint(int(left) + int(right))
        if kind is Duration:
            return checked_duration(left.ns + right.ns)
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return [*left, *right]
    elif (kind is Timestamp and type(right) is Duration) or (kind is Duration and type(right) is Timestamp):
        offset_s: int = left.offset_s if isinstance(left, Timestamp) else right.offset_s  # type: ignore[union-attr]
        return checked_timestamp(left.ns + right.ns, offset_s)
    raise _refused("_+_", left)


def subtract(left: Any, right: Any) -> Any:
    """`-`: numbers, durations, timestamps."""
    kind = type(left)
    if kind is type(right):
        if kind is int:
            return checked_int(left - right)
        if kind is float:
            return left - right
        if kind is Uint:
            return checked_uint(int(left) - int(right))
        if kind is Duration or kind is Timestamp:
            return checked_duration(left.ns - right.ns)
    elif kind is Timestamp and type(right) is Duration:
        return checked_timestamp(left.ns - right.ns, left.offset_s)
    raise _refused("_-_", left)


def multiply(left: Any, right: Any) -> Any:
    """`*`: numbers."""
    kind = type(left)
    if kind is type(right):
        if kind is int:
            return checked_int(left * right)
        if kind is float:
            return left * right
        if kind is Uint:
            return checked_uint(int(left) * int(right))
    raise _refused("_*_", left)


def divide(left: Any, right: Any) -> Any:
    """`/`: numbers; integers are cut towards zero."""
    kind = type(left)
    if kind is not type(right) or kind not in _NUMBERS:
        raise _refused("_/_", left)
    if kind is float:
        return _divide_doubles(left, right)
    if right == 0:
        raise EvaluationError("division by zero")
    quotient = abs(int(left)) // abs(int(right))
    if kind is Uint:
        return Uint(quotient)
    return checked_int(quotient if (left < 0) == (right < 0) else -quotient)


def _divide_doubles(left: float, right: float) -> float:
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


def modulo(left: Any, right: Any) -> Any:
    """`%`: integers; the sign is that of the left side."""
    kind = type(left)
    if kind is not type(right) or (kind is not int and kind is not Uint):
        raise _refused("_%_", left)
    if right == 0:
        raise EvaluationError("modulus by zero")
    if kind is Uint:
        return Uint(int(left) % int(right))
    if left == INT_MIN and right == -1:
        raise EvaluationError("integer overflow")
    return int(math.fmod(left, right)) if abs(left) < 2**52 else (abs(left) % abs(right)) * (1 if left > 0 else -1)


def negate(value: Any) -> Any:
    """Unary `-`."""
    if type(value) is int:
        return checked_int(-value)
    if type(value) is float:
        return -value
    if type(value) is Duration:
        return checked_duration(-value.ns)
    raise _refused("-_", value)


def logical_not(value: Any) -> bool:
    """`!`."""
    if value is True:
        return False
    if value is False:
        return True
    raise no_such_overload()


def _comparison(name: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def ordered(left: Any, right: Any) -> bool:
        kind = type(left)
        if kind is type(right):
            if kind is int or kind is str:
                return compare(left, right)
            comparable = kind in _ORDERED
        else:
            comparable = kind in _NUMBERS and type(right) in _NUMBERS
        if not comparable:
            raise _refused(name, left)
        if left != left or right != right:  # noqa: PLR0124 - NaN differs from itself
            raise EvaluationError("NaN values cannot be ordered")
        return compare(left, right)

    return ordered


less = _comparison("_<_", operator.lt)
less_equals = _comparison("_<=_", operator.le)
greater = _comparison("_>_", operator.gt)
greater_equals = _comparison("_>=_", operator.ge)


def index(container: Any, key: Any) -> Any:
    """`container[key]`; raises EvaluationError for what is not there."""
    if type(container) is OptionalValue:
        return select_optional(container, key)
    found = lookup(container, key)
    if found is MISSING:
        word = "index out of bounds" if isinstance(container, list | tuple) else "no such key"
        raise EvaluationError(f"{word}: {show_key(key)}")
    return found


def lookup(container: Any, key: Any) -> Any:
    """An element of a list or map, or MISSING."""
    if isinstance(container, Mapping):
        return find(container, key)
    if isinstance(container, list | tuple):
        position = list_index(key)
        return container[position] if 0 <= position < len(container) else MISSING
    return MISSING


def list_index(key: Any) -> int:
    """The position that a value names: an integer, or a whole double."""
    if type(key) is int or type(key) is Uint:
        return int(key)
    if type(key) is float and key.is_integer():
        return int(key)
    if type(key) is float:
        raise EvaluationError(f"unsupported index value {key:g} in list")
    raise EvaluationError(f"unsupported index type '{type_name(key)}' in list")


def type_name(value: Any) -> str:
    """The name of a value's type."""
    return type_of(value).name


def show_key(key: Any) -> str:
    """A key as messages show it."""
    if isinstance(key, bool):
        return "true" if key else "false"
    if type(key) is float:
        return show_double(key)
    return str(key) if key is not None else "null"


def select(value: Any, name: str) -> Any:
    """`value.name` for any value, where the quick way failed; of an optional value, an optional one."""
    return index(value, name)


def select_optional(value: Any, key: Any) -> OptionalValue:
    """`value.?name` and `value[?key]`: none where it is not there."""
    if type(value) is OptionalValue:
        if not value.present:
            return NONE
        value = value.content
    found = lookup(value, key)
    return NONE if found is MISSING else OptionalValue(present=True, content=found)


def has(value: Any, name: str) -> bool:
    """Whether `name` can be selected."""
    if type(value) is OptionalValue:
        return value.present and has(value.content, name)
    if isinstance(value, Mapping):
        return name in value
    return lookup(value, name) is not MISSING
