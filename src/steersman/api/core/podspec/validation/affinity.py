"""Node selectors, affinity to nodes and to other pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.common import each
from steersman.api.errors import FieldError, forbidden, invalid, required
from steersman.api.meta.label_selector import validate_label_name, validate_selector
from steersman.api.meta.names import dns1123_subdomain, label_value, name_is_dns_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.core.podspec.validation.options import Options
    from steersman.api.meta.types import Object

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_NOT_AN_OPERATOR = "not a valid selector operator"
_WEIGHT = "must be in the range 1-100"


def validate_affinity(affinity: Object | None, path: str, options: Options) -> list[FieldError]:
    if affinity is None:
        return []
    errors: list[FieldError] = []
    if (rules := affinity.get("nodeAffinity")) is not None:
        errors += _validate_node_affinity(rules, f"{path}.nodeAffinity", options)
    for kind in ("podAffinity", "podAntiAffinity"):
        if (rules := affinity.get(kind)) is not None:
            errors += _validate_pod_affinity(rules, f"{path}.{kind}", options)
    return errors


def _validate_node_affinity(rules: Object, path: str, options: Options) -> list[FieldError]:
    errors: list[FieldError] = []
    if (selector := rules.get(_REQUIRED)) is not None:
        allow = options.allow_invalid_label_value_in_node_affinity
        errors += validate_node_selector(selector, f"{path}.{_REQUIRED}", allow_invalid_values=allow)
    for index, term in enumerate(rules.get(_PREFERRED) or ()):
        at = f"{path}.{_PREFERRED}[{index}]"
        errors += _validate_weight(term, at)
        preference = term.get("preference") or {}
        errors += validate_node_selector_term(preference, f"{at}.preference", allow_invalid_values=True)
    return errors


def _validate_weight(term: Object, path: str) -> list[FieldError]:
    weight = term.get("weight") or 0
    return [] if 0 < weight <= 100 else [invalid(f"{path}.weight", weight, _WEIGHT)]


def validate_node_selector(selector: Object, path: str, *, allow_invalid_values: bool = False) -> list[FieldError]:
    terms = selector.get("nodeSelectorTerms") or ()
    if not terms:
        return [required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")]
    errors: list[FieldError] = []
    for index, term in enumerate(terms):
        at = f"{path}.nodeSelectorTerms[{index}]"
        errors += validate_node_selector_term(term, at, allow_invalid_values=allow_invalid_values)
    return errors


def validate_node_selector_term(term: Object, path: str, *, allow_invalid_values: bool = False) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        at = f"{path}.matchExpressions[{index}]"
        errors += validate_node_expression(expression, at, allow_invalid_values=allow_invalid_values)
    for index, expression in enumerate(term.get("matchFields") or ()):
        errors += _validate_node_field(expression, f"{path}.matchFields[{index}]")
    return errors


def validate_node_expression(expression: Object, path: str, *, allow_invalid_values: bool = False) -> list[FieldError]:
    errors: list[FieldError] = []
    operator, values = expression.get("operator") or "", expression.get("values") or []
    if operator in ("In", "NotIn"):
        if not values:
            detail = "must be specified when `operator` is 'In' or 'NotIn'"
            errors.append(required(f"{path}.values", detail))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            errors.append(forbidden(f"{path}.values", detail))
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
            errors.append(required(f"{path}.values", detail))
    else:
        errors.append(invalid(f"{path}.operator", operator, _NOT_AN_OPERATOR))
    errors += validate_label_name(expression.get("key") or "", f"{path}.key")
    if not allow_invalid_values:
        for index, value in enumerate(values):
            errors += each(f"{path}.values[{index}]", value, label_value(value))
    return errors


def _validate_node_field(expression: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    operator, values = expression.get("operator") or "", expression.get("values") or []
    if operator not in ("In", "NotIn"):
        errors.append(invalid(f"{path}.operator", operator, _NOT_AN_OPERATOR))
    elif len(values) != 1:
        detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        errors.append(required(f"{path}.values", detail))
    key = expression.get("key") or ""
    if key != "metadata.name":
        errors.append(invalid(f"{path}.key", key, "not a valid field selector key"))
        return errors
    for index, value in enumerate(values):
        errors += each(f"{path}.values[{index}]", value, dns1123_subdomain(value))
    return errors


def _validate_pod_affinity(rules: Object, path: str, options: Options) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, term in enumerate(rules.get(_REQUIRED) or ()):
        errors += _validate_term(term, f"{path}.{_REQUIRED}[{index}]", options)
    for index, weighted in enumerate(rules.get(_PREFERRED) or ()):
        at = f"{path}.{_PREFERRED}[{index}]"
        errors += _validate_weight(weighted, at)
        errors += _validate_term(weighted.get("podAffinityTerm") or {}, f"{at}.podAffinityTerm", options)
    return errors


def _validate_term(term: Object, path: str, options: Options) -> list[FieldError]:
    allow = options.allow_invalid_label_value_in_selector
    errors: list[FieldError] = []
    for name in ("labelSelector", "namespaceSelector"):
        errors += validate_selector(term.get(name), f"{path}.{name}", allow_invalid_values=allow)
    for namespace in term.get("namespaces") or ():
        errors += each(f"{path}.namespace", namespace, name_is_dns_label(namespace))
    errors += validate_label_keys(
        term.get("matchLabelKeys") or (), term.get("mismatchLabelKeys") or (), term.get("labelSelector"), path
    )
    key = term.get("topologyKey") or ""
    if not key:
        errors.append(required(f"{path}.topologyKey", "can not be empty"))
    return errors + validate_label_name(key, f"{path}.topologyKey")


def validate_label_keys(
    match: Sequence[str], mismatch: Sequence[str], selector: Object | None, path: str
) -> list[FieldError]:
    """Keys whose values are taken from the pod's own labels (KEP-3633): none may be used twice."""
    errors: list[FieldError] = []
    for name, keys in (("matchLabelKeys", match), ("mismatchLabelKeys", mismatch)):
        if keys and selector is None:
            detail = "must not be specified when labelSelector is not set"
            errors.append(forbidden(f"{path}.{name}", detail))
        elif keys:
            for index, key in enumerate(keys):
                errors += validate_label_name(key, f"{path}.{name}[{index}]")
    seen = set((selector or {}).get("matchLabels") or {})
    for expression in (selector or {}).get("matchExpressions") or ():
        key = expression.get("key") or ""
        if key in match and key in seen:
            index = len(match) - 1 - list(reversed(match)).index(key)
            errors.append(invalid(f"{path}[{index}]", key, "exists in both matchLabelKeys and labelSelector"))
        seen.add(key)
    for index, key in enumerate(match):
        if key in mismatch:
            detail = "exists in both matchLabelKeys and mismatchLabelKeys"
            errors.append(invalid(f"{path}.matchLabelKeys[{index}]", key, detail))
    return errors
