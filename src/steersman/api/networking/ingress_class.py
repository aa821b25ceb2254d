"""IngressClass: names the controller of a class of ingresses."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

INGRESS_CLASSES = Resource(
    group="networking.k8s.io",
    version="v1",
    kind="IngressClass",
    plural="ingressclasses",
    singular="ingressclass",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.networking.v1.IngressClass"),
    strategy=Strategy(
        has_generation=True,
    ),
)
