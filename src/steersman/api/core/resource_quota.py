"""ResourceQuota: bounds on what a namespace may use in all.

Invariants: scopes never change; status changes only through `status`. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.go_types import render
from steersman.api.core.podspec.defaults import round_up
from steersman.api.core.podspec.validation.resources import HUGE_PAGES, validate_amount, validate_resource_name
from steersman.api.errors import FieldError, invalid, required
from steersman.api.meta.object_meta import IMMUTABLE
from steersman.api.meta.quantity import parse
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from steersman.api.meta.types import Object

_COMPUTE = ("cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory")
_STANDARD = frozenset(
    {
        *_COMPUTE, "ephemeral-storage", "requests.storage", "requests.ephemeral-storage", "limits.ephemeral-storage",
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "persistentvolumeclaims",
        "configmaps", "services.nodeports", "services.loadbalancers",
    }
)  # fmt: skip
_OF_PODS = frozenset({"pods", *_COMPUTE})
_OF_CLAIMS = frozenset({"persistentvolumeclaims", "requests.storage"})
_MEASURES = {
    "Terminating": _OF_PODS,
    "NotTerminating": _OF_PODS,
    "NotBestEffort": _OF_PODS,
    "PriorityClass": _OF_PODS,
    "CrossNamespacePodAffinity": _OF_PODS,
    "BestEffort": frozenset({"pods"}),
    "VolumeAttributesClass": _OF_CLAIMS,
}
"""Scopes, and what can be measured in them."""
_WITHOUT_VALUES = ("BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity")
_CONFLICTS = (frozenset({"BestEffort", "NotBestEffort"}), frozenset({"Terminating", "NotTerminating"}))
_MUST_EXIST = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)


def _default(obj: Object) -> None:
    round_up(at(obj, "spec", "hard"))
    for name in ("hard", "used"):
        round_up(at(obj, "status", name))


def _prepare_create(obj: Object, _ctx: Context) -> None:
    obj["status"] = {}


def _is_standard(name: str) -> bool:
    return name in _STANDARD or name.startswith((HUGE_PAGES, f"requests.{HUGE_PAGES}"))


def _validate_amounts(amounts: Object | None, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for name in sorted(amounts or {}):
        place = f"{path}[{name}]"
        errors += validate_resource_name(name, place)
        if "/" not in name and not _is_standard(name):
            errors.append(invalid(place, name, "must be a standard resource for quota"))
        errors += validate_amount(name, (amounts or {})[name], place)
    return errors


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = _validate_amounts(spec.get("hard"), "spec.hard")
    errors += _validate_scopes(spec)
    if spec.get("scopeSelector") is not None:
        errors += _validate_scope_selector(spec, "spec.scopeSelector.matchExpressions")
    return errors


def _mismatches(spec: Object, scope: str) -> int:
    """How many of the bounded resources cannot be measured in the scope."""
    measured = _MEASURES.get(scope)
    if measured is None:
        return 0
    return sum(_is_standard(name) and name not in measured for name in spec.get("hard") or ())


def _validate_scopes(spec: Object) -> list[FieldError]:
    scopes, path = spec.get("scopes") or [], "spec.scopes"
    errors: list[FieldError] = []
    for scope in scopes:
        if scope not in _MEASURES:
            errors.append(invalid(path, scopes, "unsupported scope"))
        elif _mismatches(spec, scope):
            errors.append(invalid(path, scopes, "unsupported scope applied to resource"))
    errors += [invalid(path, scopes, "conflicting scopes") for pair in _CONFLICTS if pair.issubset(scopes)]
    return errors


def _validate_scope_selector(spec: Object, path: str) -> list[FieldError]:
    """Upstream's paths have no index."""
    selector = spec["scopeSelector"]
    errors: list[FieldError] = []
    scopes: set[str] = set()
    for expression in selector.get("matchExpressions") or ():
        scope, operator = expression.get("scopeName") or "", expression.get("operator") or ""
        scopes.add(scope)
        if scope not in _MEASURES:
            errors.append(invalid(f"{path}.scopeName", scope, "unsupported scope"))
        if _mismatches(spec, scope):
            errors.append(invalid(path, render("ScopeSelector", selector), "unsupported scope applied to resource"))
        if scope in _WITHOUT_VALUES and operator != "Exists":
            errors.append(invalid(f"{path}.operator", operator, _MUST_EXIST))
        errors += _validate_values(operator, expression.get("values") or [], path)
    for pair in _CONFLICTS:
        if pair <= scopes:
            errors.append(invalid(path, spec.get("scopes"), "conflicting scopes"))
    return errors


def _validate_values(operator: str, values: list[str], path: str) -> list[FieldError]:
    if operator in ("In", "NotIn"):
        detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
        return [] if values else [required(f"{path}.values", detail)]
    if operator in ("Exists", "DoesNotExist"):
        detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
        return [invalid(f"{path}.values", values, detail)] if values else []
    return [invalid(f"{path}.operator", operator, "not a valid selector operator")]


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors = _validate(new)
    scopes = at(new, "spec", "scopes")
    if set(scopes or ()) != set(at(old, "spec", "scopes", default=())):
        errors.append(invalid("spec.scopes", scopes, IMMUTABLE))
    return errors


def _validate_status(new: Object, _old: Object) -> list[FieldError]:
    errors = _validate_amounts(at(new, "status", "hard"), "status.hard")
    return errors + _validate_amounts(at(new, "status", "used"), "status.used")


def _warnings(obj: Object, old: Object | None) -> list[str]:
    """Of requests that are allowed to be more than limits; on creation only."""
    if old is not None:
        return []
    hard = at(obj, "spec", "hard", default={})
    found = []
    for name in ("cpu", "memory", "storage", "ephemeral-storage"):
        request, limit = f"requests.{name}", f"limits.{name}"
        if request not in hard and name in ("cpu", "memory"):
            request = name
        if request in hard and limit in hard and parse(hard[request]) > parse(hard[limit]):
            found.append(f"ResourceQuota {request} ({hard[request]}) should be less than {limit} ({hard[limit]})")
    return found


def _used(*, limits: bool) -> Callable[[Object, datetime], str]:
    """`cpu: 1/2, pods: 0/5`: of the limits, or of everything else."""

    def cell(obj: Object, _now: datetime) -> str:
        hard, used = at(obj, "status", "hard", default={}), at(obj, "status", "used", default={})
        names = [name for name in sorted(hard) if name.startswith("limits.") is limits]
        return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in names)

    return cell


RESOURCE_QUOTAS = Resource(
    group="",
    version="v1",
    kind="ResourceQuota",
    plural="resourcequotas",
    singular="resourcequota",
    short_names=("quota",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.ResourceQuota"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(_validate_status)),),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
    ),
    columns=(
        Column("Request", "string", _used(limits=False)),
        Column("Limit", "string", _used(limits=True)),
        AGE,
    ),
)
