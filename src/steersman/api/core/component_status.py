"""ComponentStatus: health of control plane components (deprecated, read only)."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope
from steersman.api.schema.builtin import schema

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
)
