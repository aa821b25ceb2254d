"""Deployment: declarative updates of ReplicaSets."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

DEPLOYMENTS = Resource(
    group="apps",
    version="v1",
    kind="Deployment",
    plural="deployments",
    singular="deployment",
    short_names=("deploy",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.apps.v1.Deployment"),
    subresources=(
        Subresource(name="scale", verbs=("get", "patch", "update"), group="autoscaling", version="v1", kind="Scale"),
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),
    ),
    strategy=Strategy(
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
)
