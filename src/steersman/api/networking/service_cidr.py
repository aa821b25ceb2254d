"""ServiceCIDR: a range of addresses for services."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

SERVICE_CIDRS = Resource(
    group="networking.k8s.io",
    version="v1",
    kind="ServiceCIDR",
    plural="servicecidrs",
    singular="servicecidr",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.networking.v1.ServiceCIDR"),
    subresources=(
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(keep_metadata=True)),
    ),
    strategy=Strategy(
        has_status=True,
        reset_fields=(("status",),),
    ),
)
