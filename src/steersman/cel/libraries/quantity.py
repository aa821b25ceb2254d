"""Quantities of resources: `quantity('1.5Gi').isGreaterThan(quantity('500Mi'))`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
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
_NANO_SCALE, _FAST_DIGITS = -9, 18
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
    scale: int | None = field(default=0, compare=False)
    """Power of ten of the unit that it is counted in; None for a number that 64 bits of any unit do not hold.

    It has no part in the value, but upstream takes only numbers of whole units for integers.
    """
    cel_type = opaque("kubernetes.Quantity")

    @staticmethod
    def parse(text: str) -> Quantity:
        """Read `1.5Gi`, `100m`, `12e6`; raises ValueError with the API server's message."""
        return _parse(text)


ZERO = Quantity(Fraction(0))


@lru_cache(maxsize=4096)
def _parse(text: str) -> Quantity:
    match = _TEXT.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise ValueError(_FORMAT_WRONG if match is None or not text else _unreadable(text))
    sign, whole, decimals, suffix = match[1], match[2].lstrip("0"), match[3] or "", match[4]
    number = Fraction(int((whole + decimals) or "0"), 10 ** len(decimals)) * _factor(suffix)
    scale: int | None
    if suffix in _BINARY:
        scale = 0 if not decimals and 15 - (len(whole) or 1) - _BINARY[suffix] * 3 // 10 - 1 >= 0 else None
    else:
        exponent = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
        scale = exponent - len(decimals)
        if (len(whole) or 1) + len(decimals) > _FAST_DIGITS or scale < _NANO_SCALE:
            scale = None
    number = Fraction(-(-number.numerator * _NANO // number.denominator), _NANO)
    if suffix in _BINARY and number > INT_MAX:
        number = Fraction(INT_MAX)
    return Quantity(-number if sign == "-" else number, scale)


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
    return value.scale is not None and value.scale >= 0 and INT_MIN <= value.number <= INT_MAX


def _as_integer(value: Quantity) -> int:
    if not _is_integer(value):
        raise EvaluationError("cannot convert value to integer")
    return value.number.numerator


def _sum(left: Quantity, right: Quantity) -> Quantity:
    """In the finer unit of both, if 64 bits hold it."""
    number = left.number + right.number
    if left.scale is None or right.scale is None:
        return Quantity(number, None)
    if not left.number or not right.number:
        return right if not left.number else left
    scale = min(left.scale, right.scale)
    fits = INT_MIN <= number / Fraction(10) ** scale <= INT_MAX
    return Quantity(number, scale if fits else None)


def _quantity(value: Any) -> Quantity:
    return value if isinstance(value, Quantity) else Quantity(Fraction(value))


def _add(left: Quantity, right: Any) -> Quantity:
    return _sum(left, _quantity(right))


def _subtract(left: Quantity, right: Any) -> Quantity:
    right = _quantity(right)
    return _sum(left, Quantity(-right.number, right.scale))


def _compare(left: Quantity, right: Quantity) -> int:
    return (left.number > right.number) - (left.number < right.number)


_SELF = "kubernetes.Quantity"

QUANTITY = Library(
    "quantity",
    {
        "quantity": (Overload("string_to_quantity", f"(string) -> {_SELF}", _read),),
        "isQuantity": (Overload("is_quantity_string", "(string) -> bool", _is_quantity),),
        "sign": (Overload("quantity_sign", f"({_SELF}) -> int", lambda value: _compare(value, ZERO)),),
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
