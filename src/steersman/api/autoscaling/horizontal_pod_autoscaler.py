"""HorizontalPodAutoscaler: scales a workload by metrics.

Invariants: at least one metric; scaling to zero needs a metric that goes on without pods. Validation is in
`horizontal_pod_autoscaler_validation.py`, the older version in `horizontal_pod_autoscaler_v1.py`. Upstream differences:
none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.autoscaling.horizontal_pod_autoscaler_validation import validate, validate_status, validate_update
from steersman.api.columns import AGE, at
from steersman.api.core.workload import number
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

CPU_UTILIZATION = 80
"""Percent of the requested CPU that an autoscaler without metrics aims at."""
ANNOTATIONS = (
    "autoscaling.alpha.kubernetes.io/metrics",
    "autoscaling.alpha.kubernetes.io/behavior",
    "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
    "autoscaling.alpha.kubernetes.io/scale-up-tolerance",
    "autoscaling.alpha.kubernetes.io/current-metrics",
    "autoscaling.alpha.kubernetes.io/conditions",
)
"""In these, older versions carry what they have no fields for; here they would be a second truth."""
_SHOWN_METRICS_MAX = 2
_SOURCES = {
    "External": "external",
    "Pods": "pods",
    "Object": "object",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}


def cpu_metric(utilization: int) -> Object:
    return {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": utilization}},
    }


def drop_annotations(metadata: Object) -> None:
    annotations = metadata.get("annotations")
    if annotations and any(name in annotations for name in ANNOTATIONS):
        kept = {name: value for name, value in annotations.items() if name not in ANNOTATIONS}
        metadata["annotations"] = kept
        if not kept:
            del metadata["annotations"]


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        spec["metrics"] = [cpu_metric(CPU_UTILIZATION)]
    behavior = spec.get("behavior")
    if behavior is not None:
        up, down = _policy("Pods", 4), _policy("Percent", 100)
        behavior["scaleUp"] = _rules(behavior.get("scaleUp"), [up, down], {"stabilizationWindowSeconds": 0})
        behavior["scaleDown"] = _rules(behavior.get("scaleDown"), [_policy("Percent", 100)], {})
    drop_annotations(obj["metadata"])


def _policy(kind: str, value: int) -> Object:
    return {"type": kind, "value": value, "periodSeconds": 15}


def _rules(given: Object | None, policies: list[Object], more: Object) -> Object:
    """What is given goes before what is usual; an empty list of policies is given too."""
    usual = {**more, "selectPolicy": "Max", "policies": policies}
    return usual | {name: value for name, value in (given or {}).items() if value is not None}


def _prepare_create(obj: Object, _ctx: Context) -> None:
    obj["status"] = {"desiredReplicas": 0, "currentMetrics": None}


# -- columns


def _reference(obj: Object, _now: datetime) -> str:
    target = at(obj, "spec", "scaleTargetRef", default={})
    return f"{target.get('kind') or ''}/{target.get('name') or ''}"


def _targets(obj: Object, _now: datetime) -> str:
    metrics, statuses = at(obj, "spec", "metrics", default=[]), at(obj, "status", "currentMetrics", default=[])
    if not metrics:
        return "<none>"
    texts = [_metric(spec, statuses[i] if i < len(statuses) else {}) for i, spec in enumerate(metrics)]
    shown = ", ".join(texts[:_SHOWN_METRICS_MAX])
    more = len(texts) - _SHOWN_METRICS_MAX
    return f"{shown} + {more} more..." if more > 0 else shown


def _metric(spec: Object, status: Object) -> str:
    kind = spec.get("type")
    field = _SOURCES.get(kind or "")
    if field is None:
        return "<unknown type>"
    source, found = spec.get(field) or {}, status.get(field)
    target: Object = source.get("target") or {}
    current: Object | None = None if found is None else found.get("current") or {}
    if kind in ("Resource", "ContainerResource"):
        return f"{source.get('name') or ''}: {_resource(target, current)}"
    if kind == "Pods":
        return f"{_amount(current, 'averageValue', '0')}/{_amount(target, 'averageValue', '0')}"
    if target.get("averageValue") is not None:
        return f"{_amount(current, 'averageValue', '<unknown>')}/{target['averageValue']} (avg)"
    return f"{_amount(current, 'value', '0')}/{_amount(target, 'value', '0')}"


def _resource(target: Object, current: Object | None) -> str:
    if target.get("averageValue") is not None:
        return f"{_amount(current, 'averageValue', '0')}/{target['averageValue']}"
    return f"{_percent(current, '<unknown>')}/{_percent(target, '<auto>')}"


def _amount(values: Object | None, name: str, missing: str) -> Any:
    """Of a metric that has no status yet nothing is known."""
    return "<unknown>" if values is None else values.get(name, missing)


def _percent(values: Object | None, missing: str) -> str:
    found = (values or {}).get("averageUtilization")
    return missing if found is None else f"{found}%"


def _minimum(obj: Object, _now: datetime) -> str:
    return str(at(obj, "spec", "minReplicas", default="<unset>"))


COLUMNS = (
    Column("Reference", "string", _reference),
    Column("Targets", "string", _targets),
    Column("MinPods", "string", _minimum),
    Column("MaxPods", "string", number("spec", "maxReplicas")),
    Column("Replicas", "string", number("status", "currentReplicas")),
    AGE,
)

HORIZONTAL_POD_AUTOSCALERS = Resource(
    group="autoscaling",
    version="v2",
    kind="HorizontalPodAutoscaler",
    plural="horizontalpodautoscalers",
    singular="horizontalpodautoscaler",
    short_names=("hpa",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(validate_status)),),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        validate=validate,
        validate_update=validate_update,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
    columns=COLUMNS,
)
