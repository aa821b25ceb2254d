"""storageversion_garbage_collector: StorageVersions forget API servers that are no more.

Reads: storage versions, leases (also where they are kept). Writes: storage versions (delete, status).
Keys: storage versions.
Invariants: what is left out is of an API server whose lease is not there, where leases are kept; a StorageVersion of
which nothing is left is deleted; the common version is that of all that are left.
Runs where StorageVersions are served (internal.apiserver.k8s.io/v1alpha1).
Upstream differences: one way from a lease that went to the StorageVersions that name it, through the cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.coordination.lease import LEASES
from steersman.api.errors import NotFound
from steersman.api.meta.conditions import set_condition
from steersman.api.meta.times import format_time
from steersman.client.client import key_of
from steersman.client.request import Key, Ref
from steersman.controllers.base import Controller, Writes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

STORAGE_VERSIONS = Ref(
    "internal.apiserver.k8s.io", "v1alpha1", "storageversions", namespaced=False, kind="StorageVersion"
)
IDENTITY, API_SERVER = "apiserver.kubernetes.io/identity", "kube-apiserver"
EQUAL = "AllEncodingVersionsEqual"
_NAMESPACE = "kube-system"
_BY_SERVER = "storage versions by API server"


class StorageVersionGarbageCollector(Controller):
    """See the module."""

    name = "storageversion_garbage_collector"
    account = "storage-version-garbage-collector"
    reads = (STORAGE_VERSIONS, LEASES)
    needs = (STORAGE_VERSIONS,)
    writes = (
        Writes(LEASES, ("get",)),
        Writes(STORAGE_VERSIONS, ("get", "delete")),
        Writes(STORAGE_VERSIONS, ("update",), "status"),
    )
    workers = 1

    def setup(self) -> None:
        self.index(STORAGE_VERSIONS, _BY_SERVER, lambda each: {entry["apiServerID"] for entry in entries_of(each)})
        self.on(STORAGE_VERSIONS, self._version_concerns)
        self.on(LEASES, self._lease_concerns)

    async def reconcile(self, key: Key) -> None:
        try:
            version = await self.client.get(STORAGE_VERSIONS, key)
            left = [entry for entry in entries_of(version) if await self._is_there(entry["apiServerID"])]
            if len(left) == len(entries_of(version)):
                return
            if not left:
                await self.client.delete(STORAGE_VERSIONS, key, uid=version["metadata"]["uid"])
            else:
                changed = with_entries(version, left, timestamp=format_time(self.clock.now()))
                await self.client.update_status(STORAGE_VERSIONS, changed)
        except NotFound:
            return

    async def _is_there(self, server: str) -> bool:
        """Whether an API server of the name has its lease. Raises ApiError, TransportError."""
        try:
            return is_identity(await self.client.get(LEASES, Key(_NAMESPACE, server)))
        except NotFound:
            return False

    def _version_concerns(self, _old: Object | None, new: Object | None) -> Iterable[Key]:
        for entry in entries_of(new) if new is not None else ():
            lease = self.view.get(LEASES, Key(_NAMESPACE, entry["apiServerID"]))
            if lease is None or not is_identity(lease):
                assert new is not None
                return (key_of(new),)
        return ()

    def _lease_concerns(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        if old is None or new is not None or old["metadata"]["namespace"] != _NAMESPACE or not is_identity(old):
            return ()
        return map(key_of, self.view.by_index(STORAGE_VERSIONS, _BY_SERVER, old["metadata"]["name"]))


def entries_of(version: Object) -> list[Object]:
    """What each API server stores."""
    return list((version.get("status") or {}).get("storageVersions") or ())


def is_identity(lease: Object) -> bool:
    """It says that an API server lives."""
    return bool((lease["metadata"].get("labels") or {}).get(IDENTITY) == API_SERVER)


def with_entries(version: Object, entries: list[Object], *, timestamp: str) -> Object:
    """With these alone, and what follows from them."""
    status = dict(version["status"]) | {"storageVersions": entries}
    before = status.pop("commonEncodingVersion", None)
    stored = {entry["encodingVersion"] for entry in entries}
    agreed = len(stored) == 1
    if agreed:
        status["commonEncodingVersion"] = stored.pop()
    word = "Set" if agreed else "Unset"
    changed = version | {"status": status}
    if before is not None and agreed and before != status["commonEncodingVersion"]:
        # Another version in common is news, though the condition says the same.
        status["conditions"] = [each for each in status.get("conditions") or () if each["type"] != EQUAL]
    new = {
        "type": EQUAL,
        "status": str(agreed),
        "reason": f"CommonEncodingVersion{word}",
        "message": f"Common encoding version {word.lower()}",
    }
    set_condition(changed, new, timestamp)
    generation = version["metadata"].get("generation")
    if generation:
        status["conditions"] = [
            each | ({"observedGeneration": generation} if each["type"] == EQUAL else {})
            for each in status["conditions"]
        ]
    return changed
