"""Secret: secret data, consumed by pods as files or environment."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope
from steersman.api.schema.builtin import schema

SECRETS = Resource(
    group="",
    version="v1",
    kind="Secret",
    plural="secrets",
    singular="secret",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.Secret"),
)
