"""CSIStorageCapacity: storage capacity that a driver reports."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

CSI_STORAGE_CAPACITIES = Resource(
    group="storage.k8s.io",
    version="v1",
    kind="CSIStorageCapacity",
    plural="csistoragecapacities",
    singular="csistoragecapacity",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.storage.v1.CSIStorageCapacity"),
    strategy=Strategy(
        allow_unconditional_update=False,
    ),
)
