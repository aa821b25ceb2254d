"""RuntimeClass: a container runtime configuration that pods select."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

RUNTIME_CLASSES = Resource(
    group="node.k8s.io",
    version="v1",
    kind="RuntimeClass",
    plural="runtimeclasses",
    singular="runtimeclass",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.node.v1.RuntimeClass"),
    strategy=Strategy(
        allow_create_on_update=True,
        allow_unconditional_update=False,
    ),
)
