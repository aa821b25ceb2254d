"""ReplicationController: keeps a number of pods running (the older ReplicaSet)."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

REPLICATION_CONTROLLERS = Resource(
    group="",
    version="v1",
    kind="ReplicationController",
    plural="replicationcontrollers",
    singular="replicationcontroller",
    short_names=("rc",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.ReplicationController"),
    storage_prefix="controllers",
    subresources=(
        Subresource(name="scale", verbs=("get", "patch", "update"), group="autoscaling", version="v1", kind="Scale"),
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),
    ),
    strategy=Strategy(
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
        default_propagation_policy="Orphan",
    ),
)
