"""ConfigMap: non-secret configuration data, consumed by pods as files or environment."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope
from steersman.api.schema.builtin import schema

CONFIG_MAPS = Resource(
    group="",
    version="v1",
    kind="ConfigMap",
    plural="configmaps",
    singular="configmap",
    short_names=("cm",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.ConfigMap"),
)
