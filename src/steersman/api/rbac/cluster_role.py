"""ClusterRole: a set of permissions, cluster-wide or to be bound in namespaces.

Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import FieldError, required
from steersman.api.meta.label_selector import validate_selector
from steersman.api.meta.names import name_is_path_segment
from steersman.api.rbac.rules import validate_rules
from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def _validate(obj: Object) -> list[FieldError]:
    errors = validate_rules(obj.get("rules"), namespaced=False)
    aggregation = obj.get("aggregationRule")
    if aggregation is None:
        return errors
    path = "aggregationRule.clusterRoleSelectors"
    selectors = aggregation.get("clusterRoleSelectors")
    if not selectors:
        errors.append(required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil"))
    for index, selector in enumerate(selectors or ()):
        errors += validate_selector(selector, f"{path}[{index}]")
    return errors


CLUSTER_ROLES = Resource(
    group="rbac.authorization.k8s.io",
    version="v1",
    kind="ClusterRole",
    plural="clusterroles",
    singular="clusterrole",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.rbac.v1.ClusterRole"),
    strategy=Strategy(
        validate=_validate,
        validate_name=name_is_path_segment,
        allow_create_on_update=True,
    ),
)
