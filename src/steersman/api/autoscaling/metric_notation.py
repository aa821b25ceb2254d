"""Metrics as version v1 wrote them (in annotations), and behavior as it stands beside them.

v2 has one shape for the target of every source, v1 had a field for each. `read_*` raise TypeError, ValueError,
AttributeError or KeyError for what is none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.meta.quantity import canonical, parse

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_REFERENCE = ("kind", "name", "apiVersion")
_SOURCES = ("object", "pods", "resource", "containerResource", "external")


def write_metric(metric: Object) -> Object:
    old: Object = {"type": metric.get("type") or ""}
    for kind in _SOURCES:
        source = metric.get(kind)
        if source is not None:
            old[kind] = _write_source(kind, source, source.get("target") or {}, "target")
    return old


def write_status(status: Object) -> Object:
    old: Object = {"type": status.get("type") or ""}
    for kind in _SOURCES:
        source = status.get(kind)
        if source is not None:
            old[kind] = _write_source(kind, source, source.get("current") or {}, "current")
    return old


def _write_source(kind: str, source: Object, values: Object, word: str) -> Object:
    """`word` begins the names of the amounts: `targetValue`, `currentValue`. Amounts that were no pointers are 0."""
    metric, status = source.get("metric") or {}, word == "current"
    value, average = values.get("value"), values.get("averageValue")
    if kind in ("resource", "containerResource"):
        old: Object = {"name": source.get("name") or ""}
        _put(old, f"{word}AverageUtilization", values.get("averageUtilization"))
        _put(old, f"{word}AverageValue", average if not status else average or "0")
        if kind == "containerResource":
            old["container"] = source.get("container") or ""
        return old
    if kind == "pods":
        old = {"metricName": metric.get("name") or "", f"{word}AverageValue": average or "0"}
        _put(old, "selector", metric.get("selector"))
        return old
    if kind == "object":
        described = source.get("describedObject") or {}
        reference = {
            name: described.get(name) or "" for name in _REFERENCE if name != "apiVersion" or described.get(name)
        }
        old = {"target": reference, "metricName": metric.get("name") or "", f"{word}Value": value or "0"}
        _put(old, "selector", metric.get("selector"))
        _put(old, "averageValue", average)
        return old
    old = {"metricName": metric.get("name") or ""}
    _put(old, "metricSelector", metric.get("selector"))
    _put(old, f"{word}Value", value if not status else value or "0")
    _put(old, f"{word}AverageValue", average)
    return old


def _put(obj: Object, name: str, value: Any) -> None:
    if value is not None:
        obj[name] = value


def read_metric(old: Object) -> Object:
    metric: Object = {"type": old.get("type") or ""}
    for kind in _SOURCES:
        source = old.get(kind)
        if source is not None:
            amounts = _amounts(kind, source, "target")
            metric[kind] = _read_source(kind, source) | {"target": {"type": _target_type(kind, amounts), **amounts}}
    return metric


def read_status(old: Object) -> Object:
    status: Object = {"type": old.get("type") or ""}
    for kind in _SOURCES:
        source = old.get(kind)
        if source is not None:
            status[kind] = _read_source(kind, source) | {"current": _amounts(kind, source, "current")}
    return status


def _read_source(kind: str, source: Object) -> Object:
    if kind in ("resource", "containerResource"):
        new: Object = {"name": source.get("name") or ""}
        if kind == "containerResource":
            new["container"] = source.get("container") or ""
        return new
    metric: Object = {"name": source.get("metricName") or ""}
    _put(metric, "selector", source.get("metricSelector" if kind == "external" else "selector"))
    new = {"metric": metric}
    if kind == "object":
        target = source.get("target") or {}
        described = {name: target.get(name) or "" for name in ("kind", "name")}
        _put(described, "apiVersion", target.get("apiVersion") or None)
        new["describedObject"] = described
    return new


def _amounts(kind: str, source: Object, word: str) -> Object:
    """The amounts of a target or a current state, as v2 names them."""
    new: Object = {}
    status = word == "current"
    average: Any = source.get("averageValue" if kind == "object" else f"{word}AverageValue")
    if kind in ("object", "external"):
        value: Any = source.get(f"{word}Value") or ("0" if kind == "object" or status else None)
        unused = kind == "object" and not status and average is not None and parse(value).sign == 0
        if value is not None and not unused:
            new["value"] = canonical(value)
    elif kind == "pods" or status:
        average = average or "0"
    if average is not None:
        new["averageValue"] = canonical(average)
    if kind in ("resource", "containerResource"):
        _put(new, "averageUtilization", source.get(f"{word}AverageUtilization"))
    return new


def _target_type(kind: str, amounts: Object) -> str:
    if kind in ("resource", "containerResource"):
        return "Utilization" if "averageUtilization" in amounts else "AverageValue"
    if kind == "object":
        return "AverageValue" if "averageValue" in amounts else "Value"
    return "Value" if "value" in amounts else "AverageValue"


# -- behavior


def write_behavior(behavior: Object) -> Object:
    """Under the names of Go's fields, with nulls for what is not set."""
    return {"ScaleUp": _write_rules(behavior.get("scaleUp")), "ScaleDown": _write_rules(behavior.get("scaleDown"))}


def _write_rules(rules: Object | None) -> Object | None:
    if rules is None:
        return None
    policies = rules.get("policies")
    return {
        "StabilizationWindowSeconds": rules.get("stabilizationWindowSeconds"),
        "SelectPolicy": rules.get("selectPolicy"),
        "Policies": None if policies is None else [_write_policy(policy) for policy in policies],
        "Tolerance": rules.get("tolerance"),
    }


def _write_policy(policy: Object) -> Object:
    return {
        "Type": policy.get("type") or "",
        "Value": policy.get("value") or 0,
        "PeriodSeconds": policy.get("periodSeconds") or 0,
    }


def read_behavior(old: Object) -> Object:
    """Empty if there is none."""
    given = _folded(old)
    found = {"scaleUp": _read_rules(given.get("scaleup")), "scaleDown": _read_rules(given.get("scaledown"))}
    return {name: rules for name, rules in found.items() if rules is not None}


def _read_rules(old: Object | None) -> Object | None:
    if old is None:
        return None
    given = _folded(old)
    rules: Object = {}
    _put(rules, "stabilizationWindowSeconds", given.get("stabilizationwindowseconds"))
    _put(rules, "selectPolicy", given.get("selectpolicy"))
    if (policies := given.get("policies")) is not None:
        rules["policies"] = [_read_policy(policy) for policy in policies]
    if (tolerance := given.get("tolerance")) is not None:
        rules["tolerance"] = canonical(tolerance)
    return rules


def _read_policy(old: Object) -> Object:
    given = _folded(old)
    return {
        "type": given.get("type") or "",
        "value": given.get("value") or 0,
        "periodSeconds": given.get("periodseconds") or 0,
    }


def _folded(obj: Object) -> Object:
    """Go's decoder does not mind the case of names."""
    return {name.lower(): value for name, value in obj.items()}
