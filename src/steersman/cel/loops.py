"""Comprehensions as loops: one per macro, with the costs of the general form that the macro stands for.

Each charges an iteration before it runs, so that an expensive loop ends where its limit does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from steersman.cel.errors import CostExceeded, EvaluationError, no_such_overload
from steersman.cel.operators import show_key
from steersman.cel.types import Type
from steersman.cel.values import MISSING, Duration, OptionalValue, Timestamp, Uint, find

if TYPE_CHECKING:
    from steersman.cel.code import Code, Frame, Run

_GO_NAMES = {
    bool: "types.Bool", int: "types.Int", Uint: "types.Uint", float: "types.Double", str: "types.String",
    bytes: "types.Bytes", type(None): "types.Null", Timestamp: "types.Timestamp", Duration: "types.Duration",
    OptionalValue: "*types.Optional", Type: "*types.Type",
}  # fmt: skip

ALL_COST, EXISTS_COST = 3, 4
"""Of an iteration: testing whether to go on, and joining the accumulator with the body's answer."""
GO_ON_COST = {False: 2, True: 3}
APPEND_COST, APPEND_CONSTANT_COST, INSERT_COST, COUNT_COST = 12, 2, 2, 2
"""A list of one element is made and joined for each element, or only joined where it is always the same."""


def iterate(over: Any) -> Iterator[Any]:
    """Elements of a list, or keys of a map."""
    if isinstance(over, list | tuple | Mapping):
        return iter(over)
    raise EvaluationError(f"got '{_GO_NAMES.get(type(over), type(over).__name__)}', expected iterable type")


def iterate_pairs(over: Any) -> Iterator[tuple[Any, Any]]:
    """Indices and elements of a list, or keys and values of a map."""
    if isinstance(over, Mapping):
        return iter(over.items())
    return enumerate(iterate(over))


def quantifier(over: Run, slots: tuple[int, ...], body: Code, *, stop: bool) -> Run:
    """`all` stops at the first False, `exists` at the first True; errors count only if nothing stopped it."""
    run, charge = body.run, body.cost + (EXISTS_COST if stop else ALL_COST)
    go_on = GO_ON_COST[stop]
    items_of, slot, second = _variables(slots)

    def loop(frame: Frame) -> Any:
        failure: EvaluationError | None = None
        answer: bool
        items = items_of(over(frame))
        for item in items:
            if second:
                frame[slot], frame[second] = item
            else:
                frame[slot] = item
            frame[0] += charge
            if frame[0] > frame[1]:
                raise CostExceeded
            try:
                answer = run(frame)
            except CostExceeded:
                raise
            except EvaluationError as error:
                failure = failure or error
                continue
            if answer is stop:
                if next(items, MISSING) is not MISSING:  # there would be more to look at
                    frame[0] += go_on
                return stop
            if answer is (not stop):
                continue
            failure = failure or no_such_overload()
        if failure is not None:
            raise failure
        return not stop

    return loop


def exists_one(over: Run, slots: tuple[int, ...], body: Code) -> Run:
    """Whether the body is true exactly once; it sees every element."""
    run, charge = body.run, body.cost
    items_of, slot, second = _variables(slots)

    def loop(frame: Frame) -> bool:
        count = 0
        for item in items_of(over(frame)):
            if second:
                frame[slot], frame[second] = item
            else:
                frame[slot] = item
            _charge(frame, charge)
            answer = run(frame)
            if answer is True:
                count += 1
                frame[0] += COUNT_COST
            elif answer is not False:
                raise no_such_overload()
        return count == 1

    return loop


def collect(over: Run, slots: tuple[int, ...], keep: Code | None, made: Code) -> Run:
    """A list of what `made` is for each element, or for each that `keep` is true for."""
    run, charge = made.run, made.cost + (APPEND_CONSTANT_COST if made.is_constant else APPEND_COST)
    items_of, slot, second = _variables(slots)

    def loop(frame: Frame) -> list[Any]:
        found = []
        for item in items_of(over(frame)):
            if second:
                frame[slot], frame[second] = item
            else:
                frame[slot] = item
            if _kept(frame, keep):
                _charge(frame, charge)
                found.append(run(frame))
        return found

    return loop


def collect_map(over: Run, slots: tuple[int, ...], keep: Code | None, made: Code, *, entries: bool) -> Run:
    """A map with the same keys, or, with `entries`, of the entries of each map that `made` is."""
    run, charge = made.run, made.cost + INSERT_COST + (0 if entries else 1)
    items_of, slot, second = _variables(slots)

    def loop(frame: Frame) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for item in items_of(over(frame)):
            if second:
                frame[slot], frame[second] = item
            else:
                frame[slot] = item
            if not _kept(frame, keep):
                continue
            _charge(frame, charge)
            value = run(frame)
            if entries and not isinstance(value, Mapping):
                raise no_such_overload()
            for key, part in value.items() if entries else ((frame[slots[0]], value),):
                if find(found, key) is not MISSING:
                    raise EvaluationError(f"insert failed: key {show_key(key)} already exists")
                found[key] = part
        return found

    return loop


def bind(init: Run, slot: int, body: Run) -> Run:
    """`body`, with the slot holding `init`."""

    def run(frame: Frame) -> Any:
        frame[slot] = init(frame)
        return body(frame)

    return run


def _variables(slots: tuple[int, ...]) -> tuple[Callable[[Any], Iterator[Any]], int, int]:
    """How to go through a range, the slot of its first variable, and that of its second, or 0."""
    return (iterate, slots[0], 0) if len(slots) == 1 else (iterate_pairs, slots[0], slots[1])


def _charge(frame: Frame, cost: int) -> None:
    frame[0] += cost
    if frame[0] > frame[1]:
        raise CostExceeded


def _kept(frame: Frame, keep: Code | None) -> bool:
    if keep is None:
        return True
    _charge(frame, keep.cost)
    answer = keep.run(frame)
    if answer is True or answer is False:
        return bool(answer)
    raise no_such_overload()
