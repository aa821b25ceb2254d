"""Numbers as text, the way Go writes and reads them."""

from __future__ import annotations

import math
import re
from decimal import Decimal

_INTEGER = re.compile(r"[+-]?[0-9]+")
_DOUBLE = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|inf(?:inity)?|nan)", re.IGNORECASE
)


def show_double(value: float, *, exponent_from: int = 6) -> str:
    """The shortest digits that mean this number; with an exponent from 10**6 on, or from where is said."""
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
    if point - 1 < -4 or point - 1 >= max(exponent_from, len(text) if exponent_from > 6 else 0):
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
