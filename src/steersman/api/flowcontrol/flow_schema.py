"""FlowSchema: which requests belong to which priority level.

Invariants: the schemas `exempt` and `catch-all` say what they always say. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.columns import AGE, at
from steersman.api.core.podspec.validation.common import each
from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.flowcontrol.conditions import validate_status
from steersman.api.meta.names import name_is_dns_label, name_is_dns_subdomain
from steersman.api.resource import Column, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import clear_status, status_view

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object

PRECEDENCE_DEFAULT, PRECEDENCE_MAX = 1000, 10000
_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")
_SUBJECTS = {"ServiceAccount": "serviceAccount", "User": "user", "Group": "group"}
"""Kind of subject and the field that holds it, in the order in which others are refused."""


def _mandatory(name: str) -> Object | None:
    """What a schema that the server itself relies on says; None for others."""
    if name not in ("exempt", "catch-all"):
        return None
    groups = ("system:masters",) if name == "exempt" else ("system:unauthenticated", "system:authenticated")
    every = ["*"]
    spec: Object = {
        "priorityLevelConfiguration": {"name": name},
        "matchingPrecedence": 1 if name == "exempt" else PRECEDENCE_MAX,
        "rules": [
            {
                "subjects": [{"kind": "Group", "group": {"name": group}} for group in groups],
                "resourceRules": [
                    {"verbs": every, "apiGroups": every, "resources": every, "clusterScope": True, "namespaces": every}
                ],
                "nonResourceRules": [{"verbs": every, "nonResourceURLs": every}],
            }
        ],
    }
    return spec if name == "exempt" else spec | {"distinguisherMethod": {"type": "ByUser"}}


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    if not spec.get("matchingPrecedence"):
        spec["matchingPrecedence"] = PRECEDENCE_DEFAULT


def _validate(obj: Object) -> list[FieldError]:
    spec, name = obj.get("spec") or {}, obj["metadata"].get("name") or ""
    errors = _validate_spec(spec, name)
    mandatory = _mandatory(name)
    if mandatory is not None and _go_spec(spec) != _go_spec(mandatory):
        errors.append(invalid("spec", _go_spec(spec), f"spec of '{name}' must equal the fixed value"))
    return errors + validate_status(obj)


def _validate_spec(spec: Object, name: str) -> list[FieldError]:
    errors: list[FieldError] = []
    precedence, path = spec.get("matchingPrecedence") or 0, "spec.matchingPrecedence"
    if precedence <= 0:
        errors.append(invalid(path, precedence, "must be a positive value"))
    if precedence > PRECEDENCE_MAX:
        errors.append(invalid(path, precedence, f"must not be greater than {PRECEDENCE_MAX}"))
    if precedence == 1 and name != "exempt":
        errors.append(invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
    method = spec.get("distinguisherMethod")
    if method is not None and method.get("type") not in ("ByNamespace", "ByUser"):
        shown = {"Type": method.get("type") or ""}
        errors.append(not_supported("spec.distinguisherMethod.type", shown, ("ByNamespace", "ByUser")))
    level, path = at(spec, "priorityLevelConfiguration", "name", default=""), "spec.priorityLevelConfiguration.name"
    errors += each(path, level, name_is_dns_subdomain(level)) if level else []
    if not level:
        errors.append(required(path, "must reference a priority level"))
    for index, rule in enumerate(spec.get("rules") or ()):
        errors += _validate_rule(rule, f"spec.rules[{index}]")
    return errors


def _validate_rule(rule: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    subjects = rule.get("subjects") or []
    for index, subject in enumerate(subjects):
        errors += _validate_subject(subject, f"{path}.subjects[{index}]")
    if not subjects:
        errors.append(required(f"{path}.subjects", "subjects must contain at least one value"))
    if not rule.get("resourceRules") and not rule.get("nonResourceRules"):
        errors.append(required(path, "at least one of resourceRules and nonResourceRules has to be non-empty"))
    for index, resource_rule in enumerate(rule.get("resourceRules") or ()):
        errors += _validate_resource_rule(resource_rule, f"{path}.resourceRules[{index}]")
    for index, url_rule in enumerate(rule.get("nonResourceRules") or ()):
        errors += _validate_url_rule(url_rule, f"{path}.nonResourceRules[{index}]")
    return errors


def _validate_subject(subject: Object, path: str) -> list[FieldError]:
    kind = subject.get("kind") or ""
    if kind not in _SUBJECTS:
        return [not_supported(f"{path}.kind", kind, sorted(_SUBJECTS))]
    errors = _validate_named(subject.get(_SUBJECTS[kind]), f"{path}.{_SUBJECTS[kind]}", kind)
    return errors + [
        forbidden(f"{path}.{field}", f"{field} is forbidden when subject kind is not '{other}'")
        for other, field in _SUBJECTS.items()
        if other != kind and subject.get(field) is not None
    ]


def _validate_named(subject: Object | None, path: str, kind: str) -> list[FieldError]:
    if subject is None:
        return [required(path, f"{_SUBJECTS[kind]} is required when subject kind is '{kind}'")]
    name = subject.get("name") or ""
    errors = [] if name else [required(f"{path}.name")]
    if kind != "ServiceAccount":
        return errors
    if name not in ("", "*"):
        errors += each(f"{path}.name", name, name_is_dns_subdomain(name))
    if namespace := subject.get("namespace") or "":
        return errors + each(f"{path}.namespace", namespace, name_is_dns_label(namespace))
    return [*errors, required(f"{path}.namespace", "must specify namespace for service account")]


def _validate_verbs(verbs: Sequence[str], path: str) -> list[FieldError]:
    if not verbs:
        return [required(path, "verbs must contain at least one value")]
    if "*" in verbs:
        return _alone(verbs, path, "verbs")
    return [] if set(verbs) <= set(_VERBS) else [not_supported(path, verbs, _VERBS)]


def _alone(values: Sequence[str], path: str, what: str) -> list[FieldError]:
    if len(values) > 1 and "*" in values:
        return [invalid(path, values, f"if '*' is present, must not specify other {what}")]
    return []


def _validate_resource_rule(rule: Object, path: str) -> list[FieldError]:
    errors = _validate_verbs(rule.get("verbs") or [], f"{path}.verbs")
    for field, one, many in (("apiGroups", "api group", "api groups"), ("resources", "resource", "resources")):
        values = rule.get(field) or []
        if not values:
            errors.append(required(f"{path}.{field}", f"resource rules must supply at least one {one}"))
        errors += _alone(values, f"{path}.{field}", many)
    namespaces, at_path = rule.get("namespaces") or [], f"{path}.namespaces"
    if not namespaces and not rule.get("clusterScope"):
        detail = "resource rules that are not cluster scoped must supply at least one namespace"
        errors.append(required(at_path, detail))
    elif "*" in namespaces:
        errors += _alone(namespaces, at_path, "namespaces")
    else:
        intro = "each member of this list must be '*' or a DNS-1123 label; "
        for index, name in enumerate(namespaces):
            errors += each(f"{at_path}[{index}]", name, [intro + problem for problem in name_is_dns_label(name)])
    return errors


def _validate_url_rule(rule: Object, path: str) -> list[FieldError]:
    errors = _validate_verbs(rule.get("verbs") or [], f"{path}.verbs")
    urls, at_path = rule.get("nonResourceURLs") or [], f"{path}.nonResourceURLs"
    if not urls:
        return [*errors, required(at_path, "nonResourceURLs must contain at least one value")]
    if "*" in urls:
        return errors + _alone(urls, at_path, "non-resource URLs")
    for index, url in enumerate(urls):
        if problem := _url_problem(url):
            errors.append(invalid(f"{at_path}[{index}]", url, problem))
    return errors


def _url_problem(url: str) -> str:
    if not url:
        return "must not be empty"
    if not url.startswith("/"):
        return "must start with slash"
    if " " in url:
        return "must not contain white-space"
    if "//" in url:
        return "must not contain double slash"
    stars = url.count("*")
    return "wildcard can only do suffix matching" if stars > 1 or (stars and not url.endswith("/*")) else ""


def _go_spec(spec: Object) -> Object:
    """As messages show it: Go's names, in the order of the Go type."""
    method = spec.get("distinguisherMethod")
    return {
        "PriorityLevelConfiguration": {"Name": at(spec, "priorityLevelConfiguration", "name", default="")},
        "MatchingPrecedence": spec.get("matchingPrecedence") or 0,
        "DistinguisherMethod": None if method is None else {"Type": method.get("type") or ""},
        "Rules": _go_list(spec.get("rules"), _go_rule),
    }


def _go_rule(rule: Object) -> Object:
    return {
        "Subjects": _go_list(rule.get("subjects"), _go_subject),
        "ResourceRules": _go_list(rule.get("resourceRules"), _go_resource_rule),
        "NonResourceRules": _go_list(
            rule.get("nonResourceRules"),
            lambda one: {"Verbs": one.get("verbs") or None, "NonResourceURLs": one.get("nonResourceURLs") or None},
        ),
    }


def _go_subject(subject: Object) -> Object:
    shown: Object = {"Kind": subject.get("kind") or ""}
    for go_name, field in (("User", "user"), ("Group", "group")):
        one = subject.get(field)
        shown[go_name] = None if one is None else {"Name": one.get("name") or ""}
    account = subject.get("serviceAccount")
    shown["ServiceAccount"] = account and {
        "Namespace": account.get("namespace") or "",
        "Name": account.get("name") or "",
    }
    return shown


def _go_resource_rule(rule: Object) -> Object:
    return {
        "Verbs": rule.get("verbs") or None,
        "APIGroups": rule.get("apiGroups") or None,
        "Resources": rule.get("resources") or None,
        "ClusterScope": bool(rule.get("clusterScope")),
        "Namespaces": rule.get("namespaces") or None,
    }


def _go_list(values: Sequence[Object] | None, show: Any) -> list[Object] | None:
    return [show(value) for value in values] if values else None


def _method(obj: Object, _now: datetime) -> str:
    method = at(obj, "spec", "distinguisherMethod")
    return "<none>" if method is None else str(method.get("type", ""))


def _dangling(obj: Object, _now: datetime) -> str:
    conditions = at(obj, "status", "conditions", default=())
    return next((str(each.get("status", "")) for each in conditions if each.get("type") == "Dangling"), "?")


FLOW_SCHEMAS = Resource(
    group="flowcontrol.apiserver.k8s.io",
    version="v1",
    kind="FlowSchema",
    plural="flowschemas",
    singular="flowschema",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.flowcontrol.v1.FlowSchema"),
    subresources=(
        Subresource(
            name="status", verbs=("get", "patch", "update"), update=status_view(validate_status, keep_metadata=True)
        ),
    ),
    strategy=Strategy(
        default=_default,
        prepare_create=clear_status,
        validate=_validate,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
    columns=(
        Column(
            "PriorityLevel",
            "string",
            lambda obj, _now: at(obj, "spec", "priorityLevelConfiguration", "name", default=""),
        ),
        Column("MatchingPrecedence", "string", lambda obj, _now: at(obj, "spec", "matchingPrecedence", default=0)),
        Column("DistinguisherMethod", "string", _method),
        AGE,
        Column("MissingPL", "string", _dangling),
    ),
)
