"""JSONPath templates in the dialect of Go's client libraries: `{.items[*].metadata.name}`, `{range ...}...{end}`.

    parse_template("{.spec.containers[0].image}").find(obj)   -> [["nginx"]]
    parse_template("{.kind}: {.metadata.name}").render(obj)   -> "Pod: web"

A template is text with actions in braces. An action is a chain of steps (field, `[index]`, `[from:to:step]`, `['key']`,
`[a,b]`, `[*]`, `..`, `[?(filter)]`), each applied to all results of the one before. Quirks are kept where users can
see them: a missing field is an error unless `allow_missing`, an index out of bounds always is, filters compare values
of one kind only, and printed composites are compact JSON with sorted keys.
"""

from __future__ import annotations

import json
import operator
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class JSONPathError(ValueError):
    """A template that cannot be read, or does not fit the data."""


@dataclass(frozen=True, slots=True)
class _Literal:
    """Text between actions, or a quoted string, number or boolean within one."""

    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class _Word:
    """`range` and `end`."""

    name: str


@dataclass(frozen=True, slots=True)
class _Field:
    name: str


@dataclass(frozen=True, slots=True)
class _Wildcard:
    pass


@dataclass(frozen=True, slots=True)
class _Recursive:
    pass


@dataclass(frozen=True, slots=True)
class _Slice:
    """`[start:stop:step]`; None where nothing was said. `single`: an index, so `stop` follows from `start`."""

    start: int | None
    stop: int | None
    step: int | None
    single: bool


@dataclass(frozen=True, slots=True)
class _Union:
    chains: tuple[tuple[_Step, ...], ...]


@dataclass(frozen=True, slots=True)
class _Filter:
    left: tuple[_Step, ...]
    operator: str
    right: tuple[_Step, ...]


_Step = _Literal | _Word | _Field | _Wildcard | _Recursive | _Slice | _Union | _Filter
_Node = _Literal | tuple[_Step, ...]

_FILTER: Final = re.compile(r"([^!<>=]+)([!<>=]+)(.+?)", re.DOTALL)
_SLICE: Final = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?")
_QUOTED_KEY: Final = re.compile(r"'([^']*)'")
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
}


def parse_template(text: str) -> Template:
    """Raises JSONPathError."""
    return Template(tuple(_Parser(text).nodes()))


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template; immutable, and good for any number of evaluations."""

    nodes: tuple[_Node, ...]
    _fields: tuple[str, ...] | None = field(init=False)
    """The names, if the whole template is one plain chain of fields."""

    def __post_init__(self) -> None:
        chain = self.nodes[0] if len(self.nodes) == 1 else ()
        names = [step.name for step in chain if isinstance(step, _Field)] if isinstance(chain, tuple) else []
        plain = isinstance(chain, tuple) and bool(chain) and len(names) == len(chain)
        object.__setattr__(self, "_fields", tuple(names) if plain else None)

    def find(self, data: Any, *, allow_missing: bool = False) -> list[list[Any]]:
        """One list of results for each text and action, in order. Raises JSONPathError."""
        found, _ = _Evaluation(self.nodes, allow_missing=allow_missing).run(0, data, depth=0)
        return found

    def first(self, data: Any) -> tuple[bool, Any]:
        """Whether the first action finds something, and its first result; missing fields are no error. Raises
        JSONPathError.
        """
        if self._fields is not None:
            value = data
            for name in self._fields:
                if value.__class__ is not dict or name not in value:
                    return False, None
                value = value[name]
            return True, value
        found = self.find(data, allow_missing=True)
        return (True, found[0][0]) if found and found[0] else (False, None)

    def render(self, data: Any, *, allow_missing: bool = False) -> str:
        """All results as text; several results of one action are separated by spaces. Raises JSONPathError."""
        found = self.find(data, allow_missing=allow_missing)
        return "".join(" ".join(map(text_of, results)) for results in found)


def text_of(value: Any) -> str:
    """A result as it is printed."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(_whole(value))
    if isinstance(value, dict | list):
        text = json.dumps(_go_numbers(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        for char in "<>&\u2028\u2029":
            text = text.replace(char, f"\\u{ord(char):04x}")
        return text
    return str(value)


def _whole(value: float) -> float:
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _go_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _go_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_go_numbers(item) for item in value]
    return _whole(value) if isinstance(value, float) else value


class _Parser:
    """Reads a template from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def nodes(self) -> list[_Node]:
        text, nodes = self._text, list[_Node]()
        while self._at < len(text):
            brace = text.find("{", self._at)
            if brace < 0:
                nodes.append(_Literal(text[self._at :]))
                break
            if brace > self._at:
                nodes.append(_Literal(text[self._at : brace]))
            self._at = brace + 1
            nodes.append(self._action())
        return nodes

    def _action(self) -> tuple[_Step, ...]:
        """Up to the closing brace."""
        steps: list[_Step] = []
        while True:
            rest = self._text[self._at : self._at + 3]
            char = rest[:1]
            if char == "}":
                self._at += 1
                return tuple(steps)
            if rest == "[?(":
                steps.append(self._filter())
            elif rest.startswith(".."):
                if steps and isinstance(steps[-1], _Recursive):
                    raise JSONPathError("invalid multiple recursive descent")
                self._at += 2
                steps.append(_Recursive())
                following = self._text[self._at : self._at + 1]
                if following == "_" or following.isalnum():
                    steps.append(self._field())
            elif not char or char in "\r\n":
                raise JSONPathError("unclosed action")
            elif char in " @$":
                self._at += 1
            elif char == "[":
                steps += self._brackets()
            elif char in "\"'":
                steps.append(self._quoted(char))
            elif char == ".":
                self._at += 1
                steps.append(self._field())
            elif char in "+-" or char.isdigit():
                steps.append(self._number())
            elif char == "_" or char.isalpha():
                steps.append(self._word())
            else:
                raise JSONPathError(f"unrecognized character in action: U+{ord(char):04X} '{char}'")

    def _until_terminator(self) -> str:
        """A run of characters; a backslash takes the next one along."""
        text, start = self._text, self._at
        while self._at < len(text) and text[self._at] not in " \t\r\n.,[]$@{}":
            self._at += 2 if text[self._at] == "\\" else 1
        return text[start : self._at]

    def _field(self) -> _Step:
        name = self._until_terminator()
        return _Wildcard() if name == "*" else _Field(name.replace("\\", ""))

    def _word(self) -> _Step:
        name = self._until_terminator()
        return _Literal(name == "true") if name in ("true", "false") else _Word(name)

    def _number(self) -> _Literal:
        match = re.compile(r"[+-]?[\d.]*").match(self._text, self._at)
        text = match.group() if match else ""
        self._at += len(text)
        try:
            return _Literal(float(text) if "." in text else int(text))
        except ValueError:
            raise JSONPathError(f"cannot parse number {text}") from None

    def _quoted(self, quote: str) -> _Literal:
        text, start = self._text, self._at
        self._at += 1
        while self._at < len(text) and text[self._at] != "\n":
            if text[self._at] == quote and text[self._at - 1] != "\\":
                self._at += 1
                return _Literal(_unquoted(text[start : self._at], quote))
            self._at += 1
        raise JSONPathError("unterminated quoted string")

    def _brackets(self) -> list[_Step]:
        end = self._text.find("]", self._at)
        inner = self._text[self._at + 1 : end]
        if end < 0 or "\n" in inner:
            raise JSONPathError("unterminated array")
        self._at = end + 1
        if inner == "*":
            inner = ":"
        parts = inner.split(",")
        if len(parts) > 1:
            return [_Union(tuple(_chain(f"[{part.strip(' ')}]") for part in parts))]
        key = _QUOTED_KEY.fullmatch(inner)
        if key is not None:
            return list(_chain(f".{key.group(1)}"))
        match = _SLICE.fullmatch(inner)
        if match is None:
            raise JSONPathError(f"invalid array index {inner}")
        start, stop, step = (_bound(part) for part in match.groups())
        return [_Slice(start, stop, step, single=match.group(2) is None)]

    def _filter(self) -> _Filter:
        """`[?(left operator right)]`, or `[?(exists)]`; a closing parenthesis within quotes does not count."""
        text = self._text
        self._at = start = self._at + 3
        quote, closed = "", False
        while True:
            char = text[self._at : self._at + 1]
            if not char or char == "\n":
                raise JSONPathError("unterminated filter")
            self._at += 1
            if char in "\"'":
                if not quote:
                    quote = char
                elif char == quote and text[self._at - 2] != "\\":
                    closed = True
            elif char == ")" and bool(quote) == closed:
                break
        inner = text[start : self._at - 1]
        if text[self._at : self._at + 1] != "]":
            raise JSONPathError("unclosed array expect ]")
        self._at += 1
        match = _FILTER.fullmatch(inner)
        if match is None:
            return _Filter(_chain(inner), "exists", ())
        return _Filter(_chain(match.group(1)), match.group(2), _chain(match.group(3)))


def _chain(text: str) -> tuple[_Step, ...]:
    """The steps of one action, given without braces."""
    node = _Parser(f"{{{text}}}").nodes()[0]
    return node if isinstance(node, tuple) else (node,)


def _bound(text: str | None) -> int | None:
    digits = (text or "").removeprefix(":")
    return int(digits) if digits not in ("", "-") else None


def _unquoted(text: str, quote: str) -> str:
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    body = inner.replace(f"\\{quote}", quote).replace('"', '\\"')
    try:
        return str(json.loads(f'"{body}"'))
    except ValueError:
        raise JSONPathError(f"unquote string {text} error invalid syntax") from None


class _Evaluation:
    def __init__(self, nodes: Sequence[_Node], *, allow_missing: bool) -> None:
        self._nodes = nodes
        self._allow_missing = allow_missing

    def run(self, start: int, data: Any, *, depth: int) -> tuple[list[list[Any]], int | None]:
        """Results of the nodes from `start` to the end, or to the `{end}` of the range that we are in, and where that
        is.
        """
        found: list[list[Any]] = []
        position = start
        while position < len(self._nodes):
            node = self._nodes[position]
            steps: Sequence[_Step] = node if isinstance(node, tuple) else (node,)
            words = [step.name for step in steps if isinstance(step, _Word)]
            if "end" in words:
                if depth == 0:
                    raise JSONPathError("not in range, nothing to end")
                return found, position
            results = self._walk(steps, [data])
            if "range" in words:
                end = None
                for item in results or [None]:
                    inner, end = self.run(position + 1, item, depth=depth + 1)
                    found += inner if results else ()
                position = (position if end is None else end) + 1
                continue
            found.append(results)
            position += 1
        return found, None

    def _walk(self, steps: Sequence[_Step], values: list[Any]) -> list[Any]:
        for step in steps:
            match step:
                case _Field(name):
                    values = self._field(name, values)
                case _Literal(value):
                    text = isinstance(value, str)
                    values = [value] if text else [value for _ in values]
                case _Wildcard():
                    values = [item for value in values for item in _children(value)]
                case _Recursive():
                    values = _descend(values)
                case _Slice():
                    values = [item for value in values if value is not None for item in _sliced(step, value)]
                case _Union(chains):
                    values = [item for chain in chains for item in self._walk(chain, values)]
                case _Filter():
                    values = [item for value in values for item in self._filtered(step, value)]
                case _Word(name):
                    if name != "range":
                        raise JSONPathError(f"unrecognized identifier {name}")
        return values

    def _field(self, name: str, values: list[Any]) -> list[Any]:
        found = [value[name] for value in values if isinstance(value, dict) and name in value]
        if values and not found and not self._allow_missing:
            raise JSONPathError(f"{name} is not found")
        return found

    def _filtered(self, step: _Filter, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise JSONPathError(f"{text_of(value)} is not array or slice and cannot be filtered")
        return [item for item in value if self._passes(step, item)]

    def _passes(self, step: _Filter, item: Any) -> bool:
        if step.operator == "exists":
            try:
                return bool(self._walk(step.left, [item]))
            except JSONPathError:
                return False
        sides = [self._walk(step.left, [item]), self._walk(step.right, [item])]
        if not all(sides):
            return False
        if any(len(side) > 1 for side in sides):
            raise JSONPathError("can only compare one element at a time")
        compare = _COMPARE.get(step.operator)
        if compare is None:
            raise JSONPathError(f"unrecognized filter operator {step.operator}")
        left, right = sides[0][0], sides[1][0]
        ordered = step.operator not in ("==", "!=")
        if any(
            not isinstance(side, str | int | float) or (ordered and isinstance(side, bool)) for side in (left, right)
        ):
            raise JSONPathError("invalid type for comparison")
        if type(left) is not type(right):
            raise JSONPathError("incompatible types for comparison")
        return compare(left, right)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, str):
        return list(value.encode())
    return value if isinstance(value, list) else []


def _descend(values: list[Any]) -> list[Any]:
    """Every value that has something inside, before what is inside."""
    found: list[Any] = []
    for value in values:
        children = _children(value)
        if children:
            found.append(value)
            found += _descend(children)
    return found


def _sliced(step: _Slice, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise JSONPathError(f"{_go_type(value)} is not array or slice")
    length = len(value)
    start = step.start or 0
    stop = start + 1 if step.single and step.start is not None else step.stop
    if start < 0:
        start += length
    if stop is None:
        stop = length
    elif stop < 0 or (stop == 0 and step.single):
        stop += length
    if start == stop:
        return []
    for bound, inside in ((start, 0 <= start < length), (stop - 1, 0 <= stop <= length)):
        if not inside:
            raise JSONPathError(f"array index out of bounds: index {bound}, length {length}")
    if start > stop:
        raise JSONPathError(f"starting index {start} is greater than ending index {stop}")
    if step.step is not None and step.step <= 0:
        raise JSONPathError("step must be > 0")
    return value[start : stop : step.step or 1]


def _go_type(value: Any) -> str:
    names = {dict: "map[string]interface {}", str: "string", bool: "bool", int: "int64", float: "float64"}
    return names.get(type(value), "interface {}")
