"""serviceaccount: every active namespace has a service account named `default`.

Reads: namespaces, service accounts. Writes: service accounts (create).
Keys: namespaces.
Invariants: an account that exists is never touched; nothing is created in a namespace that is going away.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import AlreadyExists, ApiError
from steersman.client.errors import is_cause
from steersman.client.request import Key
from steersman.controllers.base import Controller, Writes

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

DEFAULT = "default"


class ServiceAccounts(Controller):
    """See the module."""

    name = "serviceaccount"
    account = "service-account-controller"
    reads = (NAMESPACES, SERVICE_ACCOUNTS)
    writes = (Writes(SERVICE_ACCOUNTS, ("create",)),)

    def setup(self) -> None:
        self.on(NAMESPACES)
        self.on(SERVICE_ACCOUNTS, lost_defaults)

    async def reconcile(self, key: Key) -> None:
        existing = self.view.get(SERVICE_ACCOUNTS, Key(key.name, DEFAULT))
        wanted = plan(self.view.get(NAMESPACES, key), existing)
        if wanted is None:
            return
        try:
            await self.client.create(SERVICE_ACCOUNTS, wanted)
        except AlreadyExists:
            return
        except ApiError as error:
            if not is_cause(error, "NamespaceTerminating"):
                raise


def lost_defaults(old: Object | None, new: Object | None) -> list[Key]:
    """The namespace of a default account that is gone."""
    if new is not None or old is None or old["metadata"]["name"] != DEFAULT:
        return []
    return [Key("", old["metadata"]["namespace"])]


def plan(namespace: Object | None, existing: Object | None) -> Object | None:
    """The account to create, if there is one to create."""
    if namespace is None or existing is not None or (namespace.get("status") or {}).get("phase") != "Active":
        return None
    return {
        "apiVersion": SERVICE_ACCOUNTS.api_version,
        "kind": SERVICE_ACCOUNTS.kind,
        "metadata": {"name": DEFAULT, "namespace": namespace["metadata"]["name"]},
    }
