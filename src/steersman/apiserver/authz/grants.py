"""Puts the escalation check into the write path of roles and bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver.authz.roles import CLUSTER_ROLES, ROLES
from steersman.apiserver.hooks import Hook

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.authz.escalation import EscalationCheck
    from steersman.apiserver.write import Write


class GrantHook(Hook):
    """For each of the four RBAC resources: refuses what its writer may not grant, before it is looked at further."""

    def __init__(self, *, check: EscalationCheck) -> None:
        self._check = check

    async def begin_create(self, write: Write, obj: Object) -> None:
        self._judge(write, obj, None)

    async def begin_update(self, write: Write, new: Object, old: Object) -> None:
        self._judge(write, new, old)

    def _judge(self, write: Write, new: Object, old: Object | None) -> None:
        resource = write.served.resource.plural
        if resource in (CLUSTER_ROLES, ROLES):
            # A name in the body is not one in the URL: rights to escalate single roles do not reach it.
            name = "" if write.options.get("kind") == "CreateOptions" else write.name
            self._check.check_role(write.user, resource, write.namespace, name, new=new, old=old)
        else:
            self._check.check_binding(write.user, resource, write.namespace, new=new, old=old)
