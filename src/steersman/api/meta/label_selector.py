"""LabelSelector objects: `{"matchLabels": {...}, "matchExpressions": [{"key", "operator", "values"}]}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import FieldError, Invalid, forbidden, go_quote, invalid, required
from steersman.api.meta.labels import EVERYTHING, NOTHING, Requirement, Selector, requirement_errors, selector_of
from steersman.api.meta.names import label_value, qualified_name

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


def compile_selector(selector: Object | None) -> Selector:
    """What the object selects: none selects nothing, an empty one everything. Raises ValueError if it is invalid."""
    if selector is None:
        return NOTHING
    requirements = []
    for key, value in (selector.get("matchLabels") or {}).items():
        requirements.append(_requirement(key, "=", (value,)))
    for expression in selector.get("matchExpressions") or ():
        operator = expression.get("operator") or ""
        if operator not in _OPERATORS:
            raise ValueError(f"{go_quote(operator)} is not a valid label selector operator")
        values = tuple(expression.get("values") or ())
        requirements.append(_requirement(expression.get("key") or "", _OPERATORS[operator], values))
    return selector_of(requirements) if requirements else EVERYTHING


def _requirement(key: str, operator: str, values: tuple[str, ...]) -> Requirement:
    if errors := requirement_errors(key, operator, values):
        raise ValueError(Invalid.aggregate(errors))
    return Requirement(key, operator, values)


def is_empty(selector: Object | None) -> bool:
    return not selector or not (selector.get("matchLabels") or selector.get("matchExpressions"))


def has_invalid_values(selector: Object | None) -> bool:
    """Whether an expression has a value that is no label value: such selectors may stay if they are stored."""
    expressions = (selector or {}).get("matchExpressions") or ()
    return any(label_value(value) for expression in expressions for value in expression.get("values") or ())


def validate_selector(
    selector: Object | None, path: str, *, allow_invalid_values: bool = False, allow_unknown_operator: bool = False
) -> list[FieldError]:
    """Upstream's ValidateLabelSelector."""
    if not selector:
        return []
    errors = validate_labels(selector.get("matchLabels"), f"{path}.matchLabels")
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        errors += validate_expression(
            expression,
            f"{path}.matchExpressions[{index}]",
            allow_invalid_values=allow_invalid_values,
            allow_unknown_operator=allow_unknown_operator,
        )
    return errors


def validate_expression(
    expression: Object, path: str, *, allow_invalid_values: bool = False, allow_unknown_operator: bool = False
) -> list[FieldError]:
    errors = []
    operator, values = expression.get("operator") or "", expression.get("values") or []
    if operator in ("In", "NotIn"):
        if not values:
            errors.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            errors.append(forbidden(f"{path}.values", detail))
    elif not allow_unknown_operator:
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    errors += validate_label_name(expression.get("key") or "", f"{path}.key")
    if not allow_invalid_values:
        for index, value in enumerate(values):
            errors += [invalid(f"{path}.values[{index}]", value, message) for message in label_value(value)]
    return errors


def validate_label_name(name: str, path: str) -> list[FieldError]:
    return [invalid(path, name, message) for message in qualified_name(name)]


def validate_labels(labels: Object | None, path: str) -> list[FieldError]:
    """All errors carry the path of the map, as upstream's do."""
    errors = []
    for key, value in (labels or {}).items():
        if messages := qualified_name(key):
            errors += [invalid(path, key, message) for message in messages]
        if messages := label_value(value):
            errors += [invalid(path, value, message) for message in messages]
    return errors


def go_text(selector: Object) -> str:
    """A selector as Go prints the generated type, in messages and tables."""
    labels = selector.get("matchLabels") or {}
    equal = "".join(f"{key}: {labels[key]}," for key in sorted(labels))
    expressions = "".join(
        f"LabelSelectorRequirement{{Key:{one.get('key', '')},Operator:{one.get('operator', '')},"
        f"Values:[{' '.join(one.get('values') or ())}],}},"
        for one in selector.get("matchExpressions") or ()
    )
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{equal}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )
