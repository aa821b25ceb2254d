r"""Field selectors: `metadata.name=x,status.phase!=Running`.

Terms are separated by commas; a value escapes `\`, `,` and `=` with a backslash. Grammar and error texts are those of
apimachinery pkg/fields. Which fields a resource can be selected by is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class FieldRequirement(NamedTuple):
    """`field` must have (`equal`) or must not have `value`. A field that an object lacks is the empty string."""

    field: str
    equal: bool
    value: str

    def __str__(self) -> str:
        return f"{self.field}{'=' if self.equal else '!='}{escape_value(self.value)}"


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """A conjunction of terms, sorted by their text."""

    requirements: tuple[FieldRequirement, ...] = ()

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))

    @property
    def everything(self) -> bool:
        return not self.requirements

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Whether an object with these field values is meant."""
        return all((fields.get(field, "") == value) is equal for field, equal, value in self.requirements)

    def exact(self, field: str) -> str | None:
        """The one value that `field` must have, if the selector says so."""
        return next((term.value for term in self.requirements if term.equal and term.field == field), None)


def parse_field_selector(text: str) -> FieldSelector:
    """Read a field selector. Raises ValueError with upstream's message."""
    requirements = []
    for term in sorted(_terms(text), key=lambda term: term.encode()):
        if not term:
            continue
        split = _split(term)
        if split is None:
            raise ValueError(f"invalid selector: '{text}'; can't understand '{term}'")
        field, operator, value = split
        requirements.append(FieldRequirement(field, operator != "!=", unescape_value(value)))
    return FieldSelector(tuple(requirements))


def escape_value(value: str) -> str:
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")


def unescape_value(text: str) -> str:
    """The literal value. Raises ValueError for unknown escapes and bare `,` or `=`."""
    if not any(char in text for char in "\\,="):
        return text
    out = []
    escaped = False
    for char in text:
        if escaped:
            if char not in "\\,=":
                raise ValueError(f"invalid field selector: invalid escape sequence: \\{char}")
            out.append(char)
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in ",=":
            # upstream prints the code point
            raise ValueError(f"invalid field selector: unescaped character in value: {ord(char)}")
        else:
            out.append(char)
    if escaped:
        raise ValueError("invalid field selector: invalid escape sequence: \\")
    return "".join(out)


def _terms(text: str) -> list[str]:
    terms = []
    start = 0
    escaped = False
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == ",":
            terms.append(text[start:index])
            start = index + 1
    terms.append(text[start:])
    return terms


def _split(term: str) -> tuple[str, str, str] | None:
    for index, char in enumerate(term):
        if char in "!=":
            for operator in ("!=", "==", "="):
                if term.startswith(operator, index):
                    return term[:index], operator, term[index + len(operator) :]
    return None
