"""What webhooks and policies share: the requests they are for, conditions on those, names kept for static manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.common import each, one_of, qualified
from steersman.api.errors import FieldError, duplicate, go_quote, invalid, not_supported, required, too_many
from steersman.api.meta.label_selector import validate_selector
from steersman.api.meta.names import path_segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

FAILURE_POLICIES = ("Fail", "Ignore")
MATCH_POLICIES = ("Equivalent", "Exact")
REINVOCATION_POLICIES = ("IfNeeded", "Never")
OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_SCOPES = ("*", "Cluster", "Namespaced")
MATCH_CONDITIONS_MAX = 64
STATIC_SUFFIX = ".static.k8s.io"
_RESERVED = (
    f"names ending with {go_quote(STATIC_SUFFIX)} are reserved for static manifest-based configurations and cannot be "
    "managed via the API"
)


def reserved_name_errors(obj: Object) -> list[FieldError]:
    """Of a new object."""
    name = obj["metadata"].get("name") or ""
    return [invalid("metadata.name", name, _RESERVED)] if name.endswith(STATIC_SUFFIX) else []


def reserved_name_warnings(_new: Object, old: Object | None) -> list[str]:
    """Of an object that was there before names were reserved."""
    name = old["metadata"].get("name") or "" if old is not None else ""
    return [f"metadata.name: {_RESERVED}"] if name.endswith(STATIC_SUFFIX) else []


# -- rules


def default_rules(rules: Sequence[Object] | None) -> None:
    for rule in rules or ():
        rule.setdefault("scope", "*")


def validate_rule(rule: Object, path: str) -> list[FieldError]:
    operations = rule.get("operations") or []
    errors = [] if operations else [required(f"{path}.operations")]
    errors += _wildcard_alone(operations, f"{path}.operations", "operations")
    for index, operation in enumerate(operations):
        errors += one_of(operation, f"{path}.operations[{index}]", OPERATIONS)
    groups, versions = rule.get("apiGroups") or [], rule.get("apiVersions") or []
    if not groups:
        errors.append(required(f"{path}.apiGroups"))
    errors += _wildcard_alone(groups, f"{path}.apiGroups", "API groups")
    if not versions:
        errors.append(required(f"{path}.apiVersions"))
    errors += _wildcard_alone(versions, f"{path}.apiVersions", "API versions")
    errors += [required(f"{path}.apiVersions[{index}]") for index, version in enumerate(versions) if not version]
    errors += _validate_resources(rule.get("resources") or [], f"{path}.resources")
    scope = rule.get("scope")
    return errors + (one_of(scope, f"{path}.scope", _SCOPES) if scope is not None else [])


def _wildcard_alone(values: Sequence[str], path: str, what: str) -> list[FieldError]:
    if len(values) > 1 and "*" in values:
        return [invalid(path, values, f"if '*' is present, must not specify other {what}")]
    return []


def _validate_resources(resources: Sequence[str], path: str) -> list[FieldError]:
    """`pods`, `pods/log`, `pods/*`, `*/scale`, `*/*`, `*`."""
    errors = [] if resources else [required(path)]
    all_of: set[str] = set()
    of_all: set[str] = set()
    plain = False
    for index, each_resource in enumerate(resources):
        at = f"{path}[{index}]"
        if not each_resource:
            errors.append(required(at))
            continue
        resource, slash, sub = each_resource.partition("/")
        if not slash:
            plain = each_resource != "*"  # as upstream does: the last one counts
            continue
        if resource in all_of:
            errors.append(invalid(at, each_resource, f"if '{resource}/*' is present, must not specify {each_resource}"))
        if sub in of_all:
            errors.append(invalid(at, each_resource, f"if '*/{sub}' is present, must not specify {each_resource}"))
        if sub == "*":
            all_of.add(resource)
        if resource == "*":
            of_all.add(sub)
    if len(resources) > 1 and "*/*" in resources:
        errors.append(invalid(path, resources, "if '*/*' is present, must not specify other resources"))
    if plain and "*" in resources:
        detail = "if '*' is present, must not specify other resources without subresources"
        errors.append(invalid(path, resources, detail))
    return errors


# -- what policies and their bindings are for


def default_match_resources(match: Object | None) -> None:
    if match is None:
        return
    match.setdefault("matchPolicy", "Equivalent")
    match.setdefault("namespaceSelector", {})
    match.setdefault("objectSelector", {})
    default_rules(match.get("resourceRules"))
    default_rules(match.get("excludeResourceRules"))


def validate_match_resources(match: Object | None, path: str) -> list[FieldError]:
    if match is None:
        return []
    errors: list[FieldError] = []
    policy = match.get("matchPolicy")
    errors += (
        [required(f"{path}.matchPolicy")] if policy is None else one_of(policy, f"{path}.matchPolicy", MATCH_POLICIES)
    )
    for name in ("namespaceSelector", "objectSelector"):
        if match.get(name) is None:
            errors.append(required(f"{path}.{name}"))
        else:
            errors += validate_selector(match[name], f"{path}.{name}")
    for name in ("resourceRules", "excludeResourceRules"):
        for index, rule in enumerate(match.get(name) or ()):
            errors += _validate_named_rule(rule, f"{path}.{name}[{index}]")
    return errors


def _validate_named_rule(rule: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    names = rule.get("resourceNames") or []
    for index, name in enumerate(names):
        errors += each(f"{path}.resourceNames[{index}]", name, path_segment(name))
        if name in names[:index]:
            errors.append(duplicate(f"{path}.resourceNames[{index}]", name))
    return errors + validate_rule(rule, path)


def validate_no_deletions(match: Object | None, path: str) -> list[FieldError]:
    """Nothing can be changed in what is deleted."""
    operations = tuple(name for name in OPERATIONS if name != "DELETE")
    return [
        not_supported(f"{path}.resourceRules.operations", operation, operations)
        for rule in (match or {}).get("resourceRules") or ()
        for operation in rule.get("operations") or ()
        if operation not in operations
    ]


# -- conditions


def validate_match_conditions(conditions: Sequence[Object] | None, path: str) -> list[FieldError]:
    conditions = conditions or []
    errors: list[FieldError] = []
    if len(conditions) > MATCH_CONDITIONS_MAX:
        errors.append(too_many(path, len(conditions), MATCH_CONDITIONS_MAX))
    names: set[str] = set()
    for index, condition in enumerate(conditions):
        at, name = f"{path}[{index}]", condition.get("name") or ""
        if not (condition.get("expression") or "").strip():
            errors.append(required(f"{at}.expression"))
        errors += qualified(name, f"{at}.name") if name else [required(f"{at}.name")]
        if name in names:
            errors.append(duplicate(f"{at}.name", name))
        if name:
            names.add(name)
    return errors
