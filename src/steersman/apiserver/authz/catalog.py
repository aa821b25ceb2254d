"""All authorizers, in the order in which they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver.authz.bootstrap import node_rules
from steersman.apiserver.authz.chain import AuthorizerChain
from steersman.apiserver.authz.node import NodeAuthorizer
from steersman.apiserver.authz.rbac import RBAC

if TYPE_CHECKING:
    from steersman.apiserver.authz.node import NodeRelations
    from steersman.apiserver.authz.roles import RoleSource


def authorizers(*, roles: RoleSource, relations: NodeRelations) -> tuple[AuthorizerChain, RBAC]:
    """The whole chain, and its RBAC part, which the escalation check asks as well."""
    rbac = RBAC(roles=roles)
    chain = AuthorizerChain(
        units=(
            # Nodes first: what they are refused here, a role bound to system:nodes may still allow.
            ("node", NodeAuthorizer(relations=relations, rules=node_rules())),
            ("rbac", rbac),
        )
    )
    return chain, rbac
