"""PriorityClass: a named priority for pods."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

PRIORITY_CLASSES = Resource(
    group="scheduling.k8s.io",
    version="v1",
    kind="PriorityClass",
    plural="priorityclasses",
    singular="priorityclass",
    short_names=("pc",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.scheduling.v1.PriorityClass"),
    strategy=Strategy(
        has_generation=True,
    ),
)
