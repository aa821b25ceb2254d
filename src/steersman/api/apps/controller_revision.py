"""ControllerRevision: a snapshot of the state of a DaemonSet or StatefulSet."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope
from steersman.api.schema.builtin import schema

CONTROLLER_REVISIONS = Resource(
    group="apps",
    version="v1",
    kind="ControllerRevision",
    plural="controllerrevisions",
    singular="controllerrevision",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.apps.v1.ControllerRevision"),
)
