"""`"%s has %d".format([a, b])`: the clauses, what they take, and what they make of it.

Clauses: `%s` anything readable, `%d` integers, `%f %e` doubles (`%.2f` with a precision), `%b %o %x %X` integers in
other bases. Two walk through a format: `format_string` with values, and `check_format` with types, before anything
runs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from steersman.cel import syntax, times, types
from steersman.cel.errors import EvaluationError, Issue
from steersman.cel.numbers import go_quote, show_double
from steersman.cel.operators import type_name
from steersman.cel.values import Duration, Timestamp, Uint

_PRECISION = 6
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

_READABLE = frozenset(
    {"list", "map", "int", "uint", "double", "bool", "string", "bytes", "type", "null_type"}
    | {"google.protobuf.Timestamp", "google.protobuf.Duration"}
)
_TAKES: Mapping[str, tuple[frozenset[str], str]] = {
    "s": (
        _READABLE,
        (
            "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, "
            "and timestamps"
        ),
    ),
    "d": (frozenset({"int", "uint"}), "decimal clause can only be used on integers"),
    "f": (frozenset({"double", "string"}), "fixed-point clause can only be used on doubles"),
    "e": (frozenset({"double", "string"}), "scientific clause can only be used on doubles"),
    "b": (frozenset({"int", "uint", "bool"}), "only integers and bools can be formatted as binary"),
    "o": (frozenset({"int", "uint"}), "octal clause can only be used on integers"),
    "x": (
        frozenset({"int", "uint", "string", "bytes"}),
        "only integers, byte buffers, and strings can be formatted as hex",
    ),
}
"""Names of types that a clause takes, and what is said of others."""


class _FormatError(Exception):
    """The format is wrong; `node` is the argument that does not fit, where it is one."""

    def __init__(self, message: str, node: syntax.Node | None = None) -> None:
        super().__init__(message)
        self.node = node


Render = Callable[[str, int, int], str]
"""Takes a clause's letter, its precision and the number of its argument."""


def format_string(text: str, values: list[Any]) -> str:
    """The text with its clauses filled in; raises EvaluationError."""

    def render(letter: str, precision: int, at: int) -> str:
        value = values[at]
        name = type_name(value)
        accepted, complaint = _TAKES[letter.lower()]
        if name not in accepted or (letter in "fe" and name == "string" and value not in _WORDS):
            raise _FormatError(f"error during formatting: {complaint}, was given {name}")
        return _CLAUSES[letter.lower()](value, precision, letter)

    try:
        return _interpolate(text, len(values), render)[0]
    except _FormatError as error:
        raise EvaluationError(str(error)) from None


def check_format(call: syntax.Call) -> Issue | None:
    """What is wrong with a format and arguments that are both written out."""
    text, arguments = call.target, call.args[0] if call.args else None
    if not isinstance(text, syntax.Literal) or not isinstance(text.value, str):
        return None
    if not isinstance(arguments, syntax.ListLiteral):
        return None
    nodes = arguments.elements

    def verify(letter: str, _precision: int, at: int) -> str:
        wrong = _unfit(nodes[at], letter)
        if wrong is not None:
            complaint = _TAKES[letter.lower()][1]
            raise _FormatError(f"error during formatting: {complaint}, was given {wrong.type.name}", wrong)
        return ""

    try:
        used = _interpolate(text.value, len(nodes), verify)[1]
    except _FormatError as error:
        return Issue((error.node or call).offset, str(error))
    if len(nodes) > used:
        return Issue(call.offset, f"too many arguments supplied to string.format (expected {used}, got {len(nodes)})")
    return None


def _unfit(node: syntax.Node, letter: str) -> syntax.Node | None:
    """The argument, or the part of a literal, whose type no value of the clause can have."""
    if node.type.kind != "dyn" and node.type.name not in _TAKES[letter.lower()][0]:
        return node
    if letter != "s":
        return None
    parts: list[syntax.Node] = []
    if isinstance(node, syntax.ListLiteral):
        parts = node.elements
    elif isinstance(node, syntax.MapLiteral):
        parts = [part for entry in node.entries for part in (entry.key, entry.value) if isinstance(part, syntax.Node)]
    return next((wrong for part in parts if (wrong := _unfit(part, letter)) is not None), None)


def _interpolate(text: str, count: int, render: Render) -> tuple[str, int]:
    """The text with each clause rendered, and how many there were; raises _FormatError."""
    found: list[str] = []
    at = used = 0
    while (start := text.find("%", at)) >= 0:
        found.append(text[at:start])
        if text[start + 1 : start + 2] == "%":
            found.append("%")
            at = start + 2
            continue
        if used >= count:
            raise _FormatError(f"index {used} out of range")
        if start + 1 >= len(text):
            raise _FormatError("unexpected end of string")
        letter, precision, at = _clause(text, start + 1)
        found.append(render(letter, precision, used))
        used += 1
    return "".join(found) + text[at:], used


def _clause(text: str, at: int) -> tuple[str, int, int]:
    """Letter, precision, and where the clause ends."""
    precision = _PRECISION
    failed = "could not parse formatting clause: "
    if text[at] == ".":
        match = re.compile("[0-9]*").match(text, at + 1)
        assert match is not None
        if match.end() >= len(text):
            raise _FormatError(failed + "error while parsing precision: could not find end of precision specifier")
        if not match[0]:
            reason = 'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax'
            raise _FormatError(f"{failed}error while parsing precision: {reason}")
        precision, at = min(int(match[0]), 1000), match.end()
    letter = text[at]
    if letter not in "sdfebxXo":
        raise _FormatError(f'{failed}unrecognized formatting clause "{letter}"')
    return letter, precision, at + 1


# -- clauses


def _readable(value: Any, _precision: int = 0, _letter: str = "s") -> str:
    """`%s`: a value as it converts to a string; lists and maps as literals."""
    if isinstance(value, list | tuple | Mapping):
        return _literal(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    match value:
        case None:
            return "null"
        case float():
            return show_double(value)
        case bytes():
            return value.decode(errors="replace")
        case Timestamp():
            return times.show_timestamp(value)
        case Duration():
            return times.show_duration(value)
        case types.Type():
            return value.name
        case Uint():
            return str(int(value))
    return str(value)


def _literal(value: Any) -> str:
    """A value inside of a list or map, as it would be written."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, Mapping):
        for key in value:
            if type(key) not in {str, bool, int, Uint}:
                message = f"no formatting function for map key of type {type_name(key)}"
                raise _FormatError(f"error during formatting: {message}")
        pairs = sorted((_literal(key), _literal(part)) for key, part in value.items())
        return f"{{{', '.join(f'{key}:{part}' for key, part in pairs)}}}"
    if isinstance(value, str):
        return go_quote(value)
    if isinstance(value, bytes):
        return "b" + go_quote(value.decode(errors="replace"))
    if isinstance(value, float):
        return f"{value:.6f}" if math.isfinite(value) else go_quote(show_double(value))
    if isinstance(value, Timestamp | Duration):
        return f"{'timestamp' if isinstance(value, Timestamp) else 'duration'}({go_quote(_readable(value))})"
    name = type_name(value)
    if name not in _TAKES["s"][0]:
        raise _FormatError(f"error during formatting: no formatting function for {name}")
    return _readable(value)


def _fixed(value: Any, precision: int, _letter: str) -> str:
    number = _WORDS[value] if isinstance(value, str) else value
    return f"{number:,.{precision}f}" if math.isfinite(number) else _special(number)


def _scientific(value: Any, width: int, _letter: str) -> str:
    """Always six decimals: cel-go takes the precision for the width, with blanks on the left."""
    number = _WORDS[value] if isinstance(value, str) else value
    if not math.isfinite(number):
        return _special(number).rjust(width)
    mantissa, _, exponent = f"{number:.6e}".partition("e")
    power = f"{'-' if exponent[0] == '-' else ''}{int(exponent[1:]):02d}"
    return f"{mantissa}×10{power.translate(_SUPERSCRIPTS)}".rjust(width)


def _special(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return "∞" if number > 0 else "-∞"


def _binary(value: Any, _precision: int, _letter: str) -> str:
    return f"{int(value):b}"


def _octal(value: Any, _precision: int, _letter: str) -> str:
    return f"{int(value):o}"


def _hex(value: Any, _precision: int, letter: str) -> str:
    if isinstance(value, str | bytes):
        digits = (value.encode() if isinstance(value, str) else value).hex()
    else:
        digits = f"{int(value):x}"
    return digits.upper() if letter == "X" else digits


_CLAUSES: Mapping[str, Callable[[Any, int, str], str]] = {
    "s": _readable,
    "d": _readable,
    "f": _fixed,
    "e": _scientific,
    "b": _binary,
    "o": _octal,
    "x": _hex,
}
