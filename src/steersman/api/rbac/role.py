"""Role: a set of permissions in one namespace.

Upstream differences: none known.
"""

from __future__ import annotations

from steersman.api.meta.names import name_is_path_segment
from steersman.api.rbac.rules import validate_rules
from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

ROLES = Resource(
    group="rbac.authorization.k8s.io",
    version="v1",
    kind="Role",
    plural="roles",
    singular="role",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.rbac.v1.Role"),
    strategy=Strategy(
        validate=lambda obj: validate_rules(obj.get("rules"), namespaced=True),
        validate_name=name_is_path_segment,
        allow_create_on_update=True,
    ),
)
