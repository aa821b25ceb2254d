"""Reaching into values: selections, indices, membership, literals; and fields whose JSON form is not the form CEL sees.

A path first tries plain subscription, which is right for nearly every object; only where that fails is it walked step
by step.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from steersman.cel import operators, times
from steersman.cel.errors import EvaluationError, no_such_overload
from steersman.cel.values import NONE, OptionalValue, contains

if TYPE_CHECKING:
    from steersman.cel.code import Frame, Run
    from steersman.cel.types import Type

Convert = Callable[[Any], Any]


def path(root: Run, keys: tuple[str, ...], slot: int | None = None) -> Run:
    """`root.a.b.c`; `slot` is where the root is kept, if it is a variable."""
    if slot is not None and len(keys) < 4:
        return _path_of_variable(slot, keys)
    if len(keys) == 1:
        (only,) = keys

        def one(frame: Frame) -> Any:
            value = root(frame)
            try:
                return value[only]
            except (KeyError, TypeError):
                return operators.select(value, only)

        return one
    if len(keys) == 2:
        first, second = keys

        def two(frame: Frame) -> Any:
            value = root(frame)
            try:
                return value[first][second]
            except (KeyError, TypeError):
                return _walk(value, keys)

        return two

    def many(frame: Frame) -> Any:
        value = at = root(frame)
        try:
            for key in keys:
                at = at[key]
        except (KeyError, TypeError):
            return _walk(value, keys)
        return at

    return many


def _path_of_variable(slot: int, keys: tuple[str, ...]) -> Run:
    """The same without the call for the root."""
    first, second, third = (*keys, "", "")[:3]

    def one(frame: Frame) -> Any:
        try:
            return frame[slot][first]
        except (KeyError, TypeError):
            return _walk(frame[slot], keys)

    def two(frame: Frame) -> Any:
        try:
            return frame[slot][first][second]
        except (KeyError, TypeError):
            return _walk(frame[slot], keys)

    def three(frame: Frame) -> Any:
        try:
            return frame[slot][first][second][third]
        except (KeyError, TypeError):
            return _walk(frame[slot], keys)

    return (one, two, three)[len(keys) - 1]


def _walk(value: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        value = operators.select(value, key)
    return value


def index(container: Run, key: Run) -> Run:
    """`container[key]`."""
    subscript = operators.index

    def run(frame: Frame) -> Any:
        held, wanted = container(frame), key(frame)
        if type(held) is dict and type(wanted) is str and wanted in held:
            return held[wanted]
        return subscript(held, wanted)

    return run


def optional(operand: Run, key: Run, charge: int, convert: Convert | None) -> Run:
    """`operand.?key` and `operand[?key]`, or a plain selection from an optional; absence costs nothing."""

    def run(frame: Frame) -> OptionalValue:
        found = operators.select_optional(operand(frame), key(frame))
        if not found.present:
            return NONE
        frame[0] += charge
        return found if convert is None else OptionalValue(present=True, content=convert(found.content))

    return run


def test(operand: Run, key: str) -> Run:
    """`has(operand.key)`."""

    def run(frame: Frame) -> bool:
        value = operand(frame)
        return key in value if type(value) is dict else operators.has(value, key)

    return run


def contained(value: Any, container: Any) -> bool:
    """`value in container`."""
    return contains(container, value)


def member_of(value: Run, elements: list[Any]) -> Run:
    """`value in [constants]`: a set where all of them are strings."""
    if all(type(element) is str for element in elements):
        names = frozenset(elements)

        def look_up(frame: Frame) -> bool:
            wanted = value(frame)
            return type(wanted) is str and wanted in names

        return look_up
    return lambda frame: contains(elements, value(frame))


def gather(frame: Frame, runs: list[Run], optionals: frozenset[int]) -> list[Any]:
    """A list whose optional elements may be absent."""
    found = []
    for at, run in enumerate(runs):
        value = run(frame)
        if at not in optionals:
            found.append(value)
        elif type(value) is not OptionalValue:
            raise EvaluationError(f"cannot initialize optional list element from non-optional value {value}")
        elif value.present:
            found.append(value.content)
    return found


def build_map(frame: Frame, pairs: list[tuple[Run, Run, bool]]) -> dict[Any, Any]:
    """A map from its entries; of two entries with one key the later counts."""
    found: dict[Any, Any] = {}
    for key_run, value_run, is_optional in pairs:
        key, value = key_run(frame), value_run(frame)
        if is_optional:
            if type(value) is not OptionalValue:
                raise EvaluationError(f"cannot initialize optional entry '{key}' from non-optional value {value}")
            if not value.present:
                continue
            value = value.content
        try:
            found[key] = value
        except TypeError:
            raise EvaluationError(f"unsupported key type: {operators.type_name(key)}") from None
    return found


# -- declared fields


def conversion(declared: Type) -> Convert | None:
    """What makes a field's JSON value into what its declared type says, or None where they are the same."""
    match declared.kind:
        case "timestamp":
            return lambda value: times.parse_moment(value) if isinstance(value, str) else value
        case "duration":
            return lambda value: times.parse_duration(value) if isinstance(value, str) else value
        case "double":
            return lambda value: float(value) if type(value) is int else value
        case "bytes":
            return _decode
        case "list":
            inner = conversion(declared.params[0])
            return None if inner is None else lambda value: value if value is None else [inner(part) for part in value]
        case "map":
            part = conversion(declared.params[1])
            return None if part is None else lambda value: _convert_values(value, part)
    return None


def converted(run: Run, convert: Convert) -> Run:
    """The value of `run`, converted."""
    return lambda frame: convert(run(frame))


def _convert_values(value: Any, convert: Convert) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: convert(part) for key, part in value.items()}


def _decode(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise no_such_overload() from None
