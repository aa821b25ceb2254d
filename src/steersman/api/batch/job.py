"""Job: runs pods until enough of them have succeeded."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

JOBS = Resource(
    group="batch",
    version="v1",
    kind="Job",
    plural="jobs",
    singular="job",
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.batch.v1.Job"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),),
    strategy=Strategy(
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
        default_propagation_policy="Orphan",
    ),
)
