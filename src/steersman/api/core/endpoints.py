"""Endpoints: the addresses behind a service, in the form before EndpointSlice."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

ENDPOINTS = Resource(
    group="",
    version="v1",
    kind="Endpoints",
    plural="endpoints",
    singular="endpoints",
    short_names=("ep",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.Endpoints"),
    storage_prefix="services/endpoints",
    strategy=Strategy(
        allow_create_on_update=True,
    ),
)
