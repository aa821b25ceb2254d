"""ComponentStatus: health of control plane components (deprecated, read only)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.resource import Column, Resource, Scope
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object


def _healthy(obj: Object) -> Object:
    return next((c for c in obj.get("conditions", ()) if c["type"] == "Healthy"), {})


def _status(obj: Object, _now: datetime) -> str:
    condition = _healthy(obj)
    if not condition:
        return "Unknown"
    return "Healthy" if condition["status"] == "True" else "Unhealthy"


def _message(obj: Object, _now: datetime) -> str:
    text: str = _healthy(obj).get("message", "")
    return text


def _error(obj: Object, _now: datetime) -> str:
    text: str = _healthy(obj).get("error", "")
    return text


COMPONENT_STATUSES = Resource(
    group="",
    version="v1",
    kind="ComponentStatus",
    plural="componentstatuses",
    singular="componentstatus",
    short_names=("cs",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.core.v1.ComponentStatus"),
    verbs=("get", "list"),
    columns=(
        Column("Status", "string", _status),
        Column("Message", "string", _message),
        Column("Error", "string", _error),
    ),
    deprecation="v1 ComponentStatus is deprecated in v1.19+",
)
