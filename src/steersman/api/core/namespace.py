"""Namespace: a scope for names."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource, UpdateStrategy
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

NAMESPACES = Resource(
    group="",
    version="v1",
    kind="Namespace",
    plural="namespaces",
    singular="namespace",
    short_names=("ns",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.core.v1.Namespace"),
    verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
    subresources=(
        Subresource(name="finalize", verbs=("update",), update=UpdateStrategy()),
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),
    ),
    strategy=Strategy(
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
    ),
)
