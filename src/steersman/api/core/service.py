"""Service: a stable address and name for a set of pods."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

SERVICES = Resource(
    group="",
    version="v1",
    kind="Service",
    plural="services",
    singular="service",
    short_names=("svc",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.Service"),
    storage_prefix="services/specs",
    subresources=(
        Subresource(name="proxy", verbs=("create", "delete", "get", "patch", "update"), kind="ServiceProxyOptions"),
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),
    ),
    strategy=Strategy(
        has_status=True,
        reset_fields=(("status",),),
        allow_create_on_update=True,
        delete_returns_object=True,
    ),
)
