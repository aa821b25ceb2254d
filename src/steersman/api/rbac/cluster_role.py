"""ClusterRole: a set of permissions, cluster-wide or to be bound in namespaces."""

from __future__ import annotations

from steersman.api.meta.names import name_is_path_segment
from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

CLUSTER_ROLES = Resource(
    group="rbac.authorization.k8s.io",
    version="v1",
    kind="ClusterRole",
    plural="clusterroles",
    singular="clusterrole",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.rbac.v1.ClusterRole"),
    strategy=Strategy(
        validate_name=name_is_path_segment,
        allow_create_on_update=True,
    ),
)
