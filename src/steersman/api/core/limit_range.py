"""LimitRange: bounds and defaults for the resources of pods and claims in a namespace.

Invariants: one item for each type; min <= defaultRequest <= default <= max. Upstream differences: none known.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from steersman.api.core.podspec.defaults import round_up
from steersman.api.core.podspec.validation.resources import (
    overcommit_allowed,
    validate_container_resource_name,
    validate_resource_name,
)
from steersman.api.errors import FieldError, duplicate, forbidden, invalid, required
from steersman.api.meta.names import qualified_name
from steersman.api.meta.quantity import MAX_INT64, Quantity, of_value, parse
from steersman.api.resource import Context, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_TYPES = ("Container", "PersistentVolumeClaim", "Pod")
_BOUNDS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
_NOT_FOR_PODS = "may not be specified when `type` is 'Pod'"
_MILLI_MAX = MAX_INT64 // 1000
"""Ratios of numbers below this are computed in thousandths."""


def _items(obj: Object) -> list[Object]:
    return (obj.get("spec") or {}).get("limits") or []


def _default(obj: Object) -> None:
    for item in _items(obj):
        if item.get("type") == "Container":
            _default_container(item)
        for name in _BOUNDS:
            round_up(item.get(name))


def _default_container(item: Object) -> None:
    """A default that is left out follows the maximum, a default request the default, then the minimum."""
    default = (item.get("max") or {}) | (item.get("default") or {})
    request = (item.get("min") or {}) | default | (item.get("defaultRequest") or {})
    for name, amounts in (("default", default), ("defaultRequest", request)):
        if amounts:
            item[name] = amounts


def _prepare_create(obj: Object, ctx: Context) -> None:
    if not obj["metadata"].get("name") and ctx.new_uid is not None:
        obj["metadata"]["name"] = ctx.new_uid()


def _validate(obj: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, item in enumerate(_items(obj)):
        path, kind = f"spec.limits[{index}]", item.get("type") or ""
        errors += _validate_type(kind, f"{path}.type")
        if kind in seen:
            errors.append(duplicate(f"{path}.type", kind))
        seen.add(kind)
        errors += _validate_names(item, kind, path)
        given = {name: item.get(name) or {} for name in _BOUNDS}
        if kind == "Pod":
            given |= {"default": {}, "defaultRequest": {}}
        for name in sorted({name for amounts in given.values() for name in amounts}):
            bounds = {bound: parse(amounts[name]) for bound, amounts in given.items() if name in amounts}
            errors += _validate_order(bounds, name, path) + _validate_ratio(bounds, name, path)
            errors += _validate_overcommit(bounds, name, path)
    return errors


def _validate_type(kind: str, path: str) -> list[FieldError]:
    errors = [invalid(path, kind, message) for message in qualified_name(kind)]
    if not errors and "/" not in kind and kind not in _TYPES:
        errors.append(invalid(path, kind, "must be a standard limit type or fully qualified"))
    return errors


def _validate_names(item: Object, kind: str, path: str) -> list[FieldError]:
    check = validate_container_resource_name if kind in ("Pod", "Container") else validate_resource_name
    errors: list[FieldError] = []
    for bound in _BOUNDS:
        amounts = item.get(bound) or {}
        if bound == "maxLimitRequestRatio" and kind == "PersistentVolumeClaim":
            errors += _validate_claim_bounds(item, path)
        if kind == "Pod" and bound in ("default", "defaultRequest"):
            errors += [forbidden(f"{path}.{bound}", _NOT_FOR_PODS)] if amounts else []
            continue
        for name in sorted(amounts):
            errors += check(name, f"{path}.{bound}[{name}]")
    return errors


def _validate_claim_bounds(item: Object, path: str) -> list[FieldError]:
    if any("storage" in (item.get(bound) or {}) for bound in ("min", "max")):
        return []
    detail = "either minimum or maximum storage value is required, but neither was provided"
    return [required(f"{path}.limits", detail)]


def _validate_order(bounds: dict[str, Quantity], name: str, path: str) -> list[FieldError]:
    """Upstream's errors about `default` show the bound that it misses."""
    errors: list[FieldError] = []
    for low, high, field, shown, detail in (
        ("min", "max", "min", "min", "min value {} is greater than max value {}"),
        ("min", "defaultRequest", "defaultRequest", "defaultRequest",
         "min value {} is greater than default request value {}"),
        ("defaultRequest", "max", "defaultRequest", "defaultRequest",
         "default request value {} is greater than max value {}"),
        ("defaultRequest", "default", "defaultRequest", "defaultRequest",
         "default request value {} is greater than default limit value {}"),
        ("min", "default", "default", "min", "min value {} is greater than default value {}"),
        ("default", "max", "default", "max", "default value {} is greater than max value {}"),
    ):  # fmt: skip
        if low in bounds and high in bounds and bounds[low] > bounds[high]:
            text = detail.format(bounds[low], bounds[high])
            errors.append(invalid(f"{path}.{field}[{name}]", str(bounds[shown]), text))
    return errors


def _validate_ratio(bounds: dict[str, Quantity], name: str, path: str) -> list[FieldError]:
    ratio = bounds.get("maxLimitRequestRatio")
    if ratio is None:
        return []
    at, errors = f"{path}.maxLimitRequestRatio[{name}]", []
    if ratio < of_value(1):
        errors.append(invalid(at, str(ratio), f"ratio {ratio} is less than 1"))
    low, high = bounds.get("min"), bounds.get("max")
    if low is None or high is None:
        return errors
    if all(quantity.value() < _MILLI_MAX for quantity in (ratio, low, high)):
        limit = _divide(high.milli_value(), low.milli_value())
        exceeds = ratio.milli_value() / 1000 > limit
    else:
        limit = _divide(high.value(), low.value())
        exceeds = float(ratio.value()) > limit
    if exceeds:
        shown = "-Inf" if math.isinf(limit) else f"{limit:f}"
        errors.append(invalid(at, str(ratio), f"ratio {ratio} is greater than max/min = {shown}"))
    return errors


def _divide(high: int, low: int) -> float:
    """As floats divide, by zero too."""
    if low:
        return high / low
    return math.copysign(math.inf, high) if high else math.nan


def _validate_overcommit(bounds: dict[str, Quantity], name: str, path: str) -> list[FieldError]:
    default, request = bounds.get("default"), bounds.get("defaultRequest")
    if overcommit_allowed(name) or default is None or request is None or default == request:
        return []
    detail = f"default value {default} must equal to defaultRequest value {request} in {name}"
    return [invalid(f"{path}.defaultRequest[{name}]", str(request), detail)]


LIMIT_RANGES = Resource(
    group="",
    version="v1",
    kind="LimitRange",
    plural="limitranges",
    singular="limitrange",
    short_names=("limits",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.LimitRange"),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        validate=_validate,
        allow_create_on_update=True,
    ),
)
