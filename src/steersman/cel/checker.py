"""Names and types: every node gets its type, every call the overloads that may apply, and complaints have cel-go's
words.

Names of variables and functions may have dots: `a.b.c` is looked up as a whole before `c` is selected from `a.b`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.cel import syntax, types, unify
from steersman.cel.errors import CelTypeError, Issue
from steersman.cel.values import type_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.cel.declarations import Overload
    from steersman.cel.types import Type


def check(
    text: str,
    tree: syntax.Node,
    *,
    variables: Mapping[str, Type],
    functions: Mapping[str, tuple[Overload, ...]],
    objects: Mapping[str, Type],
) -> syntax.Node:
    """Annotate the tree, and return it; raises CelTypeError.

    `variables` includes the names of types, which are of type type(…); `objects` are types that literals may construct.
    """
    checker = _Checker(variables, functions, objects)
    checker.check(tree)
    if checker.issues:
        raise CelTypeError(text, checker.issues)
    for node in checker.seen:
        node.type = unify.substitute(checker.mapping, node.type, to_dyn=True)
    return tree


class _Checker:
    """One check: what is declared, what type parameters stand for, and what was wrong so far."""

    def __init__(
        self,
        variables: Mapping[str, Type],
        functions: Mapping[str, tuple[Overload, ...]],
        objects: Mapping[str, Type],
    ) -> None:
        self.variables = variables
        self.functions = functions
        self.objects = objects
        self.scopes: list[dict[str, Type]] = []
        self.mapping: unify.Mapping = {}
        self.issues: list[Issue] = []
        self.seen: list[syntax.Node] = []
        self.fresh = 0

    # -- helpers

    def report(self, node: syntax.Node, message: str) -> None:
        self.issues.append(Issue(node.offset, message))

    def undeclared(self, node: syntax.Node, name: str) -> None:
        self.report(node, f"undeclared reference to '{name}' (in container '')")
        node.type = types.ERROR

    def mismatch(self, node: syntax.Node, wanted: Type, found: Type) -> None:
        self.report(node, f"expected type '{types.show(wanted)}' but found '{types.show(found)}'")

    def assignable(self, left: Type, right: Type) -> bool:
        return unify.assignable(self.mapping, left, right)

    def type_variable(self) -> Type:
        self.fresh += 1
        return types.param(f"_var{self.fresh - 1}")

    def lookup(self, name: str) -> Type | None:
        """The type of a name: of the innermost comprehension that binds it, or of a declared variable."""
        if name.startswith("."):
            return self.variables.get(name[1:])
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return self.variables.get(name)

    # -- nodes

    def check(self, node: syntax.Node) -> None:
        self.seen.append(node)
        match node:
            case syntax.Literal():
                node.type = type_of(node.value)
            case syntax.Ident():
                found = self.lookup(node.name)
                if found is None:
                    self.undeclared(node, node.name)
                else:
                    node.type = found
            case syntax.Select():
                self.select(node)
            case syntax.Call():
                self.call(node)
            case syntax.ListLiteral():
                self.list_literal(node)
            case syntax.MapLiteral():
                self.map_literal(node)
            case syntax.ObjectLiteral():
                self.object_literal(node)
            case syntax.Comprehension():
                self.comprehension(node)

    def select(self, node: syntax.Select) -> None:
        name = None if node.optional else _dotted(node)
        if name is not None and (found := self.qualified(name)) is not None:
            node.resolved = name.removeprefix(".")
            node.type = found
            return
        result = self.field(node, node.operand, node.name, optional=node.optional)
        node.type = types.BOOL if node.test else unify.substitute(self.mapping, result)

    def qualified(self, name: str) -> Type | None:
        """A variable whose name has dots, unless a comprehension binds the first of them."""
        first = name.split(".", 1)[0]
        if first and any(first in scope for scope in self.scopes):
            return None
        return self.variables.get(name.removeprefix("."))

    def field(self, node: syntax.Node, operand: syntax.Node, name: str, *, optional: bool) -> Type:
        self.check(operand)
        target, was_optional = types.unwrap_optional(unify.substitute(self.mapping, operand.type))
        result = types.DYN
        if target.kind == "map":
            result = target.params[1]
        elif target.kind == "object":
            declared = (target.fields or {}).get(name)
            if declared is None:
                self.report(node, f"undefined field '{name}'")
                result = types.ERROR
            else:
                result = declared.type
        elif target.kind == "param":
            self.assignable(types.DYN, target)
        elif target.name.startswith("kubernetes."):
            self.report(node, f"unexpected failed resolution of '{target.name}'")  # objects to upstream, without fields
        elif target.kind not in {"dyn", "error"}:
            self.report(node, f"type '{types.show(target)}' does not support field selection")
        return types.optional_of(result) if was_optional or optional else result

    def call(self, node: syntax.Call) -> None:
        for arg in node.args:
            self.check(arg)
        if node.target is None:
            name = node.function.removeprefix(".")
            if name not in self.functions:
                self.undeclared(node, node.function)
                return
            node.function = name
            self.resolve(node)
            return
        prefix = _dotted(node.target)
        if prefix is not None and (name := f"{prefix.removeprefix('.')}.{node.function}") in self.functions:
            node.function, node.target = name, None
            self.resolve(node)
            return
        self.check(node.target)
        if node.function not in self.functions:
            self.undeclared(node, node.function)
            return
        self.resolve(node)

    def resolve(self, node: syntax.Call) -> None:
        """Which overloads the arguments fit; the result is that of the first, or dyn where they differ."""
        args = node.args if node.target is None else [node.target, *node.args]
        if node.function in {"_&&_", "_||_"}:
            self.logic(node)
            return
        found: list[str] = []
        result: Type | None = None
        for overload in self.functions[node.function]:
            form = overload.form
            if form.is_member != (node.target is not None) or len(form.params) != len(args):
                continue
            params, returns = form.params, form.result
            if form.is_generic:
                names = _Fresh(self)
                params = tuple(unify.rename(param, names) for param in params)
                returns = unify.rename(returns, names)
            if unify.all_assignable(self.mapping, [arg.type for arg in args], params):
                found.append(overload.id)
                got = unify.substitute(self.mapping, returns)
                if result is None:
                    result = got
                elif result.kind != "dyn" and got != result:
                    result = types.DYN
        if result is None:
            self.no_overload(node, [unify.substitute(self.mapping, arg.type, to_dyn=True) for arg in args])
            return
        node.type = result
        node.overloads = tuple(found)

    def no_overload(self, node: syntax.Call, given: list[Type]) -> None:
        shown = [types.show(part) for part in given]
        receiver = shown.pop(0) + "." if node.target is not None else ""
        signature = f"{receiver}({', '.join(shown)})"
        self.report(node, f"found no matching overload for '{node.function}' applied to '{signature}'")
        node.type = types.ERROR

    def logic(self, node: syntax.Call) -> None:
        node.type = types.BOOL
        for arg in node.args:
            if not self.assignable(arg.type, types.BOOL):
                self.mismatch(arg, types.BOOL, arg.type)
                node.type = types.ERROR

    def join(self, held: Type | None, found: Type) -> Type:
        """The type that elements so far and one more have in common; that they have to have one is checked later."""
        if held is None:
            return found
        return unify.most_general(held, found) if self.assignable(held, found) else types.DYN

    def optional(self, node: syntax.Node) -> Type:
        inner, was_optional = types.unwrap_optional(node.type)
        if not was_optional and inner.kind != "dyn":
            self.mismatch(node, types.optional_of(inner), inner)
        return inner

    def list_literal(self, node: syntax.ListLiteral) -> None:
        held: Type | None = None
        for index, element in enumerate(node.elements):
            self.check(element)
            held = self.join(held, self.optional(element) if index in node.optionals else element.type)
        node.type = types.list_of(held if held is not None else self.type_variable())

    def map_literal(self, node: syntax.MapLiteral) -> None:
        keys: Type | None = None
        values: Type | None = None
        for entry in node.entries:
            assert isinstance(entry.key, syntax.Node)
            self.check(entry.key)
            keys = self.join(keys, entry.key.type)
            self.check(entry.value)
            values = self.join(values, self.optional(entry.value) if entry.optional else entry.value.type)
        if keys is None or values is None:
            keys, values = self.type_variable(), self.type_variable()
        node.type = types.map_of(keys, values)

    def object_literal(self, node: syntax.ObjectLiteral) -> None:
        made = self.objects.get(node.name.removeprefix("."))
        if made is None:
            self.undeclared(node, node.name)
            return
        node.type = made
        for entry in node.entries:
            assert isinstance(entry.key, str)
            self.check(entry.value)
            declared = (made.fields or {}).get(entry.key)
            if declared is None:
                self.report(entry, f"undefined field '{entry.key}'")
            given = self.optional(entry.value) if entry.optional else entry.value.type
            if declared is not None and not self.assignable(declared.type, given):
                wanted = types.show(declared.type)
                self.report(
                    entry,
                    f"expected type of field '{entry.key}' is '{wanted}' but provided type is '{types.show(given)}'",
                )

    def comprehension(self, node: syntax.Comprehension) -> None:
        self.check(node.range)
        self.check(node.init)
        over = unify.substitute(self.mapping, node.range.type)
        first, second = self.variables_of(node.range, over, two=node.var2 is not None)
        accu = node.init.type
        self.scopes.append({node.accu: accu})
        inner = {node.var: first}
        if node.var2 is not None:
            inner[node.var2] = second
        self.scopes.append(inner)
        self.check(node.condition)
        self.expect(node.condition, types.BOOL)
        self.check(node.step)
        self.expect(node.step, accu)
        self.scopes.pop()
        self.check(node.result)
        self.scopes.pop()
        node.type = unify.substitute(self.mapping, node.result.type)

    def variables_of(self, node: syntax.Node, over: Type, *, two: bool) -> tuple[Type, Type]:
        """Types of a comprehension's variables; without a second one, a list gives its elements, not their indices."""
        if over.kind == "list":
            return (types.INT, over.params[0]) if two else (over.params[0], types.DYN)
        if over.kind == "map":
            return over.params[0], over.params[1]
        if over.kind in {"dyn", "error", "param"}:
            self.assignable(types.DYN, over)
            return types.DYN, types.DYN
        rest = "cannot be range of a comprehension (must be list, map, or dynamic)"
        self.report(node, f"expression of type '{types.show(over)}' {rest}")
        return types.ERROR, types.ERROR

    def expect(self, node: syntax.Node, wanted: Type) -> None:
        if not self.assignable(wanted, node.type):
            self.mismatch(node, wanted, node.type)


class _Fresh(dict[str, str]):
    """Names of an overload's type parameters, made up on first use."""

    def __init__(self, checker: _Checker) -> None:
        super().__init__()
        self.checker = checker

    def __missing__(self, name: str) -> str:
        made = self.checker.type_variable().name
        self[name] = made
        return made


def _dotted(node: syntax.Node) -> str | None:
    """`a.b.c` as one name, or None for what is more than names."""
    parts: list[str] = []
    while isinstance(node, syntax.Select):
        if node.test or node.optional:
            return None
        parts.append(node.name)
        node = node.operand
    if not isinstance(node, syntax.Ident):
        return None
    parts.append(node.name)
    return ".".join(reversed(parts))
