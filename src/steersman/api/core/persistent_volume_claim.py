"""PersistentVolumeClaim: a user's request for storage."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

PERSISTENT_VOLUME_CLAIMS = Resource(
    group="",
    version="v1",
    kind="PersistentVolumeClaim",
    plural="persistentvolumeclaims",
    singular="persistentvolumeclaim",
    short_names=("pvc",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.PersistentVolumeClaim"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),),
    strategy=Strategy(
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
    ),
)
