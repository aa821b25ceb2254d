"""Numbers as text, the way Go writes and reads them."""

from __future__ import annotations

import math
import re
from decimal import Decimal

_EXPONENT_FROM = 6
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DOUBLE = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|inf(?:inity)?|nan)", re.IGNORECASE
)


def show_double(value: float) -> str:
    """The shortest digits that mean this number; with an exponent from 10**6 on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    _, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    point = len(text) + exponent
    sign = "-" if math.copysign(1, value) < 0 else ""
    if value == 0:
        return sign + "0"
    if point - 1 < -4 or point - 1 >= _EXPONENT_FROM:
        mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
        return f"{sign}{mantissa}e{'-' if point < 1 else '+'}{abs(point - 1):02d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{text}"
    whole = text[:point].ljust(point, "0")
    return f"{sign}{whole}.{text[point:]}" if len(text) > point else sign + whole


def parse_integer(text: str) -> int:
    """A decimal integer with an optional sign; raises ValueError."""
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def parse_double(text: str) -> float:
    """A decimal number, inf or nan; raises ValueError."""
    if not _DOUBLE.fullmatch(text):
        raise ValueError(text)
    value = float(text)
    if math.isinf(value) and "inf" not in text.lower():
        raise ValueError(text)
    return value


_ESCAPES = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v", "\\": "\\", '"': '"'}


def quote(text: str) -> str:
    """In double quotes, with CEL's short escapes; everything else stays as it is."""
    return '"' + "".join(f"\\{_ESCAPES[char]}" if char in _ESCAPES else char for char in text) + '"'


def go_quote(text: str) -> str:
    """In double quotes, as Go's %q: what cannot be printed is escaped."""
    return '"' + "".join(_go_escape(char) for char in text) + '"'


def _go_escape(char: str) -> str:
    if char in _ESCAPES:
        return "\\" + _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
