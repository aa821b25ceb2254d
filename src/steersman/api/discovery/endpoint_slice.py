"""EndpointSlice: a part of the addresses behind a service."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

ENDPOINT_SLICES = Resource(
    group="discovery.k8s.io",
    version="v1",
    kind="EndpointSlice",
    plural="endpointslices",
    singular="endpointslice",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.discovery.v1.EndpointSlice"),
    strategy=Strategy(
        has_generation=True,
    ),
)
