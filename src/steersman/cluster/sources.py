"""Views of the watch cache for parts that do not know it: roles for RBAC, bound objects for tokens, pods for the node
authoriser.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

import orjson

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.core.secret import SECRETS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.rbac.cluster_role import CLUSTER_ROLES
from steersman.api.rbac.cluster_role_binding import CLUSTER_ROLE_BINDINGS
from steersman.api.rbac.role import ROLES
from steersman.api.rbac.role_binding import ROLE_BINDINGS
from steersman.apiserver.authn.service_account import ObjectIdentity
from steersman.apiserver.authz.roles import RoleTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.reader import CacheReader
    from steersman.apiserver.resources import ResourceTable, Served
    from steersman.store.watchcache import Change, Entry

RBAC_RESOURCES = (CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, ROLES, ROLE_BINDINGS)


class RoleFeed:
    """Keeps RBAC's table of roles and bindings as the cache is: every change is in before its writer is told."""

    def __init__(self, resources: ResourceTable) -> None:
        self.table = RoleTable()
        for resource in RBAC_RESOURCES:
            _Follow(self.table, resources.of(resource))


class _Follow:
    """A watcher of one RBAC resource."""

    def __init__(self, table: RoleTable, served: Served) -> None:
        self._table = table
        self._served = served
        self._known: set[tuple[str, str]] = set()
        if served.collection is not None:
            served.collection.followers.append(self)

    def _load(self) -> None:
        served = self._served
        if served.collection is not None:
            for entry in served.collection.range(served.prefix):
                self._put(entry)

    def _put(self, entry: Entry) -> None:
        self._known.add(self._identity(entry))
        self._table.put(self._served.resource.plural, self._served.index.decode(entry))

    def offer(self, change: Change) -> None:
        if not change.deleted:
            self._put(change.entry)
            return
        identity = self._identity(change.entry)
        self._known.discard(identity)
        self._table.remove(self._served.resource.plural, *identity)

    def _identity(self, entry: Entry) -> tuple[str, str]:
        namespace, _, name = entry.key[len(self._served.prefix) :].rpartition("/")
        return namespace, name

    def lost(self) -> None:
        """The cache was loaded again: what is gone must go here too, so begin anew."""
        for identity in self._known:
            self._table.remove(self._served.resource.plural, *identity)
        self._known.clear()
        self._load()


class CachedObjects:
    """Service account tokens ask whether the objects they are bound to still exist."""

    _BOUND: ClassVar = {"serviceaccounts": SERVICE_ACCOUNTS, "pods": PODS, "secrets": SECRETS, "nodes": NODES}

    def __init__(self, resources: ResourceTable, reader: CacheReader) -> None:
        self._resources = resources
        self._reader = reader

    def identity(self, resource: str, namespace: str, name: str) -> ObjectIdentity | None:
        obj = self._reader.get(self._BOUND[resource], namespace, name)
        if obj is None:
            return None
        deleted = obj["metadata"].get("deletionTimestamp")
        return ObjectIdentity(obj["metadata"]["uid"], datetime.fromisoformat(deleted) if deleted else None)

    def secret(self, namespace: str, name: str) -> Object | None:
        return self._reader.get(SECRETS, namespace, name)


class _CachedPod:
    """A pod that the node authoriser may want to look into."""

    __slots__ = ("_served", "entry", "namespace", "revision")

    def __init__(self, served: Served, entry: Entry) -> None:
        self._served = served
        self.entry = entry
        self.namespace = entry.key[len(served.prefix) :].split("/")[0]
        self.revision = entry.revision

    @property
    def uid(self) -> str:
        """The key names the pod; with the revision it identifies one incarnation."""
        return self.entry.key

    def load(self) -> Object:
        decoded: Object = orjson.loads(self._served.type_meta + self.entry.body)
        return decoded


class NodePods:
    """The node authoriser's questions. Pods are indexed by their node as they change."""

    def __init__(self, resources: ResourceTable, reader: CacheReader) -> None:
        self._resources = resources
        self._reader = reader
        self._by_node: dict[str, dict[str, Entry]] = {}
        collection = resources.of(PODS).collection
        if collection is not None:
            collection.followers.append(self)

    def lost(self) -> None:
        """The cache was loaded (again)."""
        served = self._resources.of(PODS)
        if served.collection is None:
            return
        self._by_node.clear()
        for entry in served.collection.range(served.prefix):
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        node = entry.fields.get("spec.nodeName", "")
        if node:
            self._by_node.setdefault(node, {})[entry.key] = entry

    def offer(self, change: Change) -> None:
        if change.previous is not None:
            node = change.previous.fields.get("spec.nodeName", "")
            pods = self._by_node.get(node)
            if pods is not None:
                pods.pop(change.entry.key, None)
                if not pods:
                    del self._by_node[node]
        if not change.deleted:
            self._add(change.entry)

    def pods_on_node(self, node: str) -> Iterable[_CachedPod]:
        served = self._resources.of(PODS)
        return [_CachedPod(served, entry) for entry in self._by_node.get(node, {}).values()]

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        known = self._named(resource)
        return self._reader.get(known, namespace, name) if known is not None else None

    def _named(self, plural: str) -> Resource | None:
        for served in self._resources:
            if served.resource.plural == plural and not served.resource.custom:
                return served.resource
        return None
