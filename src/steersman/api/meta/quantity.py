"""Quantities: exact fixed-point numbers with a suffix, as "500m", "1Gi", "12e6".

A quantity is `unscaled * 10**scale` and remembers which family of suffixes it was written in, so that it is written in
the same one again. Nothing here is a float. Rules and error texts: apimachinery pkg/api/resource, including that

- a text whose number is already canonical is kept letter by letter ("+5", "1.500"),
- anything more precise than nano is rounded up, away from zero,
- binary quantities are capped at 2**63-1, decimal ones are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, total_ordering

MAX_INT64 = 2**63 - 1

_FORMAT_WRONG = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"  # upstream's text
)
_NUMERIC_WRONG = "unable to parse numeric part of quantity"
_SUFFIX_WRONG = "unable to parse quantity's suffix"

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX = {exponent: suffix for suffix, exponent in _BINARY.items()} | {0: ""}
_SUFFIX_LETTERS = "eEinumkKMGTP"
_NANO = -9
_FAST_DIGITS = 18
"""Upstream keeps numbers of up to this many digits as int64; only those keep their spelling."""
_GAP_MAX = 400
"""Exponents come from users: 10**gap is never computed for larger gaps."""


class Format(StrEnum):
    """Family of suffixes."""

    DECIMAL_SI = "DecimalSI"
    BINARY_SI = "BinarySI"
    DECIMAL_EXPONENT = "DecimalExponent"


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """`unscaled * 10**scale`. Equality, order and hash are those of the number; the format does not matter."""

    unscaled: int
    scale: int = 0
    format: Format = Format.DECIMAL_SI
    text: str = ""
    """The spelling it was given in, where that is kept."""

    def __str__(self) -> str:
        return self.text or _render(self)

    def __bool__(self) -> bool:
        return self.unscaled != 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and _difference_sign(self, other) == 0

    def __lt__(self, other: Quantity) -> bool:
        return _difference_sign(self, other) < 0

    def __hash__(self) -> int:
        return hash(_without_factors(self.unscaled, self.scale))

    def __add__(self, other: Quantity) -> Quantity:
        """A zero on the left takes the format of the right."""
        if abs(self.scale - other.scale) > _GAP_MAX and self.unscaled and other.unscaled:
            return self if self.scale > other.scale else other
        scale = min(self.scale, other.scale)
        total = self.unscaled * 10 ** (self.scale - scale) + other.unscaled * 10 ** (other.scale - scale)
        return Quantity(total, scale, self.format if self.unscaled else other.format)

    def __sub__(self, other: Quantity) -> Quantity:
        return self + (-other)

    def __neg__(self) -> Quantity:
        return Quantity(-self.unscaled, self.scale, self.format)

    def __mul__(self, factor: int) -> Quantity:
        return Quantity(self.unscaled * factor, self.scale, self.format)

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        return (self.unscaled > 0) - (self.unscaled < 0)

    def compare(self, other: Quantity) -> int:
        """-1, 0 or 1."""
        return _difference_sign(self, other)

    def scaled_value(self, scale: int) -> int:
        """The number in units of 10**scale, rounded away from zero."""
        return _rescale(self.unscaled, self.scale, scale)

    def value(self) -> int:
        """The number, rounded away from zero to an integer."""
        return _rescale(self.unscaled, self.scale, 0)

    def milli_value(self) -> int:
        """The number in thousandths, rounded away from zero."""
        return _rescale(self.unscaled, self.scale, -3)

    def as_float(self) -> float:
        """An approximation, for metrics and scores only."""
        return self.unscaled * 10.0**self.scale if self.scale >= 0 else self.unscaled / 10**-self.scale


ZERO = Quantity(0)


def parse(text: str | float) -> Quantity:
    """Read a JSON string or number. Raises ValueError with upstream's text."""
    return _parse(text.strip() if isinstance(text, str) else _number_text(text))


def of_value(value: int, format: Format = Format.DECIMAL_SI) -> Quantity:  # noqa: A002 - upstream's word for it
    return Quantity(value, 0, format)


def of_milli_value(value: int, format: Format = Format.DECIMAL_SI) -> Quantity:  # noqa: A002 - upstream's word for it
    return Quantity(value, -3, format)


def canonical(text: str | float) -> str:
    """The spelling that upstream stores: the largest suffix of its family without a fraction. Raises ValueError."""
    return _canonical(text.strip() if isinstance(text, str) else _number_text(text))


def _number_text(number: float) -> str:
    return str(number) if isinstance(number, int) else repr(number)


@lru_cache(maxsize=8192)
def _canonical(text: str) -> str:
    return str(_parse(text))


@lru_cache(maxsize=8192)
def _parse(text: str) -> Quantity:
    negative, digits, decimals, suffix = _split(text)
    exponent, family = _interpret(suffix)
    length = len(digits) + len(decimals)
    number = int(digits + decimals)
    signed = -number if negative else number
    if family is Format.BINARY_SI:
        fast = not decimals and 15 - len(digits) - exponent * 3 // 10 - 1 >= 0
        if fast:
            kept = text if number & 7 else ""
            return Quantity(signed << exponent, 0, family, kept)
    elif length <= _FAST_DIGITS and exponent - len(decimals) >= _NANO:
        scale = exponent - len(decimals)
        shifted = digits + decimals
        kept = text if scale % 3 == 0 and not shifted.endswith("000") and shifted[0] != "0" else ""
        return Quantity(signed, scale, family, "0" if text == "0" else kept)
    return _parse_large(signed, exponent, len(decimals), family)


def _parse_large(signed: int, exponent: int, decimals: int, family: Format) -> Quantity:
    """Numbers beyond 18 digits or nano: rounded up, and capped where binary."""
    binary = family is Format.BINARY_SI
    unscaled, scale = (signed << exponent, -decimals) if binary else (signed, exponent - decimals)
    if scale < _NANO:
        unscaled, scale = _rescale(unscaled, scale, _NANO), _NANO
    result = Quantity(unscaled, scale, family)
    if binary:
        magnitude = Quantity(abs(unscaled), scale)
        if magnitude > Quantity(MAX_INT64):
            return Quantity(-MAX_INT64 if signed < 0 else MAX_INT64, 0, family)
        if unscaled and magnitude < Quantity(1):
            return Quantity(unscaled, scale, Format.DECIMAL_SI)
    return result


def _split(text: str) -> tuple[bool, str, str, str]:
    """(negative, digits without leading zeros, decimals, suffix)."""
    if not text:
        raise ValueError(_FORMAT_WRONG)
    start = 1 if text[0] in "+-" else 0
    position = _digits_end(text, start)
    digits = text[start:position].lstrip("0") or "0"
    decimals = ""
    if text[position : position + 1] == ".":
        end = _digits_end(text, position + 1)
        decimals = text[position + 1 : end]
        position = end
    end = position
    while end < len(text) and text[end] in _SUFFIX_LETTERS:
        end += 1
    if text[end : end + 1] in ("+", "-"):
        end += 1
    if _digits_end(text, end) != len(text):
        raise ValueError(_FORMAT_WRONG)
    return text[0] == "-", digits, decimals, text[position:]


def _digits_end(text: str, start: int) -> int:
    while start < len(text) and "0" <= text[start] <= "9":
        start += 1
    return start


def _interpret(suffix: str) -> tuple[int, Format]:
    if suffix in _DECIMAL:
        return _DECIMAL[suffix], Format.DECIMAL_SI
    if suffix in _BINARY:
        return _BINARY[suffix], Format.BINARY_SI
    if len(suffix) > 1 and suffix[0] in "eE":
        number = suffix[1:]
        unsigned = number[1:] if number[0] in "+-" else number
        if unsigned.isdecimal() and len(unsigned) <= 19 and int(unsigned) <= MAX_INT64:
            wrapped = (int(number) + 0x80000000) % 0x100000000 - 0x80000000  # upstream narrows to int32
            return wrapped, Format.DECIMAL_EXPONENT
    raise ValueError(_SUFFIX_WRONG)


def _rescale(unscaled: int, scale: int, wanted: int) -> int:
    if not unscaled:
        return 0
    sign = -1 if unscaled < 0 else 1
    if scale >= wanted:
        return int(unscaled * 10 ** (scale - wanted)) if scale - wanted <= _GAP_MAX else sign * MAX_INT64
    places = wanted - scale
    if places > len(str(abs(unscaled))):
        return sign  # a tiny number is rounded up to one, however small it is
    return int(-(-abs(unscaled) // 10**places)) * sign


def _difference_sign(a: Quantity, b: Quantity) -> int:
    left, right = a.unscaled, b.unscaled
    if a.scale != b.scale:
        if (left > 0) != (right > 0) or not left or not right:
            return (left > right) - (left < right) if a.sign != b.sign else 0
        gap = a.scale - b.scale
        if abs(gap) > _GAP_MAX:
            larger = len(str(abs(left))) + a.scale - len(str(abs(right))) - b.scale
            if larger:
                return (1 if larger > 0 else -1) * a.sign
        if gap > 0:
            left *= 10**gap
        else:
            right *= 10**-gap
    return (left > right) - (left < right)


def _without_factors(unscaled: int, scale: int) -> tuple[int, int]:
    if not unscaled:
        return 0, 0
    while unscaled % 1000 == 0:
        unscaled //= 1000
        scale += 3
    while unscaled % 10 == 0:
        unscaled //= 10
        scale += 1
    return unscaled, scale


def _render(quantity: Quantity) -> str:
    unscaled, scale = quantity.unscaled, quantity.scale
    if not unscaled:
        return "0"
    family = quantity.format
    if family is Format.BINARY_SI:
        whole = unscaled * 10**scale if scale >= 0 else unscaled // 10**-scale
        if abs(whole) >= 1024 and (scale >= 0 or unscaled % 10**-scale == 0):
            exponent = 0
            while whole % 1024 == 0:
                whole //= 1024
                exponent += 10
            return f"{whole}{_BINARY_SUFFIX.get(exponent, '')}"
        family = Format.DECIMAL_SI
    unscaled, scale = _without_factors(unscaled, scale)
    odd = scale % 3
    unscaled *= 10**odd
    scale -= odd
    if family is Format.DECIMAL_SI:
        return f"{unscaled}{_DECIMAL_SUFFIX.get(scale, '')}"
    return f"{unscaled}e{scale}" if scale else str(unscaled)
