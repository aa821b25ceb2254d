"""What an unquoted YAML scalar means: the YAML 1.1 dialect of Kubernetes (sigs.k8s.io/yaml on go-yaml v2).

`y`, `yes` and `on` are true, `017` is 15, `1_000` is 1000, times stay strings, base 60 is not read (but is quoted when
written, for others' sake).
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

Tag = Literal["str", "bool", "int", "float", "null", "timestamp"]

_WORDS: dict[str, tuple[Tag, Any]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), ("bool", True)),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), ("bool", False)),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), ("null", None)),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), ("float", math.nan)),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), ("float", math.inf)),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), ("float", -math.inf)),
}
_INT = re.compile(
    r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))\Z",
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_DOT_FLOAT = re.compile(r"\.[0-9]+([eE][-+]?[0-9]+)?\Z")
_TIME = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?(?:Z|[-+](\d\d):(\d\d))"
    r"| (\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?)?\Z",
    re.ASCII,
)
_BASE60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
_STARTS = frozenset("0123456789+-.")
_DIGITS = frozenset("0123456789")


def resolve(text: str, *, times: bool = True) -> tuple[Tag, Any]:
    """The tag and value of a plain scalar. `times=False`: it carries a tag, so that it cannot be a time by its
    looks.
    """
    found = _WORDS.get(text)
    if found is not None:
        return found
    if text[0] not in _STARTS:
        return "str", text
    if text[0] == ".":
        if _DOT_FLOAT.match(text) and (number := float(text)) != math.inf:
            return "float", number
        return "str", text
    if times and text[4:5] == "-" and _is_time(text):
        return "timestamp", text
    plain = text.replace("_", "") if "_" in text else text
    whole = parse_int(plain)
    if whole is not None:
        return "int", whole
    if _FLOAT.match(plain) and abs(number := float(plain)) != math.inf:
        return "float", number
    return "str", text


def parse_int(plain: str) -> int | None:
    """An integer as Go's ParseInt reads it with base 0, within 64 bits; None if it is none."""
    match = _INT.match(plain)
    if match is None or len(plain) > 68:
        return None
    sign, hexadecimal, binary, octal, decimal = match.groups()
    if decimal:
        number = int(decimal)
    elif hexadecimal:
        number = int(hexadecimal, 16)
    elif binary:
        number = int(binary, 2)
    else:
        number = int(octal, 8)
    if sign == "-":
        return -number if number <= 1 << 63 else None
    # Unsigned numbers take no sign at all.
    return number if number < 1 << (63 if sign else 64) else None


def plain_is_string(text: str) -> bool:
    """Whether a string needs no quotes to be read back as one (as far as its looks go)."""
    if text in _WORDS:
        return False
    if text[0] not in _STARTS:
        return True
    if resolve(text)[0] != "str":
        return False
    return not (":" in text and _BASE60.match(text))


def go_float(shortest: str) -> str:
    """Go's %g of a finite number, given the shortest decimal text that means it."""
    sign, digits, exponent = Decimal(shortest).normalize().as_tuple()
    assert isinstance(exponent, int)
    point = len(digits) + exponent  # digits before the decimal point
    text = "".join(map(str, digits))
    minus = "-" if sign else ""
    if text == "0":
        return minus + "0"
    if -4 <= point - 1 < 6:
        if point <= 0:
            return f"{minus}0.{'0' * -point}{text}"
        if exponent >= 0:
            return minus + text + "0" * exponent
        return f"{minus}{text[:point]}.{text[point:]}"
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{minus}{text[0]}{fraction}e{'-' if point < 1 else '+'}{abs(point - 1):02d}"


def _is_time(text: str) -> bool:
    match = _TIME.match(text)
    if match is None:
        return False
    year, month, day, h1, m1, s1, zone_h, zone_m, h2, m2, s2 = match.groups()
    if int(zone_h or 0) > 24 or int(zone_m or 0) > 59:
        return False
    clock = int(h1 or h2 or 0), int(m1 or m2 or 0), int(s1 or s2 or 0)
    try:
        datetime(int(year) or 4, int(month), int(day), *clock, tzinfo=UTC)
    except ValueError:
        return False
    return True
