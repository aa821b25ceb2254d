"""Reading the cache inside the server: decoded objects, kept with the entry they were decoded from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.resources import ResourceTable, Served
    from steersman.store.watchcache import Entry


class CacheReader:
    """See admission.interface.Reader. Objects are shared and read-only."""

    def __init__(self, resources: ResourceTable) -> None:
        self._resources = resources

    def get(self, resource: Resource, namespace: str, name: str) -> Object | None:
        served = self._resources.of(resource)
        entry = served.entry(namespace, name)
        return self._decoded(served, entry) if entry is not None else None

    def list(self, resource: Resource, namespace: str = "") -> list[Object]:
        served = self._resources.of(resource)
        if served.collection is None:
            return []
        entries = served.collection.range(served.range_prefix(namespace))
        return [self._decoded(served, entry) for entry in entries]

    def exists(self, resource: Resource, namespace: str, name: str) -> bool:
        """Without decoding."""
        return self._resources.of(resource).entry(namespace, name) is not None

    def version(self, resource: Resource) -> int:
        collection = self._resources.of(resource).collection
        return collection.changed if collection is not None else 0

    @staticmethod
    def _decoded(served: Served, entry: Entry) -> Object:
        obj: Object | None = entry.memo
        if obj is None:
            obj = entry.memo = served.index.decode(entry)
        return obj
