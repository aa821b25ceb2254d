"""PodTemplate: a stored template for pods."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

POD_TEMPLATES = Resource(
    group="",
    version="v1",
    kind="PodTemplate",
    plural="podtemplates",
    singular="podtemplate",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.PodTemplate"),
    strategy=Strategy(
        has_generation=True,
        delete_returns_object=True,
    ),
)
