"""ResourceSlice: devices that a driver offers.

Invariants: driver, pool and node never change; taints know when they were added.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.dra.slice_validation import validate_slice
from steersman.api.errors import FieldError, go_quote
from steersman.api.meta.times import format_time
from steersman.api.resource import Column, Context, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from steersman.api.meta.types import Object

_DISABLED = ("partitionTypeAttribute", "skipNodeOperations")
_DISABLED_LISTS = ("ints", "bools", "strings", "versions")


def _devices(obj: Object) -> list[Object]:
    devices: list[Object] = at(obj, "spec", "devices", default=[])
    return devices


def _default_moments(obj: Object, now: datetime) -> None:
    for device in _devices(obj):
        for taint in device.get("taints") or ():
            if taint.get("timeAdded") is None:
                taint["timeAdded"] = format_time(now)


def _prepare_create(obj: Object, _ctx: Context) -> None:
    _drop_disabled(obj)


def _prepare_update(new: Object, _old: Object, _ctx: Context) -> None:
    _drop_disabled(new)


def _drop_disabled(obj: Object) -> None:
    """Fields of features that are off by default in v1.37."""
    for name in _DISABLED:
        (obj.get("spec") or {}).pop(name, None)
    for device in _devices(obj):
        device.pop("nodeAllocatableResources", None)
        for consumption in device.get("consumesCounters") or ():
            consumption.pop("compatibilityGroups", None)
        for attribute in (device.get("attributes") or {}).values():
            for name in _DISABLED_LISTS:
                attribute.pop(name, None)


def _validate(obj: Object) -> list[FieldError]:
    return validate_slice(obj, None)


def _warnings(new: Object, _old: Object | None) -> list[str]:
    driver: str = at(new, "spec", "driver", default="")
    if driver == driver.lower():
        return []
    return [f"spec.driver: driver names should be lowercase; {go_quote(driver)} contains uppercase characters"]


def _text(*path: str) -> Callable[[Object], str]:
    return lambda obj: at(obj, *path, default="")


def _column(name: str, *path: str) -> Column:
    return Column(name, "string", lambda obj, _now: at(obj, *path, default=""))


RESOURCE_SLICES = Resource(
    group="resource.k8s.io",
    version="v1",
    kind="ResourceSlice",
    plural="resourceslices",
    singular="resourceslice",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.resource.v1.ResourceSlice"),
    strategy=Strategy(
        default_moments=_default_moments,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=_validate,
        validate_update=validate_slice,
        warnings=_warnings,
        has_generation=True,
        delete_returns_object=True,
    ),
    columns=(
        _column("Node", "spec", "nodeName"),
        _column("Driver", "spec", "driver"),
        _column("Pool", "spec", "pool", "name"),
        AGE,
    ),
    selectable=(
        ("spec.nodeName", _text("spec", "nodeName")),
        ("spec.driver", _text("spec", "driver")),
        ("spec.pool.name", _text("spec", "pool", "name")),
    ),
    unknown_selector="field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: {}",
)
