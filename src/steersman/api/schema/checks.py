"""The checks of single schema keywords, each with upstream's message. `value` puts them together."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from steersman.api.errors import OMIT, FieldReason, go_quote, too_long
from steersman.api.schema.formats import go_number_text, known_format
from steersman.lib.regex import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Schema = Mapping[str, Any]

INT64: Final = 2**63


@dataclass(frozen=True, slots=True)
class Problem:
    """One failed check. `at` is the place in upstream's notation, None where it has none."""

    at: str | None
    message: str
    reason: FieldReason = FieldReason.INVALID
    value: Any = ""
    detail: str | None = None


@dataclass(slots=True)
class Found:
    """What judging a value brought up: problems, each said once, and the number of checks passed."""

    problems: list[Problem] = field(default_factory=list)
    passed: int = 0

    def add(self, *problems: Problem) -> None:
        for problem in problems:
            if all(problem.message != known.message for known in self.problems):
                self.problems.append(problem)

    def merge(self, other: Found) -> None:
        self.add(*other.problems)
        self.passed += other.passed


def types_of(schema: Schema) -> tuple[str, ...]:
    if schema.get("x-kubernetes-int-or-string"):
        return ("integer", "string")
    kind = schema.get("type")
    return (kind,) if kind else ()


def format_of(schema: Schema, types: tuple[str, ...]) -> str:
    """The format, unless upstream would ignore it for this type."""
    form: str = schema.get("format") or ""
    kind = types[0] if len(types) == 1 else ""
    if kind in {"", "string"}:
        return form if known_format(form) else ""
    allowed = {"integer": {"int32", "int64"}, "number": {"float", "double"}}.get(kind, set())
    return form if form in allowed else ""


_KINDS = {dict: "object", list: "array", str: "string", bool: "boolean"}


def check_type(schema: Schema, types: tuple[str, ...], form: str, value: Any, at: str) -> Found:
    found = Found()
    if value is None:
        if types and not schema.get("nullable"):
            found.add(wrong_type(at, ",".join(types), "null"))
        else:
            found.passed += 1
        return found
    whole = value.__class__ is int and -INT64 <= value < INT64
    kind = _KINDS.get(value.__class__) or ("integer" if whole else "number")
    of_data = {"integer": "int64", "number": "float64"}.get(kind, "")
    float_as_int = kind == "number" and float(value).is_integer() and "integer" in types
    fits = kind in types or float_as_int or (kind == "integer" and "number" in types)
    if kind not in {"string", "array"} and form and not (fits or of_data == form):
        found.add(wrong_type(at, form, of_data))
    elif form and kind in {"string", "array"} and not {"number", "integer"} & set(types):
        found.passed += 1
    elif not fits:
        found.add(wrong_type(at, ",".join(types), kind))
    else:
        found.passed += 1
    return found


def wrong_type(at: str, wanted: str, got: str) -> Problem:
    message = f"{at} in body must be of type {wanted}: {go_quote(got)}"
    return Problem(at, message, FieldReason.TYPE_INVALID, got)


def too_many(at: str, what: str, count: int, most: int) -> Problem:
    noun = "item" if most == 1 else "items"
    message = f"{at} in body should have at most {most} {what}"
    return Problem(at, message, FieldReason.TOO_MANY, count, f"must have at most {most} {noun}")


def check_string(schema: Schema, value: str, at: str) -> Iterator[Problem]:
    """The first of length and pattern that fails."""
    most, least, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if most is not None and len(value) > most:
        message = f"{at} in body should be at most {most} chars long"
        yield Problem(at, message, FieldReason.TOO_LONG, OMIT, too_long(at, most).detail)
    elif least is not None and len(value) < least:
        yield Problem(at, f"{at} in body should be at least {least} chars long", value=value)
    elif pattern and not _matches(pattern, value):
        yield Problem(at, f"{at} in body should match '{pattern}'", value=value)


def _matches(pattern: str, value: str) -> bool:
    try:
        return compile_pattern(pattern).search(value) is not None
    except ValueError:
        return False


def check_number(schema: Schema, types: tuple[str, ...], form: str, value: float, at: str) -> Iterator[Problem]:
    kind = types[0] if len(types) == 1 and types[0] in {"integer", "number"} else ""
    if problem := _out_of_range(value, kind, form, "Checked", at):
        yield problem
    multiple = schema.get("multipleOf")
    if multiple is not None:
        problem = _out_of_range(multiple, kind, form, "MultipleOf", at)
        if problem:
            yield problem
        yield from _multiple(value, multiple, at, as_float=problem is not None)
    for key, side in (("maximum", "less"), ("minimum", "greater")):
        bound = schema.get(key)
        if bound is None:
            continue
        name = "Maximum boundary" if key == "maximum" else "Minimum boundary"
        problem = _out_of_range(bound, kind, form, name, at)
        if problem:
            yield problem
        elif isinstance(value, int):
            bound = int(bound)
        exclusive = schema.get("exclusiveMaximum" if key == "maximum" else "exclusiveMinimum")
        beyond = value > bound if key == "maximum" else value < bound
        if beyond or (exclusive and value == bound):
            words = f"{side} than" if exclusive else f"{side} than or equal to"
            judged = float(value) if problem else value
            yield Problem(at, f"{at} in body should be {words} {go_number_text(bound)}", value=judged)


def _multiple(value: float, factor: float, at: str, *, as_float: bool) -> Iterator[Problem]:
    if isinstance(value, int) and not as_float:
        factor = int(factor)
    if factor <= 0:
        message = f"factor MultipleOf declared for {at} must be positive: {go_number_text(factor)}"
        yield Problem(at, message, value=factor)
        return
    if isinstance(factor, int) and isinstance(value, int):
        whole = value % factor == 0
    else:
        whole = float(1 / factor * value if factor < 1 else value / factor).is_integer()
    if not whole:
        yield Problem(at, f"{at} in body should be a multiple of {go_number_text(factor)}", value=value)


def _out_of_range(value: float, kind: str, form: str, what: str, at: str) -> Problem | None:
    """Whether a number is none of the declared integer type; upstream knows no place for this error."""
    if kind != "integer":
        return None
    limit = 2**31 if form == "int32" else INT64
    if float(value).is_integer() and -limit <= value < limit:
        return None
    of_format = f"with format {form}" if form else "(default format)"
    return Problem(None, f"{what} value must be of type integer {of_format} in {at}")


def check_enum(schema: Schema, value: Any, at: str) -> Iterator[Problem]:
    allowed = schema.get("enum")
    if not allowed or any(value is not None and _is_choice(value, item) for item in allowed):
        return
    names = [item if isinstance(item, str) else json.dumps(item, separators=(",", ":")) for item in allowed]
    listed = ", ".join(go_quote(name) for name in names)
    message = f"{at} in body should be one of [{' '.join(names)}]"
    yield Problem(at, message, FieldReason.NOT_SUPPORTED, value, f"supported values: {listed}")


def _is_choice(value: Any, item: Any) -> bool:
    """Equal, once the value is converted to the type of the choice: 1.5 counts as 1 for upstream."""
    if value.__class__ is float and item.__class__ is int:
        return int(value) == item
    return same(value, item)


def same(a: Any, b: Any) -> bool:
    """Equal as JSON values: true is not 1, 1.0 is 1."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(item, b[key]) for key, item in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) and (a.__class__ is bool) == (b.__class__ is bool)
