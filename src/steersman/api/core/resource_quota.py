"""ResourceQuota: bounds on what a namespace may use in all."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

RESOURCE_QUOTAS = Resource(
    group="",
    version="v1",
    kind="ResourceQuota",
    plural="resourcequotas",
    singular="resourcequota",
    short_names=("quota",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.ResourceQuota"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),),
    strategy=Strategy(
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
    ),
)
