"""What an expression may cost at worst, before it has seen any data; used to refuse expressions that could be too
expensive.

Sizes come from the expression (literals, concatenations), or from `types.Type.size_max` of what is declared. Those are
found by the path to a value, as in `self.items.@items.name`, walked from one root whatever the first step is: upstream
does so even where the first step is no variable, and its numbers decide which rules are accepted. Everything else may
be of any size. Rules and numbers are cel-go's.
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

Path = tuple[str, ...]
"""Names of fields, and @items, @keys, @values, @indices; empty where a value has no place."""

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

    path: Path
    size: Range | None
    entry: _Entry | None


def estimate(tree: syntax.Node, root: Type | None = None) -> Range:
    """Least and greatest cost of a checked tree; `root` is the type whose sizes count."""
    return _Estimator(root).cost(tree)


def size_at(root: Type | None, path: Path) -> Range | None:
    """The size that is declared for what a path leads to; None where it leads nowhere."""
    if root is None or not path:
        return None
    at = root
    for step in path[1:]:
        if step in {"@items", "@values"} and at.kind in {"list", "map"}:
            at = at.params[-1]
        elif step == "@keys" and at.kind == "map":
            at = at.params[0]
        elif at.fields is not None and step in at.fields:
            at = at.fields[step].type
        else:
            return None
    return Range(0, at.size_max or 0)


class _Estimator:
    """One walk; sizes and paths are remembered by node."""

    def __init__(self, root: Type | None) -> None:
        self.root = root
        self.sizes: dict[int, Range] = {}
        self.entries: dict[int, _Entry] = {}
        self.paths: dict[int, Path] = {}
        self.locals: dict[str, list[_Local]] = {}

    # -- sizes

    def local(self, node: syntax.Node) -> _Local | None:
        if not isinstance(node, syntax.Ident):
            return None
        stack = self.locals.get(node.name)
        return stack[-1] if stack else None

    def path(self, node: syntax.Node) -> Path:
        local = self.local(node)
        return local.path if local is not None else self.paths.get(id(node), ())

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
        declared = size_at(self.root, self.path(node))
        if declared is not None:
            return declared
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
        path = self.path(node)
        if path[:1] == (ACCUMULATOR,):
            path = ()
        element = size_at(self.root, (*path, "@items")) if path else None
        return Argument(node, self.size_or_unknown(node), UNKNOWN if element is None else element)

    # -- costs

    def cost(self, node: syntax.Node) -> Range:
        match node:
            case syntax.Ident():
                self.paths[id(node)] = self.path(node) if self.local(node) is not None else (node.name,)
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
            self.paths[id(node)] = (node.resolved,)
            return ONE
        total = self.cost(node.operand)
        if node.test:
            return total
        if not node.optional:
            self.paths[id(node)] = (*self.path(node.operand), node.name)
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
                step = "@items" if overload == "index_list" else "@values"
                self.paths[id(node)] = (*self.path(node.args[0]), step)
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
        self.push(node.accu, _Local(self.path(node.init), self.size(node.init), self.entry(node.init)))
        entry, path = self.entry(node.range), self.path(node.range)
        is_list = entry.is_list if entry is not None else node.range.type.kind == "list"
        key = _Local((*path, "@indices" if is_list else "@keys"), entry.key if entry is not None else None, None)
        value = _Local((*path, "@items" if is_list else "@values"), entry.value if entry is not None else None, None)
        if node.var2 is None:
            self.push(node.var, value if is_list else key)
        else:
            self.push(node.var, key)
            self.push(node.var2, value)
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
        self.push(node.accu, _Local(self.path(node.init), self.size(node.init), self.entry(node.init)))
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
