"""ResourceSlice: devices that a driver offers."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

RESOURCE_SLICES = Resource(
    group="resource.k8s.io",
    version="v1",
    kind="ResourceSlice",
    plural="resourceslices",
    singular="resourceslice",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.resource.v1.ResourceSlice"),
    strategy=Strategy(
        has_generation=True,
        delete_returns_object=True,
    ),
)
