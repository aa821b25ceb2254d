"""LimitRange: bounds and defaults for the resources of pods and claims in a namespace."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

LIMIT_RANGES = Resource(
    group="",
    version="v1",
    kind="LimitRange",
    plural="limitranges",
    singular="limitrange",
    short_names=("limits",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.LimitRange"),
    strategy=Strategy(
        allow_create_on_update=True,
    ),
)
