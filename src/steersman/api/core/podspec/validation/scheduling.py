"""Tolerations, topology spread, scheduling gates and groups, claims of devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.go_types import render
from steersman.api.core.podspec.validation.affinity import validate_label_keys
from steersman.api.core.podspec.validation.common import each, label, one_of, positive, qualified
from steersman.api.errors import FieldError, duplicate, forbidden, go_quote, invalid, not_supported, required
from steersman.api.meta.label_selector import validate_label_name, validate_selector
from steersman.api.meta.labels import parse_int64
from steersman.api.meta.names import dns1123_subdomain, label_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.core.podspec.validation.options import Options
    from steersman.api.meta.types import Object

TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_POLICIES = ("Honor", "Ignore")
_ACTIONS = ("DoNotSchedule", "ScheduleAnyway")
_KEYLESS = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'


def validate_tolerations(tolerations: Sequence[Object], path: str, options: Options) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, toleration in enumerate(tolerations):
        at = f"{path}[{index}]"
        key, operator, effect = (toleration.get(name) or "" for name in ("key", "operator", "effect"))
        if key:
            errors += validate_label_name(key, f"{at}.key")
        elif operator != "Exists":
            errors.append(invalid(f"{at}.operator", operator, _KEYLESS))
        if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
            detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            errors.append(invalid(f"{at}.effect", effect, detail))
        errors += _validate_operator(operator, toleration.get("value") or "", at, options)
        if effect:
            errors += one_of(effect, f"{at}.effect", TAINT_EFFECTS)
    return errors


def _validate_operator(operator: str, value: str, path: str, options: Options) -> list[FieldError]:
    at = f"{path}.operator"
    match operator:
        case "Equal" | "":
            messages = label_value(value)
            return [invalid(at, value, ";".join(messages))] if messages else []
        case "Exists":
            detail = "value must be empty when `operator` is 'Exists'"
            return [invalid(at, value, detail)] if value else []
        case "Lt" | "Gt":
            if not options.allow_comparing_tolerations:
                return [not_supported(at, operator, ("Equal", "Exists", "Lt", "Gt"))]
            return _validate_integer(value, f"{path}.value")
        case _:
            return [not_supported(at, operator, ("Equal", "Exists"))]


def _validate_integer(value: str, path: str) -> list[FieldError]:
    errors = []
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or (digits[0] == "0" and value != "0"):
        detail = "must be a valid decimal integer in canonical form"
        errors.append(invalid(path, value, detail))
    if parse_int64(value) is None:
        why = "value out of range" if digits.isdecimal() else "invalid syntax"
        errors.append(invalid(path, value, f"strconv.ParseInt: parsing {go_quote(value)}: {why}"))
    return errors


def validate_only_added_tolerations(
    new: Sequence[Object], old: Sequence[Object], path: str, options: Options
) -> list[FieldError]:
    """Tolerations of a pod may be added; of those that are there only tolerationSeconds may change."""

    def identity(toleration: Object) -> Object:
        return {name: value for name, value in toleration.items() if name != "tolerationSeconds" and value}

    given = [identity(toleration) for toleration in new]
    if any(identity(toleration) not in given for toleration in old):
        return [forbidden(path, "existing toleration can not be modified except its tolerationSeconds")]
    return validate_tolerations(new, path, options)


def validate_spread(constraints: Sequence[Object], path: str, options: Options) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, constraint in enumerate(constraints):
        at = f"{path}[{index}]"
        key, action = constraint.get("topologyKey") or "", constraint.get("whenUnsatisfiable") or ""
        errors += positive(constraint.get("maxSkew") or 0, f"{at}.maxSkew")
        if not key:
            errors.append(required(f"{at}.topologyKey", "can not be empty"))
        errors += one_of(action, f"{at}.whenUnsatisfiable", _ACTIONS)
        if any(_spread_identity(other) == (key, action) for other in constraints[index + 1 :]):
            at_pair = f"{at}.{{topologyKey, whenUnsatisfiable}}"
            errors.append(duplicate(at_pair, f"{{{key}, {action}}}"))
        errors += _validate_min_domains(constraint.get("minDomains"), action, f"{at}.minDomains")
        for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            if constraint.get(name) is not None:
                errors += one_of(constraint[name], f"{at}.{name}", _POLICIES)
        errors += _validate_spread_keys(constraint, at, options)
        if not options.allow_invalid_spread_selector:
            errors += validate_selector(constraint.get("labelSelector"), f"{at}.labelSelector")
    return errors


def _spread_identity(constraint: Object) -> tuple[str, str]:
    return constraint.get("topologyKey") or "", constraint.get("whenUnsatisfiable") or ""


def _validate_min_domains(number: int | None, action: str, path: str) -> list[FieldError]:
    if number is None:
        return []
    errors = positive(number, path)
    if action != "DoNotSchedule":
        detail = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
        errors.append(invalid(path, number, detail))
    return errors


def _validate_spread_keys(constraint: Object, path: str, options: Options) -> list[FieldError]:
    keys, selector = constraint.get("matchLabelKeys") or (), constraint.get("labelSelector")
    if not options.allow_invalid_spread_match_label_keys:
        return validate_label_keys(keys, (), selector, path)
    if not keys:
        return []
    at = f"{path}.matchLabelKeys"
    errors: list[FieldError] = []
    if selector is None:
        errors.append(forbidden(at, "must not be specified when labelSelector is not set"))
    used = set((selector or {}).get("matchLabels") or {})
    used |= {expression.get("key") for expression in (selector or {}).get("matchExpressions") or ()}
    for index, key in enumerate(keys):
        errors += validate_label_name(key, f"{at}[{index}]")
        if key in used:
            errors.append(invalid(f"{at}[{index}]", key, "exists in both matchLabelKeys and labelSelector"))
    return errors


def validate_scheduling_gates(gates: Sequence[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, gate in enumerate(gates):
        at, name = f"{path}[{index}]", gate.get("name") or ""
        errors += qualified(name, at)
        if name in seen:
            errors.append(duplicate(at, name))
        seen.add(name)
    return errors


def validate_scheduling_group(group: Object, path: str) -> list[FieldError]:
    name, at = group.get("podGroupName"), f"{path}.podGroupName"
    if name is None:
        return [invalid(at, None, "must specify one of: `podGroupName`")]
    return each(at, name, dns1123_subdomain(name))


def validate_resource_claims(claims: Sequence[Object], path: str, *, is_mirror: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, claim in enumerate(claims):
        if is_mirror:
            errors.append(forbidden("[]", "static pods do not support resource claims"))
            continue
        at, name = f"{path}[{index}]", claim.get("name") or ""
        if not name:
            errors.append(required(f"{at}.name"))
        elif name in seen:
            errors.append(duplicate(f"{at}.name", name))
        else:
            errors += label(name, f"{at}.name")
            seen.add(name)
        errors += _validate_claim_reference(claim, at)
    return errors


def _validate_claim_reference(claim: Object, path: str) -> list[FieldError]:
    names = ("resourceClaimName", "resourceClaimTemplateName")
    given = [name for name in names if claim.get(name) is not None]
    errors: list[FieldError] = []
    if len(given) == 2:
        detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
        errors.append(invalid(path, render("PodResourceClaim", claim), detail))
    if not given:
        detail = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
        errors.append(invalid(path, render("PodResourceClaim", claim), detail))
    for name in given:
        errors += each(f"{path}.{name}", claim[name], dns1123_subdomain(claim[name]))
    return errors
