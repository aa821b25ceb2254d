"""What roles and bindings have in common: the rules of rules, references to roles, and subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE
from steersman.api.errors import FieldError, invalid, not_supported, required
from steersman.api.meta.names import name_is_dns_subdomain, name_is_path_segment
from steersman.api.meta.object_meta import IMMUTABLE
from steersman.api.resource import Column

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from steersman.api.meta.types import Object

GROUP = "rbac.authorization.k8s.io"
_INTERNAL_REFERENCE = (("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name"))
_SUBJECT_KINDS = ("ServiceAccount", "User", "Group")


def validate_rules(rules: list[Object] | None, *, namespaced: bool) -> list[FieldError]:
    """What upstream checks by its declarative rules (verbs are required) it says last."""
    errors = [
        error
        for index, rule in enumerate(rules or ())
        for error in _validate_rule(rule, f"rules[{index}]", namespaced=namespaced)
    ]
    return errors + [
        required(f"rules[{index}].verbs") for index, rule in enumerate(rules or ()) if not rule.get("verbs")
    ]


def _validate_rule(rule: Object, path: str, *, namespaced: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    urls = rule.get("nonResourceURLs")
    if urls:
        where = f"{path}.nonResourceURLs"
        if namespaced:
            errors.append(invalid(where, urls, "namespaced rules cannot apply to non-resource URLs"))
        if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
            errors.append(invalid(where, urls, "rules cannot apply to both regular resources and non-resource URLs"))
        return errors
    if not rule.get("apiGroups"):
        errors.append(required(f"{path}.apiGroups", "resource rules must supply at least one api group"))
    if not rule.get("resources"):
        errors.append(required(f"{path}.resources", "resource rules must supply at least one resource"))
    return errors


def default_binding(obj: Object) -> None:
    """References and subjects belong to RBAC's group unless they say otherwise; service accounts to none."""
    reference = obj.setdefault("roleRef", {})
    if not reference.get("apiGroup"):
        reference["apiGroup"] = GROUP
    for subject in obj.get("subjects") or ():
        if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = GROUP


def binding_rules(
    *, role_kinds: tuple[str, ...], namespaced: bool
) -> tuple[Callable[[Object], list[FieldError]], Callable[[Object, Object], list[FieldError]]]:
    """(validate, validate_update) of a kind of binding."""

    def validate(obj: Object) -> list[FieldError]:
        errors = _validate_reference(obj["roleRef"], role_kinds)
        for index, subject in enumerate(obj.get("subjects") or ()):
            errors += _validate_subject(subject, f"subjects[{index}]", namespaced=namespaced)
        if not obj["roleRef"].get("name"):
            errors.append(required("roleRef.name"))
        return errors + [
            required(f"subjects[{index}].name")
            for index, subject in enumerate(obj.get("subjects") or ())
            if not subject.get("name")
        ]

    def validate_update(new: Object, old: Object) -> list[FieldError]:
        errors = validate(new)
        if new["roleRef"] != old["roleRef"]:
            # Upstream shows the reference of a RoleBinding in its internal form.
            shown = new["roleRef"]
            if namespaced:
                shown = {name: shown.get(key, "") for name, key in _INTERNAL_REFERENCE}
            errors.append(invalid("roleRef", shown, IMMUTABLE))
        return errors

    return validate, validate_update


def _validate_reference(reference: Object, role_kinds: tuple[str, ...]) -> list[FieldError]:
    errors: list[FieldError] = []
    if reference.get("apiGroup") != GROUP:
        errors.append(not_supported("roleRef.apiGroup", reference.get("apiGroup", ""), (GROUP,)))
    if reference.get("kind") not in role_kinds:
        errors.append(not_supported("roleRef.kind", reference.get("kind", ""), role_kinds))
    name = reference.get("name", "")
    if name:
        errors += [invalid("roleRef.name", name, message) for message in name_is_path_segment(name)]
    return errors


def _validate_subject(subject: Object, path: str, *, namespaced: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    name, kind, group = subject.get("name", ""), subject.get("kind", ""), subject.get("apiGroup", "")
    if kind == "ServiceAccount":
        if name:
            errors += [invalid(f"{path}.name", name, message) for message in name_is_dns_subdomain(name)]
        if group:
            errors.append(not_supported(f"{path}.apiGroup", group, ("",)))
        if not namespaced and not subject.get("namespace"):
            errors.append(required(f"{path}.namespace"))
    elif kind in ("User", "Group"):
        if group != GROUP:
            errors.append(not_supported(f"{path}.apiGroup", group, (GROUP,)))
    else:
        errors.append(not_supported(f"{path}.kind", kind, _SUBJECT_KINDS))
    return errors


def _role(obj: Object, _now: datetime) -> str:
    return f"{obj['roleRef'].get('kind', '')}/{obj['roleRef'].get('name', '')}"


def _subjects(kind: str) -> Callable[[Object, datetime], str]:
    def names(obj: Object, _now: datetime) -> str:
        found = [subject for subject in obj.get("subjects") or () if subject.get("kind") == kind]
        if kind == "ServiceAccount":
            return ", ".join(f"{subject.get('namespace', '')}/{subject['name']}" for subject in found)
        return ", ".join(subject["name"] for subject in found)

    return names


BINDING_COLUMNS = (
    Column("Role", "string", _role),
    AGE,
    Column("Users", "string", _subjects("User"), priority=1),
    Column("Groups", "string", _subjects("Group"), priority=1),
    Column("ServiceAccounts", "string", _subjects("ServiceAccount"), priority=1),
)
