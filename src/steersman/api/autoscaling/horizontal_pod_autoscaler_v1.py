"""HorizontalPodAutoscaler in version v1: a view of the stored v2 form.

v1 knows one metric, the CPU utilization. Everything else that v2 has fields for it carries as JSON in annotations,
which `to_stored` reads back: v1's old notation of metrics (`metric_notation.py`), and v2's behavior under Go's names.
Upstream differences: none known.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from steersman.api.autoscaling.horizontal_pod_autoscaler import (
    ANNOTATIONS,
    COLUMNS,
    CPU_UTILIZATION,
    HORIZONTAL_POD_AUTOSCALERS,
    cpu_metric,
    drop_annotations,
)
from steersman.api.autoscaling.horizontal_pod_autoscaler_validation import validate_status
from steersman.api.autoscaling.metric_notation import (
    read_behavior,
    read_metric,
    read_status,
    write_behavior,
    write_metric,
    write_status,
)
from steersman.api.columns import at
from steersman.api.errors import go_html_safe
from steersman.api.resource import Column, Conversion, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from steersman.api.meta.types import Object

METRICS = "autoscaling.alpha.kubernetes.io/metrics"
BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior"
STATUSES = "autoscaling.alpha.kubernetes.io/current-metrics"
CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"
_CONDITION = ("type", "status", "lastTransitionTime", "reason", "message", "observedGeneration")


def _default(obj: Object) -> None:
    """Also what v2 has: upstream's objects pass its form as soon as they are decoded. Status has no defaults."""
    obj.setdefault("spec", {}).setdefault("minReplicas", 1)
    status = obj.get("status")
    obj["status"] = {}
    _to_stored(obj)
    _from_stored(obj)
    obj["status"] = status or obj["status"]


# -- v2 -> v1


def _from_stored(obj: Object) -> None:
    drop_annotations(obj["metadata"])
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    metrics, statuses = spec.get("metrics") or [], status.get("currentMetrics") or []
    carried: dict[str, Any] = {}
    if others := [metric for metric in metrics if not _is_cpu(metric)]:
        carried[METRICS] = [write_metric(metric) for metric in others]
    if statuses:
        carried[STATUSES] = [write_status(each) for each in statuses]
    if spec.get("behavior") is not None:
        carried[BEHAVIOR] = write_behavior(spec["behavior"])
    if conditions := status.get("conditions"):
        carried[CONDITIONS] = [_condition(each) for each in conditions]
    if carried:
        annotations = {name: _encode(value) for name, value in carried.items()}
        obj["metadata"]["annotations"] = (obj["metadata"].get("annotations") or {}) | annotations
    obj["spec"] = _picked(spec, "scaleTargetRef", "minReplicas", "maxReplicas")
    utilization = next((_utilization(metric) for metric in metrics if _is_cpu(metric)), None)
    if utilization is not None:
        obj["spec"]["targetCPUUtilizationPercentage"] = utilization
    obj["status"] = _old_status(status, statuses)


def _old_status(status: Object, statuses: list[Object]) -> Object:
    old = _picked(status, "observedGeneration", "lastScaleTime")
    old["currentReplicas"] = status.get("currentReplicas", 0)
    old["desiredReplicas"] = status.get("desiredReplicas", 0)
    for each in statuses:
        current = at(each, "resource", "current", "averageUtilization")
        if each.get("type") == "Resource" and at(each, "resource", "name") == "cpu" and current is not None:
            old["currentCPUUtilizationPercentage"] = current
    return old


def _picked(obj: Object, *names: str) -> Object:
    return {name: obj[name] for name in names if name in obj}


def _condition(condition: Object) -> Object:
    """In Go's order; a time that is not set is null."""
    shown = {"type": condition.get("type") or "", "status": condition.get("status") or ""}
    shown["lastTransitionTime"] = condition.get("lastTransitionTime")
    return shown | {name: condition[name] for name in _CONDITION[3:] if condition.get(name) is not None}


def _is_cpu(metric: Object) -> bool:
    named = metric.get("type") == "Resource" and at(metric, "resource", "name") == "cpu"
    return named and _utilization(metric) is not None


def _utilization(metric: Object) -> Any:
    return at(metric, "resource", "target", "averageUtilization")


def _encode(value: Any) -> str:
    return go_html_safe(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


# -- v1 -> v2


def _to_stored(obj: Object) -> None:
    metadata = obj["metadata"]
    annotations = metadata.get("annotations") or {}
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    new = _picked(spec, "scaleTargetRef", "minReplicas", "maxReplicas")
    utilization = spec.get("targetCPUUtilizationPercentage")
    metrics = [] if utilization is None else [cpu_metric(utilization)]
    metrics = (_carried(annotations, METRICS, _all(read_metric)) or []) + metrics
    new["metrics"] = metrics or [cpu_metric(CPU_UTILIZATION)]
    if behavior := _carried(annotations, BEHAVIOR, read_behavior):
        new["behavior"] = behavior
    obj["spec"] = new
    obj["status"] = _new_status(status, annotations)
    drop_annotations(metadata)


def _new_status(status: Object, annotations: Object) -> Object:
    new = _picked(status, "observedGeneration", "lastScaleTime")
    if status.get("currentReplicas"):
        new["currentReplicas"] = status["currentReplicas"]
    new["desiredReplicas"] = status.get("desiredReplicas", 0)
    metrics = None
    if (current := status.get("currentCPUUtilizationPercentage")) is not None:
        metrics = [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": current}}}]
    carried = _carried(annotations, STATUSES, _all(read_status))
    new["currentMetrics"] = metrics if carried is None else carried
    if conditions := _carried(annotations, CONDITIONS, _all(dict)):
        new["conditions"] = conditions
    return new


def _carried(annotations: Object, name: str, read: Callable[[Any], Any]) -> Any:
    """What an annotation carries; None if there is none, or nobody can read it."""
    if name not in annotations:
        return None
    try:
        return read(json.loads(annotations[name]))
    except (ValueError, TypeError, AttributeError, KeyError):
        return None


def _all(read: Callable[[Any], Object]) -> Callable[[Any], list[Object]]:
    return lambda values: [read(value) for value in values or ()]


def _as_stored(column: Column) -> Column:
    """The same column, of an object in v1."""

    def value(obj: Object, now: datetime) -> Any:
        stored = {**obj, "metadata": dict(obj["metadata"])}
        _to_stored(stored)
        return column.value(stored, now)

    return replace(column, value=value)


HORIZONTAL_POD_AUTOSCALERS_V1 = Resource(
    group="autoscaling",
    version="v1",
    kind="HorizontalPodAutoscaler",
    plural="horizontalpodautoscalers",
    singular="horizontalpodautoscaler",
    short_names=("hpa",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(validate_status)),),
    strategy=Strategy(
        default=_default,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
    stored_as=HORIZONTAL_POD_AUTOSCALERS,
    hidden_annotations=ANNOTATIONS,
    columns=tuple(map(_as_stored, COLUMNS)),
    conversion=Conversion(to_stored=_to_stored, from_stored=_from_stored),
)
