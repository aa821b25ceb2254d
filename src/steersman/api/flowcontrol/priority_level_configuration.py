"""PriorityLevelConfiguration: how much of the server a priority level gets."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

PRIORITY_LEVEL_CONFIGURATIONS = Resource(
    group="flowcontrol.apiserver.k8s.io",
    version="v1",
    kind="PriorityLevelConfiguration",
    plural="prioritylevelconfigurations",
    singular="prioritylevelconfiguration",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(disown_metadata=True)),),
    strategy=Strategy(
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
)
