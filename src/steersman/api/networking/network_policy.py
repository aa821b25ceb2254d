"""NetworkPolicy: what traffic pods accept and send."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

NETWORK_POLICIES = Resource(
    group="networking.k8s.io",
    version="v1",
    kind="NetworkPolicy",
    plural="networkpolicies",
    singular="networkpolicy",
    short_names=("netpol",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.networking.v1.NetworkPolicy"),
    strategy=Strategy(
        has_generation=True,
    ),
)
