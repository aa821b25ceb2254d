"""RoleBinding: grants a role in one namespace."""

from __future__ import annotations

from steersman.api.meta.names import name_is_path_segment
from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

ROLE_BINDINGS = Resource(
    group="rbac.authorization.k8s.io",
    version="v1",
    kind="RoleBinding",
    plural="rolebindings",
    singular="rolebinding",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.rbac.v1.RoleBinding"),
    strategy=Strategy(
        validate_name=name_is_path_segment,
        allow_create_on_update=True,
    ),
)
