"""VolumeAttributesClass: mutable attributes of volumes.

Invariants: driver and parameters never change. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE
from steersman.api.errors import FieldError, forbidden, required
from steersman.api.resource import Column, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema
from steersman.api.storage.rules import validate_driver_name, validate_parameters

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def _validate(obj: Object) -> list[FieldError]:
    name = obj.get("driverName") or ""
    errors = validate_driver_name(name, "driverName") if name else [required("driverName")]
    return errors + validate_parameters(obj.get("parameters"), "parameters", allow_empty=False)


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors = [
        forbidden(name, f"updates to {name} are forbidden.")
        for name in ("driverName", "parameters")
        if (new.get(name) or None) != (old.get(name) or None)
    ]
    return errors + _validate(new)


VOLUME_ATTRIBUTES_CLASSES = Resource(
    group="storage.k8s.io",
    version="v1",
    kind="VolumeAttributesClass",
    plural="volumeattributesclasses",
    singular="volumeattributesclass",
    short_names=("vac",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.storage.v1.VolumeAttributesClass"),
    strategy=Strategy(
        validate=_validate,
        validate_update=_validate_update,
        delete_returns_object=True,
    ),
    columns=(Column("DriverName", "string", lambda obj, _now: obj.get("driverName") or ""), AGE),
)
