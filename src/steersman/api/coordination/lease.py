"""Lease: who leads, or who is alive."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

LEASES = Resource(
    group="coordination.k8s.io",
    version="v1",
    kind="Lease",
    plural="leases",
    singular="lease",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.coordination.v1.Lease"),
    strategy=Strategy(
        allow_create_on_update=True,
        allow_unconditional_update=False,
    ),
)
