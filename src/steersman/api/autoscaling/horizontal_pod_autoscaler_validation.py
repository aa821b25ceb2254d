"""What may be wrong with a HorizontalPodAutoscaler, in upstream's order and words (pkg/apis/autoscaling/validation)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.columns import at
from steersman.api.core.podspec.validation.resources import validate_container_resource_name
from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.meta.names import dns1123_label, path_segment
from steersman.api.meta.object_meta import nonnegative
from steersman.api.meta.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object

PERIOD_S_MAX = 1800
STABILIZATION_WINDOW_S_MAX = 3600
_SELECT_POLICIES = ("Disabled", "Max", "Min")
_POLICIES = ("Percent", "Pods")
_TYPES = ("ContainerResource", "External", "Object", "Pods", "Resource")
_NO_GROUP = "apiVersion must specify API group"
_POPULATE = "must populate information for the given metric source"
_EITHER = "must set either a target raw value or a target utilization"


def validate(obj: Object) -> list[FieldError]:
    return _validate(obj, {})


def validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate(new, old.get("spec") or {})


def validate_status(new: Object, _old: Object) -> list[FieldError]:
    status = new.get("status") or {}
    errors: list[FieldError] = []
    for index, condition in enumerate(status.get("conditions") or ()):
        generation = condition.get("observedGeneration") or 0
        errors += nonnegative(generation, f"status.conditions[{index}].observedGeneration")
    errors += nonnegative(status.get("currentReplicas") or 0, "status.currentReplicas")
    return errors + nonnegative(status.get("desiredReplicas") or 0, "status.desiredReplicas")


def _validate(obj: Object, before: Object) -> list[FieldError]:
    """`before`: the old spec of an update, which may keep what would be refused today."""
    spec = obj.get("spec") or {}
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    errors: list[FieldError] = []
    if least is not None and most < least:
        errors.append(invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"))
    errors += _validate_target(spec.get("scaleTargetRef") or {}, before.get("scaleTargetRef"))
    errors += _validate_metrics(spec, before)
    behavior = spec.get("behavior") or {}
    for name in ("scaleUp", "scaleDown"):
        if (rules := behavior.get(name)) is not None:
            errors += _validate_rules(rules, f"spec.behavior.{name}")
    return errors + _validate_bounds(least, most, before)


def _validate_bounds(least: int | None, most: int, before: Object) -> list[FieldError]:
    """Declarative upstream: these come last, and only if the field has changed."""
    errors: list[FieldError] = []
    if least is not None and least < 0 and least != before.get("minReplicas"):
        errors.append(invalid("spec.minReplicas", least, "must be greater than or equal to 0"))
    if most == 0:
        errors.append(required("spec.maxReplicas"))
    elif most < 0 and most != before.get("maxReplicas"):
        errors.append(invalid("spec.maxReplicas", most, "must be greater than or equal to 1"))
    return errors


def _validate_target(target: Object, before: Object | None) -> list[FieldError]:
    path = "spec.scaleTargetRef"
    errors = _validate_named(target, path)
    same = before is not None and all((target.get(n) or "") == (before.get(n) or "") for n in ("apiVersion", "kind"))
    if same:
        return errors
    # The only scalable kind of the core group.
    why = _api_version_wrong(target, group=target.get("kind") != "ReplicationController")
    return errors + ([invalid(f"{path}.apiVersion", target.get("apiVersion") or "", why)] if why else [])


def _validate_named(reference: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for name in ("kind", "name"):
        if value := reference.get(name):
            errors += [invalid(f"{path}.{name}", value, message) for message in path_segment(value)]
        else:
            errors.append(required(f"{path}.{name}"))
    return errors


def _api_version_wrong(reference: Object, *, group: bool) -> str:
    """Why; empty if nothing is. `group`: it must name one."""
    version = reference.get("apiVersion") or ""
    if version == "/":
        version = ""
    if version.count("/") > 1:
        return f"unexpected GroupVersion string: {version}"
    return _NO_GROUP if group and not version.rpartition("/")[0] else ""


# -- metrics


def _validate_metrics(spec: Object, before: Object) -> list[FieldError]:
    metrics = spec.get("metrics") or []
    old = [at(m, "object", "describedObject") for m in before.get("metrics") or () if m.get("type") == "Object"]
    lenient = any(reference and _api_version_wrong(reference, group=False) for reference in old)
    errors: list[FieldError] = []
    for index, metric in enumerate(metrics):
        errors += _validate_metric(metric, f"spec.metrics[{index}]", lenient=lenient)
    lasting = any(metric.get("type") in ("Object", "External") for metric in metrics)
    if spec.get("minReplicas") == 0 and not lasting:
        detail = "must specify at least one Object or External metric to support scaling to zero replicas"
        errors.append(forbidden("spec.metrics", detail))
    return errors


def _validate_metric(metric: Object, path: str, *, lenient: bool) -> list[FieldError]:
    kind = metric.get("type") or ""
    errors: list[FieldError] = []
    if not kind:
        errors.append(required(f"{path}.type", "must specify a metric source type"))
    if kind not in _TYPES:
        errors.append(not_supported(f"{path}.type", kind, _TYPES))
    present = [name for name in _SOURCES if metric.get(name) is not None]
    if present:
        first = present[0]
        if first == "object":
            described = at(metric, "object", "describedObject", default={})
            errors += _validate_described(described, f"{path}.object.describedObject", lenient=lenient)
        errors += _SOURCES[first](metric[first], f"{path}.{first}")
    expected = kind[:1].lower() + kind[1:] if kind in _TYPES else ""
    if not expected:
        errors.append(not_supported(f"{path}.type", kind, _TYPES))
    elif metric.get(expected) is None:
        errors.append(required(f"{path}.{expected}", _POPULATE))
    if len(present) != 1:
        errors += [
            forbidden(f"{path}.{name}", "must populate the given metric source only")
            for name in present
            if name != expected
        ]
    return errors


def _validate_described(reference: Object, path: str, *, lenient: bool) -> list[FieldError]:
    errors = _validate_named(reference, path)
    why = "" if lenient else _api_version_wrong(reference, group=False)
    return errors + ([invalid(f"{path}.apiVersion", reference.get("apiVersion") or "", why)] if why else [])


def _validate_object(source: Object, path: str) -> list[FieldError]:
    """All but the object that it is about."""
    target = source.get("target") or {}
    errors = _validate_identifier(source, path) + _validate_metric_target(target, f"{path}.target")
    if target.get("value") is None and target.get("averageValue") is None:
        errors.append(required(f"{path}.target.averageValue", "must set either a target value or averageValue"))
    return errors


def _validate_external(source: Object, path: str) -> list[FieldError]:
    target = source.get("target") or {}
    errors = _validate_identifier(source, path) + _validate_metric_target(target, f"{path}.target")
    match target.get("value") is None, target.get("averageValue") is None:
        case True, True:
            detail = "must set either a target value for metric or a per-pod target"
            errors.append(required(f"{path}.target.averageValue", detail))
        case False, False:
            detail = "may not set both a target value for metric and a per-pod target"
            errors.append(forbidden(f"{path}.target.value", detail))
    return errors


def _validate_pods(source: Object, path: str) -> list[FieldError]:
    target = source.get("target") or {}
    errors = _validate_identifier(source, path) + _validate_metric_target(target, f"{path}.target")
    if target.get("averageValue") is None:
        errors.append(required(f"{path}.target.averageValue", "must specify a positive target averageValue"))
    return errors


def _validate_resource(source: Object, path: str) -> list[FieldError]:
    errors = [] if source.get("name") else [required(f"{path}.name", "must specify a resource name")]
    return errors + _validate_resource_target(source, path)


def _validate_container_resource(source: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if name := source.get("name"):
        errors += validate_container_resource_name(name, f"{path}.name")
    else:
        errors.append(required(f"{path}.name", "must specify a resource name"))
    if container := source.get("container"):
        errors += [invalid(f"{path}.container", container, message) for message in dns1123_label(container)]
    else:
        errors.append(required(f"{path}.container", "must specify a container"))
    return errors + _validate_resource_target(source, path)


def _validate_resource_target(source: Object, path: str) -> list[FieldError]:
    target = source.get("target") or {}
    errors = _validate_metric_target(target, f"{path}.target")
    match target.get("averageUtilization") is None, target.get("averageValue") is None:
        case True, True:
            errors.append(required(f"{path}.target.averageUtilization", _EITHER))
        case False, False:
            detail = "may not set both a target raw value and a target utilization"
            errors.append(forbidden(f"{path}.target.averageValue", detail))
    return errors


_SOURCES: dict[str, Callable[[Object, str], list[FieldError]]] = {
    "object": _validate_object,
    "external": _validate_external,
    "pods": _validate_pods,
    "resource": _validate_resource,
    "containerResource": _validate_container_resource,
}
"""In the order in which a metric is searched for them: only the first is looked into."""


def _validate_identifier(source: Object, path: str) -> list[FieldError]:
    name = at(source, "metric", "name", default="")
    if not name:
        return [required(f"{path}.metric.name", "must specify a metric name")]
    return [invalid(f"{path}.metric.name", name, message) for message in path_segment(name)]


def _validate_metric_target(target: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    kind = target.get("type") or ""
    if not kind:
        errors.append(required(f"{path}.type", "must specify a metric target type"))
    if kind not in ("Utilization", "Value", "AverageValue"):
        errors.append(invalid(f"{path}.type", kind, "must be either Utilization, Value, or AverageValue"))
    for name in ("value", "averageValue"):
        amount: Any = target.get(name)
        if amount is not None and parse(amount).sign != 1:
            errors.append(invalid(f"{path}.{name}", amount, "must be positive"))
    utilization = target.get("averageUtilization")
    if utilization is not None and utilization < 1:
        errors.append(invalid(f"{path}.averageUtilization", utilization, "must be greater than 0"))
    return errors


# -- behavior


def _validate_rules(rules: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    window_s, select = rules.get("stabilizationWindowSeconds"), rules.get("selectPolicy")
    if window_s is not None and window_s < 0:
        detail = "must be greater than or equal to zero"
        errors.append(invalid(f"{path}.stabilizationWindowSeconds", window_s, detail))
    if window_s is not None and window_s > STABILIZATION_WINDOW_S_MAX:
        detail = f"must be less than or equal to {STABILIZATION_WINDOW_S_MAX}"
        errors.append(invalid(f"{path}.stabilizationWindowSeconds", window_s, detail))
    if select is not None and select not in _SELECT_POLICIES:
        errors.append(not_supported(f"{path}.selectPolicy", select, _SELECT_POLICIES))
    policies = rules.get("policies") or []
    if not policies:
        errors.append(required(f"{path}.policies", "must specify at least one Policy"))
    for index, policy in enumerate(policies):
        errors += _validate_policy(policy, f"{path}.policies[{index}]")
    tolerance: Any = rules.get("tolerance")
    if tolerance is not None and parse(tolerance).sign < 0:
        errors.append(invalid(f"{path}.tolerance", tolerance, "must be greater than or equal to 0"))
    return errors


def _validate_policy(policy: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    kind, period_s = policy.get("type") or "", policy.get("periodSeconds") or 0
    if kind not in _POLICIES:
        errors.append(not_supported(f"{path}.type", kind, _POLICIES))
    if (value := policy.get("value") or 0) <= 0:
        errors.append(invalid(f"{path}.value", value, "must be greater than zero"))
    if period_s <= 0:
        errors.append(invalid(f"{path}.periodSeconds", period_s, "must be greater than zero"))
    if period_s > PERIOD_S_MAX:
        errors.append(invalid(f"{path}.periodSeconds", period_s, f"must be less than or equal to {PERIOD_S_MAX}"))
    return errors
