"""Nobody grants what they do not have: the check on writes of roles and bindings (upstream: policybased storage).

Each check returns when the write may go on, and raises Forbidden (or NotFound, for a binding of a role that does not
exist) when it may not. The verbs `escalate` (on roles) and `bind` (on the role of a binding) lift it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import Forbidden, NotFound, go_quote, qualified
from steersman.apiserver.authz.attributes import Attributes
from steersman.apiserver.authz.roles import CLUSTER_ROLES, RBAC_GROUP, ROLES
from steersman.apiserver.authz.rules import FULL_AUTHORITY, compact, covers, describe, go_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.authz.attributes import Authorizer
    from steersman.apiserver.authz.rbac import RBAC

# The resourceVersion beside what the garbage collector writes: stored objects hold none.
_HOUSEKEEPING = frozenset({"ownerReferences", "finalizers", "selfLink", "managedFields", "resourceVersion"})


class EscalationCheck:
    """`authorizer`: the whole chain; `rbac`: its RBAC part, since only roles can be held."""

    def __init__(self, *, authorizer: Authorizer, rbac: RBAC) -> None:
        self._authorizer = authorizer
        self._rbac = rbac

    def check_role(
        self, user: User, resource: str, namespace: str, name: str, *, new: Object, old: Object | None
    ) -> None:
        """Before a Role or ClusterRole is stored. `name`: of the URL (empty on create); `old`: None on create.

        Raises Forbidden.
        """
        if user.is_privileged or self._allows(user, "escalate", resource, namespace, name):
            return
        if old is not None and only_housekeeping(new, old):
            return
        own_name = new["metadata"].get("name", "")
        self._check_rules(user, resource, namespace, own_name, new.get("rules") or ())
        if resource == CLUSTER_ROLES and (_aggregates(new) or (old is not None and _aggregates(old))):
            held, _ = self._rbac.bound_rules(user, "")
            if covers(held, FULL_AUTHORITY):
                why = "must have cluster-admin privileges to use the aggregationRule"
                raise Forbidden.of(RBAC_GROUP, resource, own_name, why)

    def check_binding(self, user: User, resource: str, namespace: str, *, new: Object, old: Object | None) -> None:
        """Before a RoleBinding or ClusterRoleBinding is stored. Raises Forbidden, NotFound."""
        if user.is_privileged:
            return
        if old is not None and only_housekeeping(new, old):
            return
        reference = new.get("roleRef") or {}
        role_resource = {"ClusterRole": CLUSTER_ROLES, "Role": ROLES}.get(reference.get("kind", ""), "")
        role_name = reference.get("name", "")
        group = reference.get("apiGroup", RBAC_GROUP)
        if role_resource and self._allows(user, "bind", role_resource, namespace, role_name, group=group):
            return
        rules = self._rbac.role_rules(reference, namespace)
        if rules is None:
            # Upstream looks the role up under the request's own resource, and so does its message.
            raise NotFound.of(RBAC_GROUP, resource, role_name)
        self._check_rules(user, resource, namespace, new["metadata"].get("name", ""), rules)

    def _allows(
        self, user: User, verb: str, resource: str, namespace: str, name: str, *, group: str = RBAC_GROUP
    ) -> bool:
        asked = Attributes(
            user=user, verb=verb, group=group, version="*", resource=resource, namespace=namespace, name=name
        )
        return self._authorizer.authorize(asked).allowed

    def _check_rules(self, user: User, resource: str, namespace: str, name: str, wanted: Iterable[Object]) -> None:
        held, missing_roles = self._rbac.bound_rules(user, namespace)
        uncovered = covers(held, wanted)
        if not uncovered:
            return
        lines = sorted({describe(rule) for rule in compact(uncovered)})
        why = (
            f"user {go_quote(user.name)} (groups={go_list(user.groups)}) is attempting to grant RBAC permissions not "
            "currently held:\n" + "\n".join(lines)
        )
        if missing_roles:
            subject = qualified(RBAC_GROUP, resource)
            errors = [f'{subject} "{role.name}" not found' for role in missing_roles]
            text = errors[0] if len(errors) == 1 else f"[{', '.join(dict.fromkeys(errors))}]"
            why += f"; resolution errors: [{text}]"
        raise Forbidden.of(RBAC_GROUP, resource, name, why)


def only_housekeeping(new: Object, old: Object) -> bool:
    """Whether nothing differs but what the garbage collector writes (owners, finalizers): that grants nothing."""
    if {**new, "metadata": None} != {**old, "metadata": None}:
        return False
    kept = [{key: value for key, value in obj["metadata"].items() if key not in _HOUSEKEEPING} for obj in (new, old)]
    return kept[0] == kept[1]


def _aggregates(role: Object) -> bool:
    return bool((role.get("aggregationRule") or {}).get("clusterRoleSelectors"))
