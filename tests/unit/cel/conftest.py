"""Expressions and what they say."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from steersman.cel import times, types
from steersman.cel.errors import CelError
from steersman.cel.estimate import estimate
from steersman.cel.numbers import quote, show_double
from steersman.cel.program import Environment, compile_
from steersman.cel.values import Duration, OptionalValue, Timestamp, Uint

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.cel.ranges import Range

VARIABLES = {
    "object": types.DYN,
    "x": types.INT,
    "s": types.STRING,
    "l": types.list_of(types.INT),
    "m": types.map_of(types.STRING, types.INT),
}
BOUND = {"object": {"spec": {"replicas": 3}}, "x": 2, "s": "abc", "l": [1, 2, 3], "m": {"a": 1}}


@pytest.fixture(scope="session")
def value():
    """The value of an expression over BOUND."""
    environment = Environment(VARIABLES)

    def evaluate(text: str, **options: Any) -> Any:
        return compile_(text, environment).evaluate(BOUND, **options)

    return evaluate


# -- tables of expressions and answers, as tests/unit/cel/libraries holds them

DATA = {
    "d": {"a": 1, "b": {"c": "x", "n": None}, "l": [1, 2, 3], "s": "str", "t": True, "f": 1.5},
    "s": "hello",
    "i": 5,
    "o": {"k": 1, "n": {"z": "q"}},
    "ls": ["a", "b"],
    "li": [3, 1, 2],
    "m": {"x": "y"},
}
TYPED = {
    "d": "dyn", "s": "string", "i": "int", "o": "map(string, dyn)", "ls": "list(string)", "li": "list(int)",
    "m": "map(string, string)",
}  # fmt: skip


@cache
def typed() -> Environment:
    """The variables of DATA, with the types that a schema would give them."""
    return Environment({name: types.parse_type(kind) for name, kind in TYPED.items()})


def say(expression: str) -> str:
    """What an expression over DATA says: a value as CEL would write it, or `! message` where there is none."""
    try:
        program = compile_(expression, typed())
        return shown(program.evaluate(DATA))
    except CelError as error:
        return "! " + str(error).partition("\n")[0].removeprefix("ERROR: <input>:")


def shown(value: Any) -> str:
    """A value, as CEL would write it."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case Uint():
            return f"{int(value)}u"
        case float():
            return show_double(value) + ("" if any(mark in show_double(value) for mark in ".eNI") else ".0")
        case str():
            return quote(value)
        case list() | tuple():
            return f"[{', '.join(map(shown, value))}]"
        case dict():
            return "{" + ", ".join(sorted(f"{shown(key)}: {shown(part)}" for key, part in value.items())) + "}"
        case OptionalValue():
            return f"optional({shown(value.content)})" if value.present else "none"
        case types.Type():
            return value.name
        case Timestamp():
            return times.show_timestamp(value)
        case Duration():
            return times.show_duration(value)
    return str(value)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`test_positions(expression, answer, …)` runs for each line `expression => answer` of the module's POSITIONS."""
    if not {"expression", "answer"} <= set(metafunc.fixturenames):
        return
    table: str = getattr(metafunc.module, metafunc.function.__name__.removeprefix("test_").upper())
    lines = [line for line in table.splitlines() if "=>" in line]
    rows = [tuple(part.strip() for part in line.rsplit("=>", 1)) for line in lines]
    metafunc.parametrize(("expression", "answer"), rows, ids=[row[0] for row in rows])


@pytest.fixture(scope="session")
def said() -> Callable[[str], str]:
    """What an expression over DATA says: a value as CEL would write it, or `! message` where there is none."""
    return say


@pytest.fixture(scope="session")
def cost() -> Callable[[str], str]:
    """What an evaluation over DATA takes."""
    return lambda expression: str(compile_(expression, typed()).measure(DATA).cost)


@pytest.fixture(scope="session")
def estimated() -> Callable[[str], Range]:
    """What an evaluation may take at least and at most."""
    return lambda expression: estimate(compile_(expression, typed()).tree)
