"""DeviceClass: a category of devices that can be claimed."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

DEVICE_CLASSES = Resource(
    group="resource.k8s.io",
    version="v1",
    kind="DeviceClass",
    plural="deviceclasses",
    singular="deviceclass",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.resource.v1.DeviceClass"),
    strategy=Strategy(
        has_generation=True,
        delete_returns_object=True,
    ),
)
