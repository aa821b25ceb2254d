"""FlowSchema: which requests belong to which priority level."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

FLOW_SCHEMAS = Resource(
    group="flowcontrol.apiserver.k8s.io",
    version="v1",
    kind="FlowSchema",
    plural="flowschemas",
    singular="flowschema",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.flowcontrol.v1.FlowSchema"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(disown_metadata=True)),),
    strategy=Strategy(
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
)
