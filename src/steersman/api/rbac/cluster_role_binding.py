"""ClusterRoleBinding: grants a ClusterRole everywhere.

Invariants: what it grants never changes, only to whom. Upstream differences: none known.
"""

from __future__ import annotations

from steersman.api.meta.names import name_is_path_segment
from steersman.api.rbac.rules import BINDING_COLUMNS, binding_rules, default_binding
from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

_VALIDATE, _VALIDATE_UPDATE = binding_rules(role_kinds=("ClusterRole",), namespaced=False)

CLUSTER_ROLE_BINDINGS = Resource(
    group="rbac.authorization.k8s.io",
    version="v1",
    kind="ClusterRoleBinding",
    plural="clusterrolebindings",
    singular="clusterrolebinding",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.rbac.v1.ClusterRoleBinding"),
    strategy=Strategy(
        default=default_binding,
        validate=_VALIDATE,
        validate_update=_VALIDATE_UPDATE,
        validate_name=name_is_path_segment,
        allow_create_on_update=True,
    ),
    columns=BINDING_COLUMNS,
)
