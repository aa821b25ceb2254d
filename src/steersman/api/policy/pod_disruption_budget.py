"""PodDisruptionBudget: how many pods may be down for voluntary reasons.

Invariants: it says how many must stay or how many may leave, not both. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.apps.rolling import check_amount, check_at_most_all
from steersman.api.columns import AGE, at
from steersman.api.core.workload import check_counters, number, shown_selector
from steersman.api.errors import FieldError, invalid, not_supported
from steersman.api.meta.conditions import validate_conditions
from steersman.api.meta.label_selector import has_invalid_values, validate_selector
from steersman.api.meta.names import name_is_path_segment
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from steersman.api.meta.types import Object

_EVICTION_POLICIES = ("AlwaysAllow", "IfHealthyBudget")
_COUNTERS = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
_RESERVED = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match"
"""Label with which selectors of the time of v1beta1 say all or none; it is not for authors to use."""
_MATCH_NONE: dict[str, Any] = {"matchExpressions": [{"key": _RESERVED, "operator": "Exists"}]}


def _prepare_create(obj: Object, _ctx: Context) -> None:
    obj["status"] = dict.fromkeys(_COUNTERS, 0)
    _strip_reserved(at(obj, "spec", "selector"))


def _prepare_update(new: Object, old: Object, _ctx: Context) -> None:
    if at(new, "spec", "selector") != at(old, "spec", "selector"):
        _strip_reserved(at(new, "spec", "selector"))


def _strip_reserved(selector: Object | None) -> None:
    if not selector or selector == _MATCH_NONE or "matchExpressions" not in selector:
        return
    selector["matchExpressions"] = [each for each in selector["matchExpressions"] if each.get("key") != _RESERVED]
    if not selector["matchExpressions"]:
        del selector["matchExpressions"]


def _validate_spec(obj: Object, *, allow_invalid_values: bool) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors: list[FieldError] = []
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        errors.append(invalid("spec", _shown(spec), "minAvailable and maxUnavailable cannot be both set"))
    for name in ("minAvailable", "maxUnavailable"):
        if (amount := spec.get(name)) is not None:
            errors += check_amount(amount, f"spec.{name}") + check_at_most_all(amount, f"spec.{name}")
    selector = spec.get("selector")
    errors += validate_selector(selector, "spec.selector", allow_invalid_values=allow_invalid_values)
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in _EVICTION_POLICIES:
        errors.append(not_supported("spec.unhealthyPodEvictionPolicy", policy, _EVICTION_POLICIES))
    return errors


def _shown(spec: Object) -> Object:
    """As messages print it."""
    return {
        "MinAvailable": spec.get("minAvailable"),
        "Selector": shown_selector(spec.get("selector")),
        "MaxUnavailable": spec.get("maxUnavailable"),
        "UnhealthyPodEvictionPolicy": spec.get("unhealthyPodEvictionPolicy"),
    }


def _validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj, allow_invalid_values=False)


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate_spec(new, allow_invalid_values=has_invalid_values(at(old, "spec", "selector")))


def _validate_status(new: Object, _old: Object) -> list[FieldError]:
    status = new.get("status") or {}
    errors = validate_conditions(status.get("conditions") or (), "status.conditions")
    return errors + check_counters(status, "status", _COUNTERS)


def _amount(name: str) -> Callable[[Object, datetime], str]:
    return lambda obj, _now: str(at(obj, "spec", name, default="N/A"))


POD_DISRUPTION_BUDGETS = Resource(
    group="policy",
    version="v1",
    kind="PodDisruptionBudget",
    plural="poddisruptionbudgets",
    singular="poddisruptionbudget",
    short_names=("pdb",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.policy.v1.PodDisruptionBudget"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(_validate_status)),),
    strategy=Strategy(
        validate_name=name_is_path_segment,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=_validate,
        validate_update=_validate_update,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
    ),
    columns=(
        Column("Min Available", "string", _amount("minAvailable")),
        Column("Max Unavailable", "string", _amount("maxUnavailable")),
        Column("Allowed Disruptions", "integer", number("status", "disruptionsAllowed")),
        AGE,
    ),
)
