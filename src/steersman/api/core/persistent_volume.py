"""PersistentVolume: a piece of storage in the cluster."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

PERSISTENT_VOLUMES = Resource(
    group="",
    version="v1",
    kind="PersistentVolume",
    plural="persistentvolumes",
    singular="persistentvolume",
    short_names=("pv",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.core.v1.PersistentVolume"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),),
    strategy=Strategy(
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
    ),
)
