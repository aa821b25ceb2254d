"""A checked tree to closures: each node becomes a function of the frame, built from those of its parts.

What can be known beforehand is: constants are folded, costs that do not depend on values are added up, a chain of
selections becomes one function, and a call whose overload is certain goes there directly.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from steersman.cel import access, calls, cost, loops, operators, regex, syntax, types
from steersman.cel.code import FIRST_SLOT, Code, Frame, Run, constant
from steersman.cel.errors import CostExceeded, EvaluationError, InstantiationError, no_such_overload
from steersman.cel.values import OptionalValue, Uint, equal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.cel.declarations import Overload
    from steersman.cel.types import Type

_BINARY = {
    "_+_": operators.add,
    "_-_": operators.subtract,
    "_*_": operators.multiply,
    "_/_": operators.divide,
    "_%_": operators.modulo,
    "_<_": operators.less,
    "_<=_": operators.less_equals,
    "_>_": operators.greater,
    "_>=_": operators.greater_equals,
}
_CONVERSIONS = frozenset({"bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"})
_PRIMITIVES = frozenset({str, int, float, bool, Uint})
_FIXED_SIZE = frozenset({"int", "uint", "double", "bool", "timestamp", "duration", "null", "type"})


class Compiler:
    """Compiles one expression; afterwards `inputs` says which variables it reads, and `slots` how long its frame is."""

    def __init__(
        self,
        *,
        variables: Mapping[str, Type],
        constants: Mapping[str, Any],
        functions: Mapping[str, tuple[Overload, ...]],
    ) -> None:
        self.variables = variables
        self.constants = constants
        self.functions = functions
        self.inputs: dict[str, int] = {}
        self.slots = FIRST_SLOT
        self.scopes: list[dict[str, int]] = []

    def slot(self) -> int:
        """A place in the frame that nothing else uses."""
        self.slots += 1
        return self.slots - 1

    def compile(self, node: syntax.Node) -> Code:
        """The code of a node; raises InstantiationError where a constant has no value."""
        match node:
            case syntax.Literal():
                return constant(node.value)
            case syntax.Ident():
                return self.name(node.name)
            case syntax.Select():
                return self.select(node)
            case syntax.Call():
                return self.call(node)
            case syntax.ListLiteral():
                return self.list_literal(node)
            case syntax.MapLiteral():
                return self.map_literal(
                    node.entries, [self.compile(_key(entry)) for entry in node.entries], cost.MAP_COST
                )
            case syntax.ObjectLiteral():
                return self.object_literal(node)
            case syntax.Comprehension():
                return self.comprehension(node)
        raise TypeError(f"not a node: {node!r}")

    # -- names and selections

    def name(self, name: str) -> Code:
        """A variable, of a comprehension or declared; or a type as a value."""
        for scope in reversed(self.scopes):
            if name in scope:
                return _variable(scope[name])
        name = name.removeprefix(".")
        if name in self.constants:
            return constant(self.constants[name])
        return _variable(self.input(name))

    def input(self, name: str) -> int:
        """The slot of a declared variable."""
        if name not in self.inputs:
            self.inputs[name] = self.slot()
        return self.inputs[name]

    def select(self, node: syntax.Select) -> Code:
        if node.resolved is not None:
            return self.name(node.resolved)
        operand = self.compile(node.operand)
        target, _ = types.unwrap_optional(node.operand.type)
        field = (target.fields or {}).get(node.name) if target.kind == "object" else None
        key = field.key or node.name if field is not None else node.name
        if node.test:
            return Code(access.test(operand.run, key), operand.cost + _relative(node.operand))
        charge = operand.cost + _relative(node.operand)
        convert = access.conversion(field.type) if field is not None else None
        if node.optional or types.is_optional(node.operand.type):
            return Code(access.optional(operand.run, lambda _frame: key, 1, convert), charge)
        path = self.path(node) if convert is None else None
        if path is not None:
            return Code(access.path(*path), charge + 1)
        run = access.path(operand.run, (key,))
        return Code(access.converted(run, convert) if convert is not None else run, charge + 1)

    def path(self, node: syntax.Select) -> tuple[Run, tuple[str, ...], int | None] | None:
        """Where a chain of plain selections begins, its keys, and the slot of a variable at its root; None if it is
        no chain.
        """
        keys: list[str] = []
        at: syntax.Node = node
        while isinstance(at, syntax.Select) and not (at.test or at.optional or at.resolved is not None):
            target = at.operand.type
            if types.is_optional(target):
                return None
            field = (target.fields or {}).get(at.name) if target.kind == "object" else None
            if field is not None and at is not node and access.conversion(field.type) is not None:
                return None
            keys.append(field.key or at.name if field is not None else at.name)
            at = at.operand
        root = self.compile(at)
        return root.run, tuple(reversed(keys)), root.slot

    def index(self, node: syntax.Call) -> Code:
        container, key = self.compile(node.args[0]), self.compile(node.args[1])
        is_path = _is_attribute(node.args[1]) and not key.is_constant
        step, extra = (key.cost, 0) if is_path else (1, key.cost)
        charge = container.cost + extra + _relative(node.args[0])
        if node.function == "_[?_]" or types.is_optional(node.args[0].type):
            return Code(access.optional(container.run, key.run, step, None), charge)
        if key.is_constant and type(key.value()) is str:
            return Code(access.path(container.run, (key.value(),), container.slot), charge + step)
        return Code(access.index(container.run, key.run), charge + step)

    # -- calls

    def call(self, node: syntax.Call) -> Code:
        match node.function:
            case "_&&_":
                return self.logic(node, stop=False)
            case "_||_":
                return self.logic(node, stop=True)
            case "_?_:_":
                return self.conditional(node)
            case "_==_" | "_!=_":
                return self.equality(node)
            case "_[_]" | "_[?_]":
                return self.index(node)
            case "@in":
                return self.membership(node)
            case "or" | "orValue":
                return self.alternative(node)
        nodes = node.args if node.target is None else [node.target, *node.args]
        args = [self.compile(part) for part in nodes]
        if node.function in _BINARY:
            run = calls.function(_BINARY[node.function], args, cost.of_call(node.function, node.overloads, args))
        elif node.function == "-_":
            run = calls.function(operators.negate, args, 1)
        elif node.function == "!_":
            run = calls.function(operators.logical_not, args, 1)
        else:
            if node.function in {"find", "findAll"} and args[1].is_constant:
                _check_pattern(args[1].value())
            chosen = [overload for overload in self.functions[node.function] if overload.id in node.overloads]
            implementation = calls.dispatch(node.function, chosen, [part.type for part in nodes])
            run = calls.function(implementation, args, cost.of_call(node.function, node.overloads, args))
        if node.function in _CONVERSIONS and len(args) == 1 and args[0].is_constant:
            return _folded(run)
        return run

    def logic(self, node: syntax.Call, *, stop: bool) -> Code:
        """`&&` ends at the first False, `||` at the first True; an error counts only if neither comes after it."""
        parts = [self.compile(arg) for arg in node.args]
        terms = [(part.run, part.cost if at else 0) for at, part in enumerate(parts)]

        def run(frame: Frame) -> Any:
            failure: EvaluationError | None = None
            answer: Any  # what is no bool is found out here
            for term, charge in terms:
                frame[0] += charge
                try:
                    answer = term(frame)
                except CostExceeded:
                    raise
                except EvaluationError as error:
                    failure = failure or error
                    continue
                if answer is stop:
                    return stop
                if answer is not True and answer is not False and failure is None:
                    failure = no_such_overload()
            if failure is not None:
                raise failure
            return not stop

        return Code(run, parts[0].cost)

    def conditional(self, node: syntax.Call) -> Code:
        test, yes, no = (self.compile(arg) for arg in node.args)
        condition, when_true, when_false = test.run, yes.run, no.run
        true_cost = yes.cost - _branch_discount(node.args[1])
        false_cost = no.cost - _branch_discount(node.args[2])

        def run(frame: Frame) -> Any:
            answer = condition(frame)
            if answer is True:
                frame[0] += true_cost
                return when_true(frame)
            if answer is False:
                frame[0] += false_cost
                return when_false(frame)
            raise no_such_overload()

        return Code(run, test.cost)

    def equality(self, node: syntax.Call) -> Code:
        left, right = (self.compile(arg) for arg in node.args)
        fixed = any(_is_small(code, arg) for code, arg in zip((left, right), node.args, strict=True))
        charge = 1 if fixed else cost.equality
        compare = equal if node.function == "_==_" else _differ
        return calls.function(compare, [left, right], charge)

    def membership(self, node: syntax.Call) -> Code:
        value, container = (self.compile(arg) for arg in node.args)
        known = container.value() if container.is_constant else None
        if (
            isinstance(known, list)
            and node.overloads == ("in_list",)
            and all(type(part) in _PRIMITIVES for part in known)
        ):
            return Code(access.member_of(value.run, known), value.cost)
        return calls.function(
            access.contained, [value, container], cost.of_call("@in", node.overloads, [value, container])
        )

    def alternative(self, node: syntax.Call) -> Code:
        """`optional.or(other)` and `optional.orValue(value)`: the argument is only looked at when it is needed."""
        assert node.target is not None
        target, other = self.compile(node.target), self.compile(node.args[0])
        held, otherwise, charge = target.run, other.run, other.cost
        unwrap = node.function == "orValue"

        def run(frame: Frame) -> Any:
            value = held(frame)
            if type(value) is not OptionalValue:
                raise no_such_overload()
            if value.present:
                return value.content if unwrap else value
            frame[0] += charge
            return otherwise(frame)

        return Code(run, target.cost)

    # -- literals

    def list_literal(self, node: syntax.ListLiteral) -> Code:
        parts = [self.compile(element) for element in node.elements]
        charge = cost.LIST_COST + sum(part.cost for part in parts)
        runs = [part.run for part in parts]
        if node.optionals:
            optionals = node.optionals
            return Code(lambda frame: access.gather(frame, runs, optionals), charge)
        if all(part.is_constant for part in parts):
            return constant([part.value() for part in parts])
        return Code(lambda frame: [run(frame) for run in runs], charge)

    def map_literal(self, entries: list[syntax.Entry], keys: list[Code], base: int) -> Code:
        values = [self.compile(entry.value) for entry in entries]
        charge = base + sum(part.cost for part in (*keys, *values))
        pairs = [(key.run, value.run, entry.optional) for key, value, entry in zip(keys, values, entries, strict=True)]
        code = Code(lambda frame: access.build_map(frame, pairs), charge)
        if all(part.is_constant for part in (*keys, *values)) and not any(entry.optional for entry in entries):
            return _folded(code)
        return code

    def object_literal(self, node: syntax.ObjectLiteral) -> Code:
        fields = node.type.fields or {}
        keys = [constant(fields[str(entry.key)].key or entry.key) for entry in node.entries]
        return self.map_literal(node.entries, keys, cost.OBJECT_COST)

    # -- comprehensions

    def comprehension(self, node: syntax.Comprehension) -> Code:
        if node.macro == "bind":
            init = self.compile(node.init)
            slot = self.slot()
            body = self.scoped({node.accu: slot}, node.body)[0]
            return Code(loops.bind(init.run, slot, body.run), init.cost + body.cost)
        over = self.compile(node.range)
        names = [node.var] if node.var2 is None else [node.var, node.var2]
        scope = {name: self.slot() for name in names}
        slots = tuple(scope[name] for name in names)
        parts = self.scoped(scope, node.body)
        keep = parts[0] if len(parts) == 2 else None
        match node.macro:
            case "all" | "exists":
                return Code(loops.quantifier(over.run, slots, parts[0], stop=node.macro == "exists"), over.cost + 1)
            case "exists_one":
                return Code(loops.exists_one(over.run, slots, parts[0]), over.cost + 2)
            case "map":
                return Code(loops.collect(over.run, slots, keep, parts[-1]), over.cost + 1)
            case "filter":
                element = Code(itemgetter(slots[0]), 1)
                return Code(loops.collect(over.run, slots, parts[0], element), over.cost + 1)
        run = loops.collect_map(over.run, slots, keep, parts[-1], entries=node.macro == "transformMapEntry")
        return Code(run, over.cost + 1)

    def scoped(self, scope: dict[str, int], nodes: tuple[syntax.Node, ...]) -> list[Code]:
        self.scopes.append(scope)
        parts = [self.compile(part) for part in nodes]
        self.scopes.pop()
        return parts


def _key(entry: syntax.Entry) -> syntax.Node:
    assert isinstance(entry.key, syntax.Node)
    return entry.key


def _variable(slot: int) -> Code:
    return Code(itemgetter(slot), 1, slot=slot)


def _check_pattern(pattern: Any) -> None:
    try:
        regex.search("", pattern)
    except EvaluationError as error:
        raise InstantiationError(str(error)) from None


def _differ(left: Any, right: Any) -> bool:
    return not equal(left, right)


def _folded(code: Code) -> Code:
    """The value of code whose parts are all constant, computed now."""
    try:
        return constant(code.run([0, cost.PER_CALL_LIMIT]))
    except EvaluationError as error:
        raise InstantiationError(str(error)) from None


def _is_attribute(node: syntax.Node) -> bool:
    """Whether a node is a path from a variable or a value, which costs are counted along."""
    if isinstance(node, syntax.Call):
        return node.function in {"_[_]", "_[?_]", "_?_:_"}
    return isinstance(node, syntax.Ident) or (isinstance(node, syntax.Select) and not node.test)


def _relative(operand: syntax.Node) -> int:
    """Selecting from anything but a path costs one more."""
    return 0 if _is_attribute(operand) else 1


def _branch_discount(node: syntax.Node) -> int:
    """A path that is chosen by `?:` is not charged for its beginning."""
    is_path = _is_attribute(node) and not (isinstance(node, syntax.Call) and node.function == "_?_:_")
    return 1 if is_path else 0


def _is_small(code: Code, node: syntax.Node) -> bool:
    """Whether comparing with this costs one, whatever is on the other side."""
    if node.type.kind in _FIXED_SIZE:
        return True
    if not code.is_constant:
        return False
    value = code.value()
    return isinstance(value, str) and 1 <= len(value) <= 10
