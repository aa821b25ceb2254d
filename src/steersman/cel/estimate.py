"""What an expression may cost at worst, before it has seen any data; used to refuse expressions that could be too
expensive.

Sizes come from the expression (literals, concatenations), or from `types.Type.size_max` of what is declared: only for
variables and what can be reached from them by fields, elements and keys. Everything else may be of any size. Rules and
numbers are cel-go's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from steersman.cel import syntax, types
from steersman.cel.cost import LIST_COST, MAP_COST, OBJECT_COST
from steersman.cel.estimates import Argument, Estimate, of_function
from steersman.cel.macros import ACCUMULATOR
from steersman.cel.ranges import NOTHING, ONE, UNKNOWN, ZERO, Range, exactly

if TYPE_CHECKING:
    from steersman.cel.types import Type

_SCALARS = frozenset({"bool", "double", "duration", "int", "timestamp", "uint"})


class _Entry(NamedTuple):
    """Sizes of the keys and values of a container."""

    is_list: bool
    key: Range
    value: Range

    def union(self, other: _Entry) -> _Entry:
        return _Entry(self.is_list, self.key.union(other.key), self.value.union(other.value))


class _Local(NamedTuple):
    """What is known of a comprehension's variable."""

    reachable: bool
    size: Range | None
    entry: _Entry | None


def estimate(tree: syntax.Node) -> Range:
    """Least and greatest cost of a checked tree."""
    return _Estimator().cost(tree)


class _Estimator:
    """One walk; sizes and reachability are remembered by node."""

    def __init__(self) -> None:
        self.sizes: dict[int, Range] = {}
        self.entries: dict[int, _Entry] = {}
        self.reachable: set[int] = set()
        self.locals: dict[str, list[_Local]] = {}

    # -- sizes

    def local(self, node: syntax.Node) -> _Local | None:
        if not isinstance(node, syntax.Ident):
            return None
        stack = self.locals.get(node.name)
        return stack[-1] if stack else None

    def is_reachable(self, node: syntax.Node) -> bool:
        local = self.local(node)
        return local.reachable if local is not None else id(node) in self.reachable

    def reach(self, node: syntax.Node, *, reachable: bool) -> None:
        if reachable:
            self.reachable.add(id(node))

    def size(self, node: syntax.Node) -> Range | None:
        """The size of a node's value, or None if nothing is known."""
        known = self.sizes.get(id(node))
        if known is not None:
            return known
        match node:
            case syntax.Literal():
                return exactly(len(node.value) if isinstance(node.value, str | bytes) else 1)
            case syntax.ListLiteral():
                return exactly(len(node.elements))
            case syntax.MapLiteral():
                return exactly(len(node.entries))
        if node.type.size_max is not None and self.is_reachable(node):
            return Range(0, node.type.size_max)
        if _is_scalar(node.type):
            return ONE
        local = self.local(node)
        return local.size if local is not None else None

    def size_or_unknown(self, node: syntax.Node) -> Range:
        found = self.size(node)
        return UNKNOWN if found is None else found

    def set_size(self, node: syntax.Node, size: Range | None) -> None:
        if size is not None:
            self.sizes[id(node)] = size

    def entry(self, node: syntax.Node) -> _Entry | None:
        known = self.entries.get(id(node))
        if known is None and (local := self.local(node)) is not None:
            return local.entry
        return known

    def set_entry(self, node: syntax.Node, entry: _Entry | None) -> None:
        if entry is not None:
            self.entries[id(node)] = entry

    def argument(self, node: syntax.Node) -> Argument:
        return Argument(node, self.size_or_unknown(node), self.is_reachable(node))

    # -- costs

    def cost(self, node: syntax.Node) -> Range:
        match node:
            case syntax.Ident():
                self.reach(node, reachable=node.name != ACCUMULATOR and self.local(node) is None)
                return ONE
            case syntax.Select():
                return self.select(node)
            case syntax.Call():
                return self.call(node)
            case syntax.ListLiteral():
                return self.list_literal(node)
            case syntax.MapLiteral():
                return self.map_literal(node)
            case syntax.ObjectLiteral():
                return self.sum([entry.value for entry in node.entries]).plus(exactly(OBJECT_COST))
            case syntax.Comprehension():
                return self.bind(node) if node.macro == "bind" else self.comprehension(node)
        return ZERO

    def sum(self, nodes: list[syntax.Node]) -> Range:
        total = ZERO
        for node in nodes:
            total = total.plus(self.cost(node))
        return total

    def select(self, node: syntax.Select) -> Range:
        if node.resolved is not None:
            self.reach(node, reachable=True)
            return ONE
        total = self.cost(node.operand)
        if node.test:
            return total
        self.reach(node, reachable=not node.optional and self.is_reachable(node.operand))
        counts = node.optional or node.operand.type.kind in {"map", "object", "param"}
        return total.plus(ONE) if counts else total

    def call(self, node: syntax.Call) -> Range:
        if node.function == "dyn":
            total = self.cost(node.args[0])
            self.copy(node, node.args[0])
            return total.plus(ONE)
        costs = [self.cost(arg) for arg in node.args]
        args = [self.argument(arg) for arg in node.args]
        if node.function in {"_&&_", "_||_"}:
            return Range(costs[0].low, _total(costs).high)
        base, target = ZERO, None
        if node.target is not None:
            base, target = self.cost(node.target), self.argument(node.target)
        charged, size = NOTHING, None
        for overload in node.overloads:
            found = self.overload(node, overload, target, args, costs)
            charged = charged.union(found.cost)
            if found.size is not None:
                size = found.size if size is None else size.union(found.size)
            if overload in {"index_list", "index_map"}:
                entry = self.entry(node.args[0])
                size = entry.value if entry is not None else None
                self.reach(node, reachable=self.is_reachable(node.args[0]))
            if size is None:
                size = self.size(node)
        self.set_size(node, size)
        return base.plus(charged)

    def overload(
        self, node: syntax.Call, overload: str, target: Argument | None, args: list[Argument], costs: list[Range]
    ) -> Estimate:
        if overload == "conditional":
            self.set_entry(node, _union(self.entry(node.args[1]), self.entry(node.args[2])))
            return Estimate(costs[0].plus(costs[1].union(costs[2])), args[1].size.union(args[2].size))
        if overload in {"add_string", "add_bytes", "add_list"}:
            self.set_entry(node, _union(self.entry(node.args[0]), self.entry(node.args[1])))
        found = of_function(node.function, overload, target, args)
        return Estimate(found.cost.plus(_total(costs)), found.size)

    def copy(self, node: syntax.Node, source: syntax.Node) -> None:
        self.set_size(node, self.size(source))
        self.set_entry(node, self.entry(source))

    def list_literal(self, node: syntax.ListLiteral) -> Range:
        total = self.sum(node.elements)
        # As upstream has it, the size of an element is taken to be that of the list.
        element = ZERO if not node.elements else NOTHING
        for part in node.elements:
            element = element.union(self.size_or_unknown(part))
        self.set_entry(node, _Entry(is_list=True, key=ONE, value=element))
        return total.plus(exactly(LIST_COST))

    def map_literal(self, node: syntax.MapLiteral) -> Range:
        total = ZERO
        key = value = ZERO if not node.entries else NOTHING
        for entry in node.entries:
            assert isinstance(entry.key, syntax.Node)
            total = total.plus(self.cost(entry.key)).plus(self.cost(entry.value))
            key = key.union(self.size_or_unknown(entry.key))
            value = value.union(self.size_or_unknown(entry.value))
        self.set_entry(node, _Entry(is_list=False, key=key, value=value))
        return total.plus(exactly(MAP_COST))

    # -- comprehensions

    def push(self, name: str, local: _Local) -> None:
        self.locals.setdefault(name, []).append(local)

    def comprehension(self, node: syntax.Comprehension) -> Range:
        total = self.cost(node.range).plus(self.cost(node.init))
        self.push(node.accu, _Local(self.is_reachable(node.init), self.size(node.init), self.entry(node.init)))
        entry, reachable = self.entry(node.range), self.is_reachable(node.range)
        is_list = entry.is_list if entry is not None else node.range.type.kind == "list"
        key = entry.key if entry is not None else None
        value = entry.value if entry is not None else None
        if node.var2 is None:
            self.push(node.var, _Local(reachable, value if is_list else key, None))
        else:
            self.push(node.var, _Local(reachable, key, None))
            self.push(node.var2, _Local(reachable, value, None))
        step = self.cost(node.condition).plus(self.cost(node.step))
        self.locals[node.var].pop()
        if node.var2 is not None:
            self.locals[node.var2].pop()
        total = total.plus(self.cost(node.result))
        self.locals[node.accu].pop()
        count = self.size_or_unknown(node.range)
        if isinstance(node.init, syntax.Literal):
            self.set_size(node, self.size(node.init))
        else:
            self.set_size(node, count)
            self.set_entry(node, self.entry(node.step))
        return total.plus(count.times(step))

    def bind(self, node: syntax.Comprehension) -> Range:
        total = self.cost(node.range).plus(self.cost(node.init))
        self.push(node.accu, _Local(self.is_reachable(node.init), self.size(node.init), self.entry(node.init)))
        total = total.plus(self.cost(node.result))
        self.locals[node.accu].pop()
        self.copy(node, node.result)
        return total


def _total(costs: list[Range]) -> Range:
    total = ZERO
    for part in costs:
        total = total.plus(part)
    return total


def _union(left: _Entry | None, right: _Entry | None) -> _Entry | None:
    return None if left is None or right is None else left.union(right)


def _is_scalar(value: Type) -> bool:
    inner, was_optional = types.unwrap_optional(value)
    return _is_scalar(inner) if was_optional else value.kind in _SCALARS
