"""Semantic versions: `semver('1.2.3').isLessThan(semver('2.0.0'))`; the second argument `true` forgives a `v` and
missing parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from steersman.cel.declarations import Library, Overload
from steersman.cel.errors import EvaluationError
from steersman.cel.types import opaque
from steersman.cel.values import UINT_MAX, Opaque

_IDENTIFIER = re.compile(r"[0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Semver(Opaque):
    """major.minor.patch, and identifiers of a pre-release, which order it, and of a build, which do not."""

    major: int
    minor: int
    patch: int
    pre: tuple[int | str, ...] = ()
    build: tuple[str, ...] = ()
    cel_type = opaque("kubernetes.Semver")

    @staticmethod
    def parse(text: str) -> Semver:
        """Read `1.2.3-rc.1+build`; raises ValueError with the API server's message."""
        return _parse(text)

    def key(self) -> tuple[object, ...]:
        """What versions are ordered by: a release comes after its pre-releases, numbers before words."""
        words = tuple((0, part, "") if isinstance(part, int) else (1, 0, part) for part in self.pre)
        return (self.major, self.minor, self.patch, not self.pre, words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Semver) and self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())


@lru_cache(maxsize=4096)
def _parse(text: str) -> Semver:
    if not text:
        raise ValueError("Version string empty")
    parts = text.split(".", 2)
    if len(parts) != 3:
        raise ValueError("No Major.Minor.Patch elements found")
    major, minor = _number(parts[0], "Major"), _number(parts[1], "Minor")
    rest, has_build, build = parts[2].partition("+")
    patch, has_pre, pre = rest.partition("-")
    number = _number(patch, "Patch")
    return Semver(
        major,
        minor,
        number,
        tuple(map(_pre, pre.split("."))) if has_pre else (),
        tuple(map(_build, build.split("."))) if has_build else (),
    )


def _number(text: str, part: str) -> int:
    if not re.fullmatch(r"[0-9]+", text):
        wrong = next((char for char in text if not char.isdigit()), "")
        del wrong
        raise ValueError(f'Invalid character(s) found in {part.lower()} number "{text}"')
    if len(text) > 1 and text[0] == "0":
        raise ValueError(f'{part} number must not contain leading zeroes "{text}"')
    value = int(text)
    if value > UINT_MAX:
        raise ValueError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return value


def _pre(text: str) -> int | str:
    if not text:
        raise ValueError("Prerelease is empty")
    if re.fullmatch(r"[0-9]+", text):
        if len(text) > 1 and text[0] == "0":
            raise ValueError(f'Numeric PreRelease version must not contain leading zeroes "{text}"')
        return int(text)
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError(f'Invalid character(s) found in prerelease "{text}"')
    return text


def _build(text: str) -> str:
    if not text:
        raise ValueError("Build meta data is empty")
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError(f'Invalid character(s) found in build meta data "{text}"')
    return text


def _normalized(text: str) -> str:
    """Without `v`, with missing parts as zero, and without leading zeros."""
    text = text.removeprefix("v")
    at = next((index for index, char in enumerate(text) if char in "-+"), len(text))
    parts = text[:at].split(".")
    parts = [part.lstrip("0") or ("0" if part else part) for part in parts] + ["0"] * (3 - len(parts))
    return ".".join(parts) + text[at:]


def _read(text: str, normalize: bool = False) -> Semver:
    try:
        return _parse(_normalized(text) if normalize else text)
    except ValueError as error:
        raise EvaluationError(str(error)) from None


def _is_semver(text: str, normalize: bool = False) -> bool:
    try:
        _parse(_normalized(text) if normalize else text)
    except ValueError:
        return False
    return True


def _compare(left: Semver, right: Semver) -> int:
    return (left.key() > right.key()) - (left.key() < right.key())


_SELF = "kubernetes.Semver"

SEMVER = Library(
    "semver",
    {
        "semver": (
            Overload("string_to_semver", f"(string) -> {_SELF}", _read),
            Overload("string_bool_to_semver", f"(string, bool) -> {_SELF}", _read),
        ),
        "isSemver": (
            Overload("is_semver_string", "(string) -> bool", _is_semver),
            Overload("is_semver_string_bool", "(string, bool) -> bool", _is_semver),
        ),
        "isGreaterThan": (
            Overload("semver_is_greater_than", f"{_SELF}.({_SELF}) -> bool", lambda a, b: _compare(a, b) > 0),
        ),
        "isLessThan": (Overload("semver_is_less_than", f"{_SELF}.({_SELF}) -> bool", lambda a, b: _compare(a, b) < 0),),
        "compareTo": (Overload("semver_compare_to", f"{_SELF}.({_SELF}) -> int", _compare),),
        "major": (Overload("semver_major", f"{_SELF}.() -> int", lambda value: value.major),),
        "minor": (Overload("semver_minor", f"{_SELF}.() -> int", lambda value: value.minor),),
        "patch": (Overload("semver_patch", f"{_SELF}.() -> int", lambda value: value.patch),),
    },
)
