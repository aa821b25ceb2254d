"""ResourceClaimTemplate: a template for claims, one for each pod."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

RESOURCE_CLAIM_TEMPLATES = Resource(
    group="resource.k8s.io",
    version="v1",
    kind="ResourceClaimTemplate",
    plural="resourceclaimtemplates",
    singular="resourceclaimtemplate",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.resource.v1.ResourceClaimTemplate"),
    strategy=Strategy(
        delete_returns_object=True,
    ),
)
