"""ClusterRoleBinding: grants a ClusterRole everywhere."""

from __future__ import annotations

from steersman.api.meta.names import name_is_path_segment
from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

CLUSTER_ROLE_BINDINGS = Resource(
    group="rbac.authorization.k8s.io",
    version="v1",
    kind="ClusterRoleBinding",
    plural="clusterrolebindings",
    singular="clusterrolebinding",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.rbac.v1.ClusterRoleBinding"),
    strategy=Strategy(
        validate_name=name_is_path_segment,
        allow_create_on_update=True,
    ),
)
