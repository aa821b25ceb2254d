"""Does a value satisfy a schema? JSON Schema as upstream judges custom resources by it, with upstream's words.

The messages are those of kube-openapi's validators (`spec.a in body must be of type integer: "string"`). An anyOf or
oneOf that fails reports the alternative with the most satisfied checks, so checks are counted the way upstream counts
them. Errors that upstream knows no place for (a failed oneOf, say) are at `<nil>`.

Ratcheting (KEP-4008): with an `old_value`, whatever is invalid but did not change is tolerated. Fields correlate by
name, items of list maps by their keys, items of other lists not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from steersman.api.errors import OMIT, FieldError, FieldReason, go_quote
from steersman.api.schema.checks import (
    INT64,
    Found,
    Problem,
    check_enum,
    check_number,
    check_string,
    check_type,
    format_of,
    same,
    too_many,
    types_of,
    wrong_type,
)
from steersman.api.schema.formats import known_format, matches_format
from steersman.api.schema.interpret import go_number
from steersman.api.schema.lists import validate_lists
from steersman.api.schema.model import ABSENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Schema = Mapping[str, Any]

NOWHERE: Final = "<nil>"
"""Upstream's name for the empty path."""


def validate_value(schema: Schema, value: Any, path: str = "", old_value: Any = ABSENT) -> list[FieldError]:
    """Everything that is wrong with `value`, list sets and list maps with duplicates included.

    `path` is where the value stands (empty for a whole object, `status` for its status). With an `old_value`,
    unchanged invalid parts are tolerated.
    """
    found = Found() if _fits(schema, value) else _judge(schema, value, "", _Old.of(old_value))
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
        return next(check_string(schema, value, ""), None) is None
    bounded = "minimum" in schema or "maximum" in schema
    if value.__class__ is int and (bounded or not -INT64 <= value < INT64):
        return next(check_number(schema, ("integer",), "", value, ""), None) is None
    return True


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


def _judge(schema: Schema, value: Any, at: str, old: _Old | None) -> Found:
    """The verdict on one place, ratcheted: an unchanged value has no problems."""
    found = _all(schema, value, at, old)
    if found.problems and old is not None and old.unchanged(schema, value):
        return Found(passed=found.passed)
    return found


def _all(schema: Schema, value: Any, at: str, old: _Old | None) -> Found:
    found = Found()
    types = types_of(schema)
    form = format_of(schema, types)
    if value is None:
        found.merge(check_type(schema, types, form, value, at))
        found.add(*check_enum(schema, value, at))
        return found
    if types or form:
        found.merge(check_type(schema, types, form, value, at))
        found.passed += 1
    found.merge(_combined(schema, value, at, old))
    found.passed += 2  # itself, and the enum
    if value.__class__ is str:
        found.add(*check_string(schema, value, at))
        found.passed += 1
        if known_format(form):
            found.passed += 1
            if not matches_format(form, value):
                found.add(wrong_type(at, form, value))
    elif value.__class__ in (int, float):
        found.add(*check_number(schema, types, form, value, at))
        found.passed += 2
    elif value.__class__ is list:
        found.merge(_items(schema, value, at, old))
        found.passed += 2
    found.add(*check_enum(schema, value, at))
    if value.__class__ is dict:
        found.merge(_object(schema, value, at, old))
        found.passed += 1
    found.passed += 1
    return found


def _combined(schema: Schema, value: Any, at: str, old: _Old | None) -> Found:
    """anyOf, oneOf, allOf, not."""
    found = Found()
    if any_of := schema.get("anyOf"):
        verdicts = [_all(inner, value, at, old) for inner in any_of]
        good = next((verdict for verdict in verdicts if not verdict.problems), None)
        if good is None:
            found.add(Problem(None, f"{go_quote(at)} must validate at least one schema (anyOf)"))
            good = _closest(verdicts)
        found.merge(good)
    if one_of := schema.get("oneOf"):
        verdicts = [_all(inner, value, at, old) for inner in one_of]
        valid = [verdict for verdict in verdicts if not verdict.problems]
        if len(valid) == 1:
            found.merge(valid[0])
        else:
            detail = f"Found {len(valid)} valid alternatives" if valid else "Found none valid"
            found.add(Problem(None, f"{go_quote(at)} must validate one and only one schema (oneOf). {detail}"))
            if not valid:
                found.merge(_closest(verdicts))
    if all_of := schema.get("allOf"):
        verdicts = [_all(inner, value, at, old) for inner in all_of]
        for verdict in verdicts:
            found.merge(verdict)
        failed = sum(1 for verdict in verdicts if verdict.problems)
        if failed:
            detail = ". None validated" if failed == len(verdicts) else ""
            found.add(Problem(None, f"{go_quote(at)} must validate all the schemas (allOf){detail}"))
    if (unwanted := schema.get("not")) is not None and not _all(unwanted, value, at, old).problems:
        found.add(Problem(None, f"{go_quote(at)} must not validate the schema (not)"))
    found.passed += 1
    return found


def _items(schema: Schema, value: list[Any], at: str, old: _Old | None) -> Found:
    found = Found()
    items = schema.get("items")
    if isinstance(items, dict):
        for index, item in enumerate(value):
            found.merge(_judge(items, item, f"{at}[{index}]", old and old.item(schema, item)))
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is not None and len(value) < least:
        found.add(Problem(at, f"{at} in body should have at least {least} items", value=len(value)))
    if most is not None and len(value) > most:
        found.add(too_many(at, "items", len(value), most))
    if schema.get("uniqueItems") and any(same(a, b) for i, a in enumerate(value) for b in value[:i]):
        found.add(Problem(at, f"{at} in body shouldn't contain duplicates"))
    return found


def _object(schema: Schema, value: dict[str, Any], at: str, old: _Old | None) -> Found:
    found = Found()
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if least is not None and len(value) < least:
        found.add(Problem(at, f"{at} in body should have at least {least} properties", value=len(value)))
    if most is not None and len(value) > most:
        found.add(too_many(at, "properties", len(value), most))
    properties = schema.get("properties") or {}
    additional = schema.get("additionalProperties")
    for key, item in value.items():
        if key in properties:
            continue
        if additional is False:
            found.add(Problem(at, f"{at}.{key} in body is a forbidden property", value=key))
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
            found.add(Problem(f"{at}.{key}", f"{at}.{key} in body is required", FieldReason.REQUIRED, OMIT, ""))
    return found


def _closest(verdicts: Sequence[Found]) -> Found:
    """The first of those with the most checks passed."""
    return max(verdicts, key=lambda verdict: verdict.passed)


def _field_error(problem: Problem, path: str) -> FieldError:
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
