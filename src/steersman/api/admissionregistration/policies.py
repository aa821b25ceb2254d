"""Both kinds of admission policies and of their bindings: what they share.

Upstream differences: expressions are not compiled here; whether the author may read the parameters is not asked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from steersman.api.admissionregistration.rules import (
    FAILURE_POLICIES,
    default_match_resources,
    validate_match_conditions,
    validate_match_resources,
)
from steersman.api.columns import AGE, at
from steersman.api.core.podspec.validation.common import each, one_of
from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.meta.label_selector import go_text, validate_selector
from steersman.api.meta.names import dns1035_label, dns1123_subdomain, name_is_dns_subdomain, path_segment
from steersman.api.resource import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object

_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_RESERVED_WORDS = frozenset((
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
    "loop", "package", "namespace", "return", "var", "void", "while",
))  # fmt: skip


# -- policies


def default_policy(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("failurePolicy", "Fail")
    default_match_resources(spec.get("matchConstraints"))


def validate_head(
    spec: Object,
    old: Object | None,
    *,
    constraints: Callable[[Object, str], list[FieldError]] | None = None,
) -> list[FieldError]:
    """All that stands before the rules proper: up to and with the match conditions."""
    policy = spec.get("failurePolicy")
    errors = (
        [required("spec.failurePolicy")] if policy is None else one_of(policy, "spec.failurePolicy", FAILURE_POLICIES)
    )
    if spec.get("paramKind") is not None:
        errors += _validate_param_kind(spec["paramKind"], "spec.paramKind")
    match, path = spec.get("matchConstraints"), "spec.matchConstraints"
    if match is None:
        errors.append(required(path))
    else:
        errors += validate_match_resources(match, path)
        if not match.get("resourceRules"):
            errors.append(required(f"{path}.resourceRules"))
        if constraints is not None:
            errors += constraints(match, path)
    if old is None or any(
        (spec.get(name) or None) != (old.get(name) or None) for name in ("paramKind", "matchConditions")
    ):
        errors += validate_match_conditions(spec.get("matchConditions"), "spec.matchConditions")
    return errors


def validate_variables(variables: Sequence[Object] | None) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, variable in enumerate(variables or ()):
        path, name = f"spec.variables[{index}]", variable.get("name") or ""
        if not name.strip():
            errors.append(required(f"{path}.name", "name is not specified"))
        elif not _IDENTIFIER.fullmatch(name) or name in _RESERVED_WORDS:
            errors.append(invalid(f"{path}.name", name, "must be a valid CEL identifier"))
        if not (variable.get("expression") or "").strip():
            errors.append(required(f"{path}.expression", "expression is not specified"))
    return errors


def _validate_param_kind(kind: Object, path: str) -> list[FieldError]:
    text, name = kind.get("apiVersion") or "", kind.get("kind") or ""
    errors: list[FieldError] = []
    group, slash, version = text.partition("/")
    if not slash:
        group, version = "", text
    if not text:
        errors.append(required(f"{path}.apiVersion"))
    elif "/" in version and text != "/":
        errors.append(invalid(f"{path}.apiVersion", text, f"unexpected GroupVersion string: {text}"))
    else:
        if group and (problems := dns1123_subdomain(group)):
            errors.append(invalid(f"{path}.apiVersion", group, ",".join(problems)))
        if not version:
            errors.append(invalid(f"{path}.apiVersion", text, "version must be specified"))
        elif problems := dns1035_label(version):
            errors.append(invalid(f"{path}.apiVersion", version, ",".join(problems)))
    if not name:
        errors.append(required(f"{path}.kind"))
    elif problems := dns1035_label(name.lower()):
        detail = f"may have mixed case, but should otherwise match: {','.join(problems)}"
        errors.append(invalid(f"{path}.kind", name, detail))
    return errors


def _param_kind(obj: Object, _now: datetime) -> str:
    kind = at(obj, "spec", "paramKind")
    return "<unset>" if kind is None else f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}"


def policy_columns(name: str, field: str) -> tuple[Column, ...]:
    return (
        Column(name, "integer", lambda obj, _now: len(at(obj, "spec", field, default=()))),
        Column("ParamKind", "string", _param_kind),
        AGE,
    )


# -- bindings


def default_binding(obj: Object) -> None:
    default_match_resources(at(obj, "spec", "matchResources"))


def validate_binding(spec: Object) -> list[FieldError]:
    """All but a missing policyName, which the two kinds tell in another order."""
    errors: list[FieldError] = []
    if policy := spec.get("policyName"):
        errors += each("spec.policyName", policy, name_is_dns_subdomain(policy))
    errors += _validate_param_ref(spec.get("paramRef"), "spec.paramRef")
    return errors + validate_match_resources(spec.get("matchResources"), "spec.matchResources")


def _validate_param_ref(ref: Object | None, path: str) -> list[FieldError]:
    if ref is None:
        return []
    errors: list[FieldError] = []
    name, selector = ref.get("name") or "", ref.get("selector")
    both = "name and selector are mutually exclusive"
    if name:
        errors += each(f"{path}.name", name, path_segment(name))
        if selector is not None:
            errors.append(forbidden(f"{path}.name", both))
    if selector is not None:
        errors += validate_selector(selector, f"{path}.selector")
        if name:
            errors.append(forbidden(f"{path}.selector", both))
    if not name and selector is None:
        errors.append(required(path, "one of name or selector must be specified"))
    action = ref.get("parameterNotFoundAction")
    if not action:
        errors.append(required(f"{path}.parameterNotFoundAction"))
    elif action not in ("Deny", "Allow"):
        errors.append(not_supported(f"{path}.parameterNotFoundAction", action, ("Deny", "Allow")))
    return errors


def _param_ref(obj: Object, _now: datetime) -> str:
    ref = at(obj, "spec", "paramRef", default={})
    if ref.get("name"):
        return f"{ref.get('namespace') or '*'}/{ref['name']}"
    return "<unset>" if ref.get("selector") is None else go_text(ref["selector"])


BINDING_COLUMNS = (
    Column("PolicyName", "string", lambda obj, _now: at(obj, "spec", "policyName", default="")),
    Column("ParamRef", "string", _param_ref),
    AGE,
)
