"""Does a value satisfy a schema? JSON Schema as upstream judges custom resources by it, with upstream's words.

The messages are those of kube-openapi's validators (`spec.a in body must be of type integer: "string"`). An anyOf or
oneOf that fails reports the alternative with the most satisfied checks, so checks are counted the way upstream counts
them. Errors that upstream knows no place for (a failed oneOf, say) are at `<nil>`.

Ratcheting (KEP-4008): with an `old_value`, whatever is invalid but did not change is tolerated. Fields correlate by
name, items of list maps by their keys, items of other lists not at all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from steersman.api.errors import OMIT, FieldError, FieldReason, go_quote, too_long
from steersman.api.schema.formats import go_number_text, known_format, matches_format
from steersman.api.schema.interpret import go_number
from steersman.api.schema.lists import validate_lists
from steersman.api.schema.model import ABSENT
from steersman.api.schema.patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Schema = Mapping[str, Any]

NOWHERE: Final = "<nil>"
"""Upstream's name for the empty path."""
_INT64 = 2**63


def validate_value(schema: Schema, value: Any, path: str = "", old_value: Any = ABSENT) -> list[FieldError]:
    """Everything that is wrong with `value`, list sets and list maps with duplicates included.

    `path` is where the value stands (empty for a whole object, `status` for its status). With an `old_value`,
    unchanged invalid parts are tolerated.
    """
    found = _Found() if _fits(schema, value) else _judge(schema, value, "", _Old.of(old_value))
    errors = [_field_error(problem, path) for problem in found.problems]
    if old_value is ABSENT or not validate_lists(schema, old_value, path):
        errors += validate_lists(schema, value, path)
    return errors


_NEEDS_A_CLOSER_LOOK: Final = frozenset(
    {"anyOf", "oneOf", "allOf", "not", "format", "multipleOf", "uniqueItems", "x-kubernetes-int-or-string"}
)
_CLASSES: Final = {"string": str, "object": dict, "array": list, "boolean": bool, "integer": int}


def _fits(schema: Schema, value: Any) -> bool:
    """Whether a value is as it should be: the same verdict without words, which is all that most values need."""
    if not _NEEDS_A_CLOSER_LOOK.isdisjoint(schema) or value.__class__ is not _CLASSES.get(schema.get("type", "")):
        return not _all(schema, value, "", None).problems
    if "enum" in schema and (value.__class__ is not str or (schema["enum"] and value not in schema["enum"])):
        return not _all(schema, value, "", None).problems
    if value.__class__ is dict:
        if "required" in schema and not all(key in value for key in schema["required"] or ()):
            return False
        if "minProperties" in schema or "maxProperties" in schema:
            return not _all(schema, value, "", None).problems
        properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
        for key, item in value.items():
            inner = properties.get(key)
            if inner is None:
                if additional is None or additional is True:
                    continue
                if additional is False:
                    return False
                inner = additional
            if not _fits(inner, item):
                return False
        return True
    if value.__class__ is list:
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            return False
        items = schema.get("items")
        return not items or all(_fits(items, item) for item in value)
    if value.__class__ is str:
        return next(_string(schema, value, ""), None) is None
    bounded = "minimum" in schema or "maximum" in schema
    if value.__class__ is int and (bounded or not -_INT64 <= value < _INT64):
        return next(_number(schema, ("integer",), "", value, ""), None) is None
    return True


@dataclass(frozen=True, slots=True)
class _Problem:
    """One failed check. `at` is the place in upstream's notation, None where it has none."""

    at: str | None
    message: str
    reason: FieldReason = FieldReason.INVALID
    value: Any = ""
    detail: str | None = None


@dataclass(slots=True)
class _Found:
    """What judging a value brought up: problems, each said once, and the number of checks passed."""

    problems: list[_Problem] = field(default_factory=list)
    passed: int = 0

    def add(self, *problems: _Problem) -> None:
        for problem in problems:
            if all(problem.message != known.message for known in self.problems):
                self.problems.append(problem)

    def merge(self, other: _Found) -> None:
        self.add(*other.problems)
        self.passed += other.passed


@dataclass(frozen=True, slots=True)
class _Old:
    """The value that this place had before, where the two correlate."""

    value: Any

    @staticmethod
    def of(value: Any) -> _Old | None:
        return None if value is ABSENT else _Old(value)

    def key(self, schema: Schema, new: Any, name: str) -> _Old | None:
        if not isinstance(self.value, dict) or name not in self.value or name not in new:
            return None
        known = name in (schema.get("properties") or {}) or isinstance(schema.get("additionalProperties"), dict)
        return _Old(self.value[name]) if known else None

    def item(self, schema: Schema, item: Any) -> _Old | None:
        keys, kind = schema.get("x-kubernetes-list-map-keys") or (), schema.get("x-kubernetes-list-type")
        if kind != "map" or not isinstance(self.value, list) or not isinstance(item, dict):
            return None
        if not all(key in item for key in keys):
            return None
        wanted = [_scalar(item[key]) for key in keys]
        for old in self.value:
            if isinstance(old, dict) and [_scalar(old.get(key)) for key in keys] == wanted:
                return _Old(old)
        return None

    def unchanged(self, schema: Schema, value: Any) -> bool:
        """Equal, and comparable all the way down: a field that the schema does not describe counts as changed."""
        old = self.value
        if old is None or value is None:
            return old is value
        if isinstance(old, dict) and isinstance(value, dict):
            pairs = [(_below(schema, key), self.key(schema, value, key), item) for key, item in value.items()]
            return len(old) == len(value) and all(was is not None and was.unchanged(s, item) for s, was, item in pairs)
        if isinstance(old, list) and isinstance(value, list) and schema.get("x-kubernetes-list-type") == "map":
            items = [(self.item(schema, item), item) for item in value]
            inner = schema.get("items") or {}
            return len(old) == len(value) and all(was is not None and was.unchanged(inner, item) for was, item in items)
        return same(old, value)


def _below(schema: Schema, key: str) -> Schema:
    """The schema of a field, or of any field."""
    inner = (schema.get("properties") or {}).get(key) or schema.get("additionalProperties")
    return inner if isinstance(inner, dict) else {}


def _scalar(value: Any) -> tuple[type, Any]:
    """A key value that no other type equals, and no composite at all."""
    return (value.__class__, object() if isinstance(value, dict | list) or value is None else value)


def _judge(schema: Schema, value: Any, at: str, old: _Old | None) -> _Found:
    """The verdict on one place, ratcheted: an unchanged value has no problems."""
    found = _all(schema, value, at, old)
    if found.problems and old is not None and old.unchanged(schema, value):
        return _Found(passed=found.passed)
    return found


def _all(schema: Schema, value: Any, at: str, old: _Old | None) -> _Found:
    found = _Found()
    types = _types(schema)
    form = _format(schema, types)
    if value is None:
        found.merge(_type_check(schema, types, form, value, at))
        found.add(*_enum(schema, value, at))
        return found
    if types or form:
        found.merge(_type_check(schema, types, form, value, at))
        found.passed += 1
    found.merge(_combined(schema, value, at, old))
    found.passed += 2  # itself, and the enum
    if value.__class__ is str:
        found.add(*_string(schema, value, at))
        found.passed += 1
        if known_format(form):
            found.passed += 1
            if not matches_format(form, value):
                found.add(_wrong_type(at, form, value))
    elif value.__class__ in (int, float):
        found.add(*_number(schema, types, form, value, at))
        found.passed += 2
    elif value.__class__ is list:
        found.merge(_items(schema, value, at, old))
        found.passed += 2
    found.add(*_enum(schema, value, at))
    if value.__class__ is dict:
        found.merge(_object(schema, value, at, old))
        found.passed += 1
    found.passed += 1
    return found


def _combined(schema: Schema, value: Any, at: str, old: _Old | None) -> _Found:
    """anyOf, oneOf, allOf, not."""
    found = _Found()
    if any_of := schema.get("anyOf"):
        verdicts = [_all(inner, value, at, old) for inner in any_of]
        good = next((verdict for verdict in verdicts if not verdict.problems), None)
        if good is None:
            found.add(_Problem(None, f"{go_quote(at)} must validate at least one schema (anyOf)"))
            good = _closest(verdicts)
        found.merge(good)
    if one_of := schema.get("oneOf"):
        verdicts = [_all(inner, value, at, old) for inner in one_of]
        valid = [verdict for verdict in verdicts if not verdict.problems]
        if len(valid) == 1:
            found.merge(valid[0])
        else:
            detail = f"Found {len(valid)} valid alternatives" if valid else "Found none valid"
            found.add(_Problem(None, f"{go_quote(at)} must validate one and only one schema (oneOf). {detail}"))
            if not valid:
                found.merge(_closest(verdicts))
    if all_of := schema.get("allOf"):
        verdicts = [_all(inner, value, at, old) for inner in all_of]
        for verdict in verdicts:
            found.merge(verdict)
        failed = sum(1 for verdict in verdicts if verdict.problems)
        if failed:
            detail = ". None validated" if failed == len(verdicts) else ""
            found.add(_Problem(None, f"{go_quote(at)} must validate all the schemas (allOf){detail}"))
    if (unwanted := schema.get("not")) is not None and not _all(unwanted, value, at, old).problems:
        found.add(_Problem(None, f"{go_quote(at)} must not validate the schema (not)"))
    found.passed += 1
    return found


def _items(schema: Schema, value: list[Any], at: str, old: _Old | None) -> _Found:
    found = _Found()
    items = schema.get("items")
    if isinstance(items, dict):
        for index, item in enumerate(value):
            found.merge(_judge(items, item, f"{at}[{index}]", old and old.item(schema, item)))
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is not None and len(value) < least:
        found.add(_Problem(at, f"{at} in body should have at least {least} items", value=len(value)))
    if most is not None and len(value) > most:
        found.add(_too_many(at, "items", len(value), most))
    if schema.get("uniqueItems") and any(same(a, b) for i, a in enumerate(value) for b in value[:i]):
        found.add(_Problem(at, f"{at} in body shouldn't contain duplicates"))
    return found


def _object(schema: Schema, value: dict[str, Any], at: str, old: _Old | None) -> _Found:
    found = _Found()
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if least is not None and len(value) < least:
        found.add(_Problem(at, f"{at} in body should have at least {least} properties", value=len(value)))
    if most is not None and len(value) > most:
        found.add(_too_many(at, "properties", len(value), most))
    properties = schema.get("properties") or {}
    additional = schema.get("additionalProperties")
    for key, item in value.items():
        if key in properties:
            continue
        if additional is False:
            found.add(_Problem(at, f"{at}.{key} in body is a forbidden property", value=key))
        elif isinstance(additional, dict):
            found.merge(_judge(additional, item, f"{at}.{key}", old and old.key(schema, value, key)))
    for key, inner in properties.items():
        if key in value:
            # What kind and version an object is never counts as unchanged.
            typed = not at and key in {"kind", "apiVersion"}
            before = None if old is None or typed else old.key(schema, value, key)
            found.merge(_judge(inner, value[key], f"{at}.{key}" if at else key, before))
    for key in schema.get("required") or ():
        if key not in value:
            found.add(_Problem(f"{at}.{key}", f"{at}.{key} in body is required", FieldReason.REQUIRED, OMIT, ""))
    return found


def _closest(verdicts: Sequence[_Found]) -> _Found:
    """The first of those with the most checks passed."""
    return max(verdicts, key=lambda verdict: verdict.passed)


def _types(schema: Schema) -> tuple[str, ...]:
    if schema.get("x-kubernetes-int-or-string"):
        return ("integer", "string")
    kind = schema.get("type")
    return (kind,) if kind else ()


def _format(schema: Schema, types: tuple[str, ...]) -> str:
    """The format, unless upstream would ignore it for this type."""
    form: str = schema.get("format") or ""
    kind = types[0] if len(types) == 1 else ""
    if kind in {"", "string"}:
        return form if known_format(form) else ""
    allowed = {"integer": {"int32", "int64"}, "number": {"float", "double"}}.get(kind, set())
    return form if form in allowed else ""


_KINDS = {dict: "object", list: "array", str: "string", bool: "boolean"}


def _type_check(schema: Schema, types: tuple[str, ...], form: str, value: Any, at: str) -> _Found:
    found = _Found()
    if value is None:
        if types and not schema.get("nullable"):
            found.add(_wrong_type(at, ",".join(types), "null"))
        else:
            found.passed += 1
        return found
    whole = value.__class__ is int and -_INT64 <= value < _INT64
    kind = _KINDS.get(value.__class__) or ("integer" if whole else "number")
    of_data = {"integer": "int64", "number": "float64"}.get(kind, "")
    float_as_int = kind == "number" and float(value).is_integer() and "integer" in types
    fits = kind in types or float_as_int or (kind == "integer" and "number" in types)
    if kind not in {"string", "array"} and form and not (fits or of_data == form):
        found.add(_wrong_type(at, form, of_data))
    elif form and kind in {"string", "array"} and not {"number", "integer"} & set(types):
        found.passed += 1
    elif not fits:
        found.add(_wrong_type(at, ",".join(types), kind))
    else:
        found.passed += 1
    return found


def _wrong_type(at: str, wanted: str, got: str) -> _Problem:
    message = f"{at} in body must be of type {wanted}: {go_quote(got)}"
    return _Problem(at, message, FieldReason.TYPE_INVALID, got)


def _too_many(at: str, what: str, count: int, most: int) -> _Problem:
    noun = "item" if most == 1 else "items"
    message = f"{at} in body should have at most {most} {what}"
    return _Problem(at, message, FieldReason.TOO_MANY, count, f"must have at most {most} {noun}")


def _string(schema: Schema, value: str, at: str) -> Iterator[_Problem]:
    """The first of length and pattern that fails."""
    most, least, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if most is not None and len(value) > most:
        message = f"{at} in body should be at most {most} chars long"
        yield _Problem(at, message, FieldReason.TOO_LONG, OMIT, too_long(at, most).detail)
    elif least is not None and len(value) < least:
        yield _Problem(at, f"{at} in body should be at least {least} chars long", value=value)
    elif pattern and not _matches(pattern, value):
        yield _Problem(at, f"{at} in body should match '{pattern}'", value=value)


def _matches(pattern: str, value: str) -> bool:
    try:
        return compile_pattern(pattern).search(value) is not None
    except ValueError:
        return False


def _number(schema: Schema, types: tuple[str, ...], form: str, value: float, at: str) -> Iterator[_Problem]:
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
            yield _Problem(at, f"{at} in body should be {words} {go_number_text(bound)}", value=judged)


def _multiple(value: float, factor: float, at: str, *, as_float: bool) -> Iterator[_Problem]:
    if isinstance(value, int) and not as_float:
        factor = int(factor)
    if factor <= 0:
        message = f"factor MultipleOf declared for {at} must be positive: {go_number_text(factor)}"
        yield _Problem(at, message, value=factor)
        return
    if isinstance(factor, int) and isinstance(value, int):
        whole = value % factor == 0
    else:
        whole = float(1 / factor * value if factor < 1 else value / factor).is_integer()
    if not whole:
        yield _Problem(at, f"{at} in body should be a multiple of {go_number_text(factor)}", value=value)


def _out_of_range(value: float, kind: str, form: str, what: str, at: str) -> _Problem | None:
    """Whether a number is none of the declared integer type; upstream knows no place for this error."""
    if kind != "integer":
        return None
    limit = 2**31 if form == "int32" else _INT64
    if float(value).is_integer() and -limit <= value < limit:
        return None
    of_format = f"with format {form}" if form else "(default format)"
    return _Problem(None, f"{what} value must be of type integer {of_format} in {at}")


def _enum(schema: Schema, value: Any, at: str) -> Iterator[_Problem]:
    allowed = schema.get("enum")
    if not allowed or any(value is not None and _is_choice(value, item) for item in allowed):
        return
    names = [item if isinstance(item, str) else json.dumps(item, separators=(",", ":")) for item in allowed]
    listed = ", ".join(go_quote(name) for name in names)
    message = f"{at} in body should be one of [{' '.join(names)}]"
    yield _Problem(at, message, FieldReason.NOT_SUPPORTED, value, f"supported values: {listed}")


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


def _field_error(problem: _Problem, path: str) -> FieldError:
    where = path
    if problem.at is not None:
        name = problem.at.removeprefix(".")
        where = f"{path}.{name}" if path and name else path or name
    detail = problem.message if problem.detail is None else problem.detail
    return FieldError(problem.reason, where or NOWHERE, _go_form(problem.value), detail)


def _go_form(value: Any) -> Any:
    """A value as Go would print it: maps sorted, whole numbers without a fraction."""
    if isinstance(value, dict):
        return {key: _go_form(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_go_form(item) for item in value]
    return go_number(value)
