"""CSINode: the CSI drivers that are installed on a node."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

CSI_NODES = Resource(
    group="storage.k8s.io",
    version="v1",
    kind="CSINode",
    plural="csinodes",
    singular="csinode",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.storage.v1.CSINode"),
    subresources=(
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(keep_metadata=True)),
    ),
    strategy=Strategy(
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
        delete_returns_object=True,
    ),
)
