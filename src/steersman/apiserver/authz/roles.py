"""Where RBAC's objects come from: what the authorizer asks for, and the table that answers it.

Invariants: versions only rise; everything that changes an answer raises the version of its scope ("" for cluster
roles and their bindings, otherwise the namespace).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, ROLES, ROLE_BINDINGS = (
    "clusterroles",
    "clusterrolebindings",
    "roles",
    "rolebindings",
)
RBAC_GROUP = "rbac.authorization.k8s.io"
RBAC_RESOURCES = (CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, ROLES, ROLE_BINDINGS)


class RoleSource(Protocol):
    """The four kinds of RBAC objects, read-only. Bindings come in the order of their names."""

    def version(self, scope: str) -> int:
        """Rises whenever something of `scope` changes: a namespace, or "" for the cluster-wide kinds."""

    def cluster_role(self, name: str) -> Object | None: ...

    def role(self, namespace: str, name: str) -> Object | None: ...

    def cluster_role_bindings(self) -> Iterable[Object]: ...

    def role_bindings(self, namespace: str) -> Iterable[Object]: ...


class RoleTable:
    """A RoleSource fed with changes. It keeps the objects it is given, which must not be changed afterwards."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], dict[str, Object]] = {}
        self._sorted: dict[tuple[str, str], tuple[Object, ...]] = {}
        self._versions: dict[str, int] = {}
        self._changes = 0

    def put(self, resource: str, obj: Object) -> None:
        """Add or replace one object of `resource` (a plural of RBAC_RESOURCES)."""
        metadata = obj["metadata"]
        key = (resource, metadata.get("namespace", ""))
        self._objects.setdefault(key, {})[metadata["name"]] = obj
        self._changed(key)

    def remove(self, resource: str, namespace: str, name: str) -> None:
        """Forget one object; one that is not there is no error."""
        key = (resource, namespace)
        objects = self._objects.get(key)
        if objects is None or objects.pop(name, None) is None:
            return
        if not objects:
            del self._objects[key]
        self._changed(key)

    def version(self, scope: str) -> int:
        return self._versions.get(scope, 0)

    def cluster_role(self, name: str) -> Object | None:
        return self._objects.get((CLUSTER_ROLES, ""), {}).get(name)

    def role(self, namespace: str, name: str) -> Object | None:
        return self._objects.get((ROLES, namespace), {}).get(name)

    def cluster_role_bindings(self) -> Iterable[Object]:
        return self._in_order((CLUSTER_ROLE_BINDINGS, ""))

    def role_bindings(self, namespace: str) -> Iterable[Object]:
        return self._in_order((ROLE_BINDINGS, namespace))

    def _changed(self, key: tuple[str, str]) -> None:
        # One counter for all scopes: a namespace that is deleted and comes back never repeats a version.
        self._changes += 1
        self._versions[key[1]] = self._changes
        self._sorted.pop(key, None)

    def _in_order(self, key: tuple[str, str]) -> tuple[Object, ...]:
        found = self._sorted.get(key)
        if found is None:
            objects = self._objects.get(key, {})
            found = self._sorted[key] = tuple(objects[name] for name in sorted(objects))
        return found
