"""The way in: an `Environment` says what expressions may name, `compile_` makes a `Program`, `evaluate` runs it.

environment = Environment({"object": DYN, "oldObject": DYN})
program = compile_("object.spec.replicas <= 5", environment)
program.evaluate({"object": deployment, "oldObject": None})   # True
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from steersman.cel import access, checker, types
from steersman.cel.code import COST, FIRST_SLOT
from steersman.cel.compiler import Compiler
from steersman.cel.cost import PER_CALL_LIMIT
from steersman.cel.errors import CelSyntaxError, CostExceeded, EvaluationError, Issue
from steersman.cel.estimate import estimate
from steersman.cel.libraries.catalog import KUBERNETES
from steersman.cel.parser import DEPTH_MAX, parse
from steersman.cel.schemas import type_of_schema
from steersman.cel.validators import validate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.cel import syntax
    from steersman.cel.access import Convert
    from steersman.cel.code import Run
    from steersman.cel.declarations import Library, Overload
    from steersman.cel.macros import Macro
    from steersman.cel.types import Type

_TYPE_NAMES = ("bool", "bytes", "double", "int", "null_type", "string", "type", "uint")
_TYPE_VALUES = {
    **{name: types.NAMED[name] for name in _TYPE_NAMES},
    "google.protobuf.Timestamp": types.TIMESTAMP,
    "google.protobuf.Duration": types.DURATION,
    "list": types.Type("list", "list"),
    "map": types.Type("map", "map"),
    "optional_type": types.Type("opaque", "optional_type"),
}


class Environment:
    """What expressions may name: variables with their types, functions and macros of libraries, types of object
    literals.

    Build one per kind of place that expressions stand in, and keep it: it reads the libraries once.
    """

    def __init__(
        self,
        variables: Mapping[str, Type],
        *,
        libraries: Sequence[Library] = KUBERNETES,
        objects: Mapping[str, Type] | None = None,
    ) -> None:
        self.variables = dict(variables)
        self.libraries = tuple(libraries)
        self.objects = dict(objects or {})
        self.macros: dict[tuple[str, int, bool], Macro] = {}
        self.functions: dict[str, tuple[Overload, ...]] = {}
        self.constants: dict[str, Type] = dict(_TYPE_VALUES)
        for library in libraries:
            self.macros.update(library.macros)
            self.constants.update({name: types.opaque(name) for name in library.type_names})
            for name, overloads in library.functions.items():
                self.functions[name] = (*self.functions.get(name, ()), *overloads)
        self.declared = {
            **{name: types.type_of_type(_named(value)) for name, value in self.constants.items()},
            **self.variables,
        }

    @classmethod
    def of_schema(
        cls, schema: Mapping[str, Any], *, name: str = "self", is_root: bool = False, optional_old: bool = False
    ) -> Environment | None:
        """What a rule beside a structural schema may name: `self` and `oldSelf`; None where there is nothing to be
        seen.

        `name` is what messages call the type of `self`; `is_root` is set for a whole resource; with `optional_old`,
        rules also run where there was no value before.
        """
        described = type_of_schema(schema, name, is_root=is_root)
        if described is None:
            return None
        return cls({"self": described, "oldSelf": types.optional_of(described) if optional_old else described})

    def extend(self, variables: Mapping[str, Type]) -> Environment:
        """The same with more variables."""
        return Environment({**self.variables, **variables}, libraries=self.libraries, objects=self.objects)


def _named(value: Type) -> Type:
    """A type that is named without parameters: `list` is a list of anything."""
    count = {"list": 1, "map": 2, "optional_type": 1}.get(value.name, 0)
    return types.Type(value.kind, value.name, (types.DYN,) * count) if count else value


class Outcome(NamedTuple):
    """A value, and the units that it took."""

    value: Any
    cost: int


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression; holds no state of its own, so that it can be kept and shared."""

    text: str
    result: Type
    """What the checker knows about the value; dyn where it depends on the data."""
    run: Run = field(repr=False)
    base_cost: int
    tree: syntax.Node = field(repr=False)
    inputs: tuple[tuple[str, int, Convert | None], ...] = field(repr=False)
    locals: tuple[None, ...] = field(repr=False)
    """As many places as the frame has for variables."""

    def evaluate(self, bindings: Mapping[str, Any], *, cost_limit: int | None = None) -> Any:
        """The value for these variables. Every variable that the expression reads must be bound; null is None.

        `cost_limit` is in units, by default that of one call in Kubernetes. Raises EvaluationError; CostExceeded at
        the limit.
        """
        limit = PER_CALL_LIMIT if cost_limit is None else cost_limit
        frame = self._frame(bindings, limit)
        value = self._run(frame)
        if frame[COST] > limit:
            raise CostExceeded
        return value

    def measure(self, bindings: Mapping[str, Any], *, cost_limit: int | None = None) -> Outcome:
        """`evaluate`, and what it took."""
        limit = PER_CALL_LIMIT if cost_limit is None else cost_limit
        frame = self._frame(bindings, limit)
        value = self._run(frame)
        if frame[COST] > limit:
            raise CostExceeded
        return Outcome(value, frame[COST])

    def _run(self, frame: list[Any]) -> Any:
        try:
            return self.run(frame)
        except RecursionError:
            raise EvaluationError("values are nested too deeply") from None

    def _frame(self, bindings: Mapping[str, Any], limit: int) -> list[Any]:
        frame: list[Any] = [self.base_cost, limit, *self.locals]
        for name, slot, convert in self.inputs:
            try:
                value = bindings[name]
            except KeyError:
                raise EvaluationError(f"no such attribute(s): {name}") from None
            frame[slot] = value if convert is None else convert(value)
        return frame

    def worst_cost(self, root: Type | None = None) -> int:
        """The greatest cost that an evaluation may have, by the sizes that a variable's type declares."""
        return estimate(self.tree, root).high

    def reads(self, variable: str) -> bool:
        """Whether the expression names this variable."""
        return any(name == variable for name, _slot, _convert in self.inputs)


def compile_(text: str, environment: Environment) -> Program:
    """Parse, check and compile an expression.

    Raises CelSyntaxError and CelTypeError, whose text is that of cel-go, and InstantiationError for a constant without
    value.
    """
    try:
        return _compile(text, environment)
    except RecursionError:
        message = f"expression recursion limit exceeded: {DEPTH_MAX}"
        raise CelSyntaxError(text, [Issue(-1, message)]) from None


def _compile(text: str, environment: Environment) -> Program:
    tree = parse(text, environment.macros)
    checker.check(
        text, tree, variables=environment.declared, functions=environment.functions, objects=environment.objects
    )
    validate(text, tree)
    compiler = Compiler(
        variables=environment.variables, constants=environment.constants, functions=environment.functions
    )
    code = compiler.compile(tree)
    inputs = tuple(
        (name, slot, access.conversion(environment.variables[name])) for name, slot in compiler.inputs.items()
    )
    return Program(text, tree.type, code.run, code.cost, tree, inputs, (None,) * (compiler.slots - FIRST_SLOT))
