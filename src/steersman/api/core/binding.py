"""Binding: assigns a pod to a node."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope
from steersman.api.schema.builtin import schema

BINDINGS = Resource(
    group="",
    version="v1",
    kind="Binding",
    plural="bindings",
    singular="binding",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.Binding"),
    verbs=("create",),
    ephemeral=True,
)
