"""DeviceTaintRule: taints devices that match.

Invariants: a taint knows when it was added; a new effect counts as added now, unless its author says otherwise.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.dra.devices import declared_taint, validate_taint
from steersman.api.dra.names import device_label, driver_name, pool_name
from steersman.api.errors import FieldError, too_many
from steersman.api.meta.age import translate_timestamp_since
from steersman.api.meta.conditions import validate_conditions
from steersman.api.meta.times import format_time
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import clear_status, status_view

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

CONDITIONS_MAX = 8
_SELECTOR = (("driver", driver_name), ("pool", pool_name), ("device", device_label))


def _default_moments(obj: Object, now: datetime) -> None:
    taint = obj.setdefault("spec", {}).setdefault("taint", {})
    if taint.get("timeAdded") is None:
        taint["timeAdded"] = format_time(now)


def _prepare_update(new: Object, old: Object, ctx: Context) -> None:
    taint, before = new["spec"]["taint"], old["spec"]["taint"]
    if taint.get("effect") != before.get("effect") and taint.get("timeAdded") == before.get("timeAdded"):
        taint["timeAdded"] = format_time(ctx.now)


def _validate(obj: Object) -> list[FieldError]:
    selector, taint = at(obj, "spec", "deviceSelector", default={}), at(obj, "spec", "taint", default={})
    errors: list[FieldError] = []
    for name, judge in _SELECTOR:
        if (value := selector.get(name)) is not None:
            errors += judge(value, f"spec.deviceSelector.{name}")
    return errors + validate_taint(taint, "spec.taint") + declared_taint(taint, "spec.taint")


def _validate_status(new: Object, _old: Object) -> list[FieldError]:
    conditions, path = at(new, "status", "conditions", default=()), "status.conditions"
    errors = validate_conditions(conditions, path)
    if len(conditions) > CONDITIONS_MAX:
        errors.append(too_many(path, len(conditions), CONDITIONS_MAX))
    return errors


def _taint(name: str, label: str) -> Column:
    return Column(label, "string", lambda obj, _now: at(obj, "spec", "taint", name, default=""))


def _time_added(obj: Object, now: datetime) -> str:
    added = at(obj, "spec", "taint", "timeAdded")
    return translate_timestamp_since(added, now) if added is not None else ""


DEVICE_TAINT_RULES = Resource(
    group="resource.k8s.io",
    version="v1",
    kind="DeviceTaintRule",
    plural="devicetaintrules",
    singular="devicetaintrule",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.resource.v1.DeviceTaintRule"),
    storage_version="v1beta2",
    subresources=(
        Subresource(
            name="status",
            verbs=("get", "patch", "update"),
            update=status_view(_validate_status, keep_metadata=True),
        ),
    ),
    strategy=Strategy(
        default_moments=_default_moments,
        prepare_create=clear_status,
        prepare_update=_prepare_update,
        validate=_validate,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
    ),
    columns=(
        _taint("key", "Key"),
        _taint("value", "Value"),
        _taint("effect", "Effect"),
        Column("TimeAdded", "string", _time_added),
        AGE,
    ),
)
