"""DeviceTaintRule: taints devices that match."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

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
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(keep_metadata=True)),
    ),
    strategy=Strategy(
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
    ),
)
