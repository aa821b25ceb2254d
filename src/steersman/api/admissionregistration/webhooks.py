"""Both kinds of webhook configurations: defaults, rules, and their table.

Upstream differences: expressions of match conditions are not compiled here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.admissionregistration.rules import (
    FAILURE_POLICIES,
    MATCH_POLICIES,
    REINVOCATION_POLICIES,
    default_rules,
    reserved_name_errors,
    reserved_name_warnings,
    validate_match_conditions,
    validate_rule,
)
from steersman.api.columns import AGE
from steersman.api.core.podspec.validation.common import each, one_of
from steersman.api.errors import FieldError, duplicate, invalid, required
from steersman.api.meta.domains import fully_qualified_name
from steersman.api.meta.label_selector import validate_selector
from steersman.api.meta.names import dns1035_label
from steersman.api.meta.webhook_client import default_service, validate_service, validate_url
from steersman.api.resource import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

REVIEW_VERSIONS = ("v1", "v1beta1")
TIMEOUT_S_MIN, TIMEOUT_S_MAX, TIMEOUT_S_DEFAULT = 1, 30, 10
_NO_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_SIDE_EFFECTS = ("None", "NoneOnDryRun", "Some", "Unknown")
_REVIEWS = (
    ("authentication.k8s.io", "selfsubjectreviews"),
    ("authentication.k8s.io", "tokenreviews"),
    ("authorization.k8s.io", "localsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ("authorization.k8s.io", "subjectaccessreviews"),
)
"""Questions to the server itself: webhooks are not asked about them."""

COLUMNS = (Column("Webhooks", "integer", lambda obj, _now: len(obj.get("webhooks") or ())), AGE)


def default(obj: Object) -> None:
    for hook in obj.get("webhooks") or ():
        hook.setdefault("failurePolicy", "Fail")
        hook.setdefault("matchPolicy", "Equivalent")
        hook.setdefault("namespaceSelector", {})
        hook.setdefault("objectSelector", {})
        hook.setdefault("timeoutSeconds", TIMEOUT_S_DEFAULT)
        default_rules(hook.get("rules"))
        service = (hook.get("clientConfig") or {}).get("service")
        if service is not None:
            default_service(service)


def default_mutating(obj: Object) -> None:
    default(obj)
    for hook in obj.get("webhooks") or ():
        hook.setdefault("reinvocationPolicy", "Never")


def validate(obj: Object) -> list[FieldError]:
    return _validate(obj, None) + reserved_name_errors(obj)


def validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate(new, old)


def _validate(obj: Object, old: Object | None) -> list[FieldError]:
    """What is stored and breaks a rule that came later may break it further."""
    before = (old or {}).get("webhooks") or []
    hooks = obj.get("webhooks") or []
    strict = all(hook.get("sideEffects") in _NO_SIDE_EFFECTS for hook in before)
    known = all(_is_known(hook.get("admissionReviewVersions") or []) for hook in before)
    names = [hook.get("name") or "" for hook in before]
    unique = len(set(names)) == len(names)
    loose = any(
        validate_selector(hook.get(name), name) for hook in before for name in ("namespaceSelector", "objectSelector")
    )
    same_conditions = old is not None and len(hooks) == len(before)
    same_conditions = same_conditions and all(
        hook.get("matchConditions") == was.get("matchConditions") for hook, was in zip(hooks, before, strict=True)
    )
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, hook in enumerate(hooks):
        path, name = f"webhooks[{index}]", hook.get("name") or ""
        errors += _validate_hook(hook, path, strict=strict, loose_selectors=loose)
        if not same_conditions:
            errors += validate_match_conditions(hook.get("matchConditions"), f"{path}.matchConditions")
        versions = hook.get("admissionReviewVersions") or []
        errors += _validate_review_versions(versions, f"{path}.admissionReviewVersions", known=known)
        if unique and name:
            if name in seen:
                errors.append(duplicate(f"{path}.name", name))
            seen.add(name)
    return errors


def _is_known(versions: Sequence[str]) -> bool:
    return not versions or any(version in REVIEW_VERSIONS for version in versions)


def _validate_hook(hook: Object, path: str, *, strict: bool, loose_selectors: bool) -> list[FieldError]:
    errors = fully_qualified_name(f"{path}.name", hook.get("name") or "")
    for index, rule in enumerate(hook.get("rules") or ()):
        errors += validate_rule(rule, f"{path}.rules[{index}]")
    for name, supported in (("failurePolicy", FAILURE_POLICIES), ("matchPolicy", MATCH_POLICIES)):
        if hook.get(name) is not None:
            errors += one_of(hook[name], f"{path}.{name}", supported)
    allowed = _NO_SIDE_EFFECTS if strict else _SIDE_EFFECTS
    effects = hook.get("sideEffects")
    if effects is None:
        errors.append(required(f"{path}.sideEffects", f"must specify one of {', '.join(allowed)}"))
    else:
        errors += one_of(effects, f"{path}.sideEffects", allowed)
    timeout_s = hook.get("timeoutSeconds")
    if timeout_s is not None and not TIMEOUT_S_MIN <= timeout_s <= TIMEOUT_S_MAX:
        detail = f"the timeout value must be between {TIMEOUT_S_MIN} and {TIMEOUT_S_MAX} seconds"
        errors.append(invalid(f"{path}.timeoutSeconds", timeout_s, detail))
    for name in ("namespaceSelector", "objectSelector"):
        errors += validate_selector(hook.get(name), f"{path}.{name}", allow_invalid_values=loose_selectors)
    if hook.get("reinvocationPolicy") is not None:
        errors += one_of(hook["reinvocationPolicy"], f"{path}.reinvocationPolicy", REINVOCATION_POLICIES)
    return errors + _validate_client(hook.get("clientConfig") or {}, f"{path}.clientConfig")


def _validate_client(client: Object, path: str) -> list[FieldError]:
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        return [required(path, "exactly one of url or service is required")]
    return validate_url(url, f"{path}.url") if url is not None else validate_service(service or {}, f"{path}.service")


def _validate_review_versions(versions: list[str], path: str, *, known: bool) -> list[FieldError]:
    if not versions:
        return [required(path, f"must specify one of {', '.join(REVIEW_VERSIONS)}")]
    errors: list[FieldError] = []
    for index, version in enumerate(versions):
        if version in versions[:index]:
            errors.append(invalid(f"{path}[{index}]", version, "duplicate version"))
        else:
            errors += each(f"{path}[{index}]", version, dns1035_label(version))
    if known and not _is_known(versions):
        errors.append(invalid(path, versions, f"must include at least one of {', '.join(REVIEW_VERSIONS)}"))
    return errors


def warnings(new: Object, old: Object | None) -> list[str]:
    return reserved_name_warnings(new, old) + [
        f"webhooks[{i}].rules[{j}]: {resource}.{group} is excluded from admission webhooks; this rule will have no "
        "effect"
        for i, hook in enumerate(new.get("webhooks") or ())
        for j, rule in enumerate(hook.get("rules") or ())
        for group, resource in _named_reviews(rule)
    ]


def _named_reviews(rule: Object) -> list[tuple[str, str]]:
    groups, resources = rule.get("apiGroups") or [], rule.get("resources") or []
    if "*" in groups or "*" in resources:
        return []
    pairs = dict.fromkeys((group, resource) for group in groups for resource in resources)
    return [pair for pair in pairs if pair in _REVIEWS]
