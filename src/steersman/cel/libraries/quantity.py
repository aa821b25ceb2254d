"""Quantities of resources: `quantity('1.5Gi').isGreaterThan(quantity('500Mi'))`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from steersman.cel.declarations import Library, Overload
from steersman.cel.errors import EvaluationError
from steersman.cel.types import opaque
from steersman.cel.values import INT_MAX, INT_MIN, Opaque

_TEXT = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)", re.ASCII)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_NANO = 10**9
_DIGITS_MAX = 400
"""Exponents come from users: longer numbers are refused, not computed."""

_FORMAT_WRONG = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"  # upstream's text
)
_SUFFIX_WRONG = "unable to parse quantity's suffix"


@dataclass(frozen=True, slots=True)
class Quantity(Opaque):
    """An exact number, down to a billionth."""

    number: Fraction
    cel_type = opaque("kubernetes.Quantity")

    @staticmethod
    def parse(text: str) -> Quantity:
        """Read `1.5Gi`, `100m`, `12e6`; raises ValueError with the API server's message."""
        return _parse(text)


@lru_cache(maxsize=4096)
def _parse(text: str) -> Quantity:
    match = _TEXT.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise ValueError(_FORMAT_WRONG if match is None or not text else _unreadable(text))
    sign, whole, decimals, suffix = match.groups()
    number = Fraction(int((whole or "") + (decimals or "")), 10 ** len(decimals or ""))
    number *= _factor(suffix)
    nanos = -(-number.numerator * _NANO // number.denominator)
    number = Fraction(nanos, _NANO)
    if suffix in _BINARY and number > INT_MAX:
        number = Fraction(INT_MAX)
    return Quantity(-number if sign == "-" else number)


def _unreadable(text: str) -> str:
    return _FORMAT_WRONG if not re.match(r"[+-]?[0-9.]", text) else "unable to parse numeric part of quantity"


def _factor(suffix: str) -> Fraction:
    if suffix in _BINARY:
        return Fraction(2 ** _BINARY[suffix])
    if suffix in _DECIMAL:
        return Fraction(10) ** _DECIMAL[suffix]
    if suffix[0] in "eE" and re.fullmatch(r"[+-]?[0-9]+", suffix[1:]):
        exponent = int(suffix[1:])
        if abs(exponent) > _DIGITS_MAX:
            raise ValueError(_SUFFIX_WRONG)
        return Fraction(10) ** exponent
    raise ValueError(_SUFFIX_WRONG)


def _read(text: str) -> Quantity:
    try:
        return _parse(text)
    except ValueError as error:
        raise EvaluationError(str(error)) from None


def _is_quantity(text: str) -> bool:
    try:
        _parse(text)
    except ValueError:
        return False
    return True


def _is_integer(value: Quantity) -> bool:
    return value.number.denominator == 1 and INT_MIN <= value.number <= INT_MAX


def _as_integer(value: Quantity) -> int:
    if not _is_integer(value):
        raise EvaluationError("cannot convert value to integer")
    return value.number.numerator


def _amount(value: Any) -> Fraction:
    return value.number if isinstance(value, Quantity) else Fraction(value)


def _add(left: Quantity, right: Any) -> Quantity:
    return Quantity(left.number + _amount(right))


def _subtract(left: Quantity, right: Any) -> Quantity:
    return Quantity(left.number - _amount(right))


def _compare(left: Quantity, right: Quantity) -> int:
    return (left.number > right.number) - (left.number < right.number)


_SELF = "kubernetes.Quantity"

QUANTITY = Library(
    "quantity",
    {
        "quantity": (Overload("string_to_quantity", f"(string) -> {_SELF}", _read),),
        "isQuantity": (Overload("is_quantity_string", "(string) -> bool", _is_quantity),),
        "sign": (
            Overload("quantity_sign", f"{_SELF}.() -> int", lambda value: _compare(value, Quantity(Fraction(0)))),
        ),
        "isGreaterThan": (
            Overload("quantity_is_greater_than", f"{_SELF}.({_SELF}) -> bool", lambda a, b: a.number > b.number),
        ),
        "isLessThan": (
            Overload("quantity_is_less_than", f"{_SELF}.({_SELF}) -> bool", lambda a, b: a.number < b.number),
        ),
        "compareTo": (Overload("quantity_compare_to", f"{_SELF}.({_SELF}) -> int", _compare),),
        "asApproximateFloat": (
            Overload("quantity_get_float", f"{_SELF}.() -> double", lambda value: float(value.number)),
        ),
        "asInteger": (Overload("quantity_get_int", f"{_SELF}.() -> int", _as_integer),),
        "isInteger": (Overload("quantity_is_integer", f"{_SELF}.() -> bool", _is_integer),),
        "add": (
            Overload("quantity_add", f"{_SELF}.({_SELF}) -> {_SELF}", _add),
            Overload("quantity_add_int", f"{_SELF}.(int) -> {_SELF}", _add),
        ),
        "sub": (
            Overload("quantity_sub", f"{_SELF}.({_SELF}) -> {_SELF}", _subtract),
            Overload("quantity_sub_int", f"{_SELF}.(int) -> {_SELF}", _subtract),
        ),
    },
)
