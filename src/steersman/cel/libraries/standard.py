"""The language's own functions: operators, sizes, conversions between types, and a few on strings.

Operators stand here for their types only; the compiler goes to `operators` directly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steersman.cel import macros, operators, times
from steersman.cel.declarations import Library, Overload
from steersman.cel.errors import EvaluationError
from steersman.cel.numbers import parse_double, parse_integer, show_double
from steersman.cel.operators import checked_int, checked_timestamp, checked_uint
from steersman.cel.regex import search
from steersman.cel.types import Type
from steersman.cel.values import INT_MAX, INT_MIN, SECOND_NS, UINT_MAX, Timestamp, Uint, type_of

_TIMES = ("google.protobuf.Timestamp", "google.protobuf.Duration")
_SHORT = {
    "int": "int64", "uint": "uint64", "google.protobuf.Timestamp": "timestamp", "google.protobuf.Duration": "duration",
}  # fmt: skip
_TRUE, _FALSE = (
    frozenset({"1", "t", "T", "TRUE", "true", "True"}),
    frozenset({"0", "f", "F", "FALSE", "false", "False"}),
)


def _same(verb: str, names: tuple[str, ...], run: Any) -> tuple[Overload, ...]:
    """An operator on two values of one type, for several types."""
    return tuple(Overload(f"{verb}_{_SHORT.get(name, name)}", f"({name}, {name}) -> {name}", run) for name in names)


def _order(verb: str, run: Any) -> tuple[Overload, ...]:
    names = ("bool", "int", "uint", "double", "string", "bytes", *_TIMES)
    same = [Overload(f"{verb}_{_SHORT.get(name, name)}", f"({name}, {name}) -> bool", run) for name in names]
    mixed = [
        Overload(f"{verb}_{_SHORT.get(left, left)}_{_SHORT.get(right, right)}", f"({left}, {right}) -> bool", run)
        for left in ("int", "uint", "double")
        for right in ("int", "uint", "double")
        if left != right
    ]
    return (*same, *mixed)


def _unconvertible(source: str, target: str) -> EvaluationError:
    return EvaluationError(f"type conversion error from '{source}' to '{target}'")


def _string_to_int(text: str) -> int:
    try:
        value = parse_integer(text)
    except ValueError:
        raise _unconvertible("string", "int") from None
    if not INT_MIN <= value <= INT_MAX:
        raise _unconvertible("string", "int")
    return value


def _string_to_uint(text: str) -> Uint:
    try:
        value = parse_integer(text)
    except ValueError:
        raise _unconvertible("string", "uint") from None
    if text[0] in "+-" or value > UINT_MAX:
        raise _unconvertible("string", "uint")
    return Uint(value)


def _string_to_double(text: str) -> float:
    try:
        return parse_double(text)
    except ValueError:
        raise _unconvertible("string", "double") from None


def _string_to_bool(text: str) -> bool:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _unconvertible("string", "bool")


def _double_to_int(value: float) -> int:
    if not -(2.0**63) < value < 2.0**63:
        raise EvaluationError("integer overflow")
    return int(value)


def _double_to_uint(value: float) -> Uint:
    if not 0 <= value < 2.0**64:
        raise EvaluationError("unsigned integer overflow")
    return Uint(int(value))


def _bytes_to_string(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise EvaluationError("invalid UTF-8 in bytes, cannot convert to string") from None


def _size(value: Any) -> int:
    if isinstance(value, str | bytes | list | tuple | Mapping):
        return len(value)
    raise EvaluationError("no such overload: size")


def _identity(value: Any) -> Any:
    return value


def _type_of(value: Any) -> Type:
    if isinstance(value, Type):
        return type_of(value)
    found = type_of(value)
    return found if not found.params else Type(found.kind, found.name)


def _not_strictly_false(value: Any) -> bool:
    return value is not False


def _to_timestamp(seconds: int) -> Timestamp:
    return checked_timestamp(seconds * SECOND_NS)


def _conversions(target: str, **sources: Any) -> tuple[Overload, ...]:
    """`target(source)` for each source; the name of a source is that of its type in overload identifiers."""
    named = {"int64": "int", "uint64": "uint", "timestamp": _TIMES[0], "duration": _TIMES[1]}
    own = {"int": "int64", "uint": "uint64"}.get(target, target)
    result = {"timestamp": _TIMES[0], "duration": _TIMES[1]}.get(target, target)
    return (
        Overload(f"{own}_to_{own}", f"({result}) -> {result}", _identity),
        *(
            Overload(f"{source}_to_{own}", f"({named.get(source, source)}) -> {result}", run)
            for source, run in sources.items()
        ),
    )


_FUNCTIONS = {
    "_+_": (
        *_same("add", ("bytes", "double", "int", "string", "uint"), operators.add),
        Overload("add_duration_duration", f"({_TIMES[1]}, {_TIMES[1]}) -> {_TIMES[1]}", operators.add),
        Overload("add_duration_timestamp", f"({_TIMES[1]}, {_TIMES[0]}) -> {_TIMES[0]}", operators.add),
        Overload("add_timestamp_duration", f"({_TIMES[0]}, {_TIMES[1]}) -> {_TIMES[0]}", operators.add),
        Overload("add_list", "(list(<A>), list(<A>)) -> list(<A>)", operators.add),
    ),
    "_-_": (
        *_same("subtract", ("double", "int", "uint"), operators.subtract),
        Overload("subtract_duration_duration", f"({_TIMES[1]}, {_TIMES[1]}) -> {_TIMES[1]}", operators.subtract),
        Overload("subtract_timestamp_duration", f"({_TIMES[0]}, {_TIMES[1]}) -> {_TIMES[0]}", operators.subtract),
        Overload("subtract_timestamp_timestamp", f"({_TIMES[0]}, {_TIMES[0]}) -> {_TIMES[1]}", operators.subtract),
    ),
    "_*_": _same("multiply", ("double", "int", "uint"), operators.multiply),
    "_/_": _same("divide", ("double", "int", "uint"), operators.divide),
    "_%_": _same("modulo", ("int", "uint"), operators.modulo),
    "_<_": _order("less", operators.less),
    "_<=_": _order("less_equals", operators.less_equals),
    "_>_": _order("greater", operators.greater),
    "_>=_": _order("greater_equals", operators.greater_equals),
    "_==_": (Overload("equals", "(<A>, <A>) -> bool", _identity),),
    "_!=_": (Overload("not_equals", "(<A>, <A>) -> bool", _identity),),
    "_&&_": (Overload("logical_and", "(bool, bool) -> bool", _identity),),
    "_||_": (Overload("logical_or", "(bool, bool) -> bool", _identity),),
    "_?_:_": (Overload("conditional", "(bool, <A>, <A>) -> <A>", _identity),),
    "!_": (Overload("logical_not", "(bool) -> bool", operators.logical_not),),
    "-_": (
        Overload("negate_double", "(double) -> double", operators.negate),
        Overload("negate_int64", "(int) -> int", operators.negate),
    ),
    "@not_strictly_false": (Overload("not_strictly_false", "(bool) -> bool", _not_strictly_false),),
    "@in": (
        Overload("in_list", "(<A>, list(<A>)) -> bool", _identity),
        Overload("in_map", "(<A>, map(<A>, <B>)) -> bool", _identity),
    ),
    "_[_]": (
        Overload("index_list", "(list(<A>), int) -> <A>", operators.index),
        Overload("index_map", "(map(<A>, <B>), <A>) -> <B>", operators.index),
        Overload("optional_list_index_int", "(optional_type(list(<V>)), int) -> optional_type(<V>)", _identity),
        Overload("optional_map_index_value", "(optional_type(map(<K>, <V>)), <K>) -> optional_type(<V>)", _identity),
    ),
    "size": tuple(
        Overload(identifier, signature, _size)
        for kind, of in (("bytes", "bytes"), ("list", "list(<A>)"), ("map", "map(<A>, <B>)"), ("string", "string"))
        for identifier, signature in ((f"size_{kind}", f"({of}) -> int"), (f"{kind}_size", f"{of}.() -> int"))
    ),
    "contains": (Overload("contains_string", "string.(string) -> bool", lambda text, part: part in text),),
    "startsWith": (Overload("starts_with_string", "string.(string) -> bool", str.startswith),),
    "endsWith": (Overload("ends_with_string", "string.(string) -> bool", str.endswith),),
    "matches": (
        Overload("matches", "(string, string) -> bool", search),
        Overload("matches_string", "string.(string) -> bool", search),
    ),
    "bool": _conversions("bool", string=_string_to_bool),
    "bytes": _conversions("bytes", string=str.encode),
    "double": _conversions("double", int64=float, string=_string_to_double, uint64=float),
    "duration": _conversions("duration", string=times.parse_duration),
    "dyn": (Overload("to_dyn", "(<A>) -> dyn", _identity),),
    "int": _conversions(
        "int",
        double=_double_to_int,
        duration=lambda value: value.ns,
        string=_string_to_int,
        timestamp=lambda value: value.ns // SECOND_NS,
        uint64=lambda value: checked_int(int(value)),
    ),
    "string": _conversions(
        "string",
        bool=lambda value: "true" if value else "false",
        bytes=_bytes_to_string,
        double=show_double,
        duration=times.show_duration,
        int64=str,
        timestamp=times.show_timestamp,
        uint64=lambda value: str(int(value)),
    ),
    "timestamp": _conversions("timestamp", int64=_to_timestamp, string=times.parse_timestamp),
    "type": (Overload("type", "(<A>) -> type(<A>)", _type_of),),
    "uint": _conversions("uint", double=_double_to_uint, int64=checked_uint, string=_string_to_uint),
}

STANDARD = Library("standard", _FUNCTIONS, macros.STANDARD)
