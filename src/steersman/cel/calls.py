"""Calling functions: which overload the values at hand choose, and what the call costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from steersman.cel import types
from steersman.cel.code import Code
from steersman.cel.errors import CostExceeded, EvaluationError, no_such_overload
from steersman.cel.operators import type_name
from steersman.cel.types import Type
from steersman.cel.values import Duration, Opaque, OptionalValue, Timestamp, Uint

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.cel.code import Frame, Run
    from steersman.cel.cost import Cost
    from steersman.cel.declarations import Implementation, Overload

    Guard = Callable[[Any], bool]

_CLASSES: Mapping[str, type] = {
    "bool": bool,
    "int": int,
    "uint": Uint,
    "double": float,
    "string": str,
    "bytes": bytes,
    "null": type(None),
    "timestamp": Timestamp,
    "duration": Duration,
    "type": Type,
}

_TERSE = frozenset({"contains", "startsWith", "endsWith", "matches", "find", "findAll"})
"""Functions that do not say what they were given."""


def function(implementation: Implementation, args: list[Code], charge: Cost | int) -> Code:
    """Code that calls a plain function with the values of its arguments."""
    runs = [arg.run for arg in args]
    total = sum(arg.cost for arg in args)
    if isinstance(charge, int) and len(args) == 2 and args[1].is_constant:
        first, second = runs[0], args[1].value()
        return Code(lambda frame: implementation(first(frame), second), total + charge)
    if isinstance(charge, int):
        return Code(_plain(implementation, runs), total + charge)
    return Code(_charged(implementation, runs, charge), total)


def _plain(implementation: Implementation, runs: list[Run]) -> Run:
    if len(runs) == 1:
        (only,) = runs
        return lambda frame: implementation(only(frame))
    if len(runs) == 2:
        first, second = runs
        return lambda frame: implementation(first(frame), second(frame))
    return lambda frame: implementation(*[run(frame) for run in runs])


def _charged(implementation: Implementation, runs: list[Run], charge: Cost) -> Run:
    if len(runs) == 2:
        first, second = runs

        def pair(frame: Frame) -> Any:
            args = (first(frame), second(frame))
            result = implementation(*args)
            frame[0] += charge(args, result)
            if frame[0] > frame[1]:
                raise CostExceeded
            return result

        return pair

    def run(frame: Frame) -> Any:
        args = tuple([arg(frame) for arg in runs])
        result = implementation(*args)
        frame[0] += charge(args, result)
        if frame[0] > frame[1]:
            raise CostExceeded
        return result

    return run


def dispatch(name: str, overloads: list[Overload], given: list[Type]) -> Implementation:
    """One function for all overloads that may apply: it looks at values only as far as types leave it open."""
    only = overloads[0]
    if len(overloads) == 1 and all(map(_is_certain, given, only.form.params)):
        return only.run
    exact = [_CLASSES.get(param.kind) for param in only.form.params]
    if len(overloads) == 1 and len(exact) == 2 and None not in exact:
        return _of_two(name, only.run, *exact)
    table = [(_guards(overload), overload.run) for overload in overloads]

    def choose(*args: Any) -> Any:
        for tests, run in table:
            if all(test(arg) for test, arg in zip(tests, args, strict=True)):
                return run(*args)
        raise _refused(name, args)

    return choose


def _of_two(name: str, run: Implementation, left: type | None, right: type | None) -> Implementation:
    """The commonest case, quicker: one overload, of two values without parts."""

    def choose(first: Any, second: Any) -> Any:
        if type(first) is left and type(second) is right:
            return run(first, second)
        raise _refused(name, (first, second))

    return choose


def _refused(name: str, args: tuple[Any, ...]) -> EvaluationError:
    if name in _TERSE or (name == "size" and isinstance(args[0], Timestamp | Duration)):
        return no_such_overload()
    kinds = "" if name == "size" else f"({', '.join(map(type_name, args))})"
    return EvaluationError(f"no such overload: {name}{kinds}")


def _guards(overload: Overload) -> tuple[Guard, ...]:
    params = overload.form.params
    if not overload.is_guarded:
        params = tuple(types.LIST if param.kind == "list" else param for param in params)
    return tuple(map(_matcher, params))


def _is_certain(given: Type, wanted: Type) -> bool:
    """Whether every value of the one type is fit for the other."""
    if wanted.kind in {"dyn", "param"}:
        return True
    if given.kind != wanted.kind:
        return False
    return all(map(_is_certain, given.params, wanted.params))


def _matcher(wanted: Type) -> Guard:
    """A test of values; of a list, its first element speaks for all."""
    if wanted.kind in {"dyn", "param", "error"}:
        return lambda _value: True
    if wanted.kind == "list":
        inner = _matcher(wanted.params[0])
        return lambda value: isinstance(value, list | tuple) and (not value or inner(value[0]))
    if wanted.kind in {"map", "object"}:
        return lambda value: isinstance(value, Mapping)
    if wanted.kind == "opaque":
        name = wanted.name
        if name == "optional_type":
            return lambda value: type(value) is OptionalValue
        return lambda value: isinstance(value, Opaque) and value.cel_type.name == name
    expected = _CLASSES[wanted.kind]
    return lambda value: type(value) is expected
