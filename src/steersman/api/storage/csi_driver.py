"""CSIDriver: how a CSI volume driver wants to be treated."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

CSI_DRIVERS = Resource(
    group="storage.k8s.io",
    version="v1",
    kind="CSIDriver",
    plural="csidrivers",
    singular="csidriver",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.storage.v1.CSIDriver"),
    strategy=Strategy(
        allow_unconditional_update=False,
        delete_returns_object=True,
    ),
)
