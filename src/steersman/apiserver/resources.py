"""Which resources are served right now: the built-in ones and what CustomResourceDefinitions add and take away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from steersman.apiserver.objects import ObjectIndex, type_meta

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.conversion.views import View, Views
    from steersman.store.watchcache import Collection, Entry, WatchCache

ROOT = "/registry/"


def storage_prefix(resource: Resource) -> str:
    """`/registry/pods/`: upstream's layout."""
    stored = resource.stored
    if stored.storage_prefix:
        return f"{ROOT}{stored.storage_prefix}/"
    return f"{ROOT}{stored.group}/{stored.plural}/" if stored.custom else f"{ROOT}{stored.plural}/"


class Served:
    """One resource in service, with the collection that holds its objects (None: nothing is stored).

    Where there is a `view`, a webhook converts, which takes waiting: entries go through it first, and nothing
    else here may be given others; what is to be stored comes from it, too.
    """

    __slots__ = ("as_stored", "collection", "index", "list_head", "prefix", "resource", "type_meta", "view")

    def __init__(
        self, resource: Resource, collection: Collection | None, index: ObjectIndex, view: View | None = None
    ) -> None:
        self.resource = resource
        self.view = view
        self.collection = collection
        self.index = index
        self.as_stored = resource.conversion is None and resource.stored_as is None
        """The served form is the stored form."""
        self.prefix = storage_prefix(resource)
        self.type_meta = type_meta(resource)
        kind = resource.list_kind or f"{resource.kind}List"
        self.list_head = f'{{"kind":"{kind}","apiVersion":"{resource.api_version}","metadata":{{'.encode()

    def key(self, namespace: str, name: str) -> str:
        return f"{self.prefix}{namespace}/{name}" if self.resource.namespaced else self.prefix + name

    def range_prefix(self, namespace: str) -> str:
        """Beginning of the keys of a namespace's objects; of all objects if it is empty."""
        return f"{self.prefix}{namespace}/" if namespace and self.resource.namespaced else self.prefix

    def entry(self, namespace: str, name: str) -> Entry | None:
        if self.collection is None:
            return None
        return self.collection.entries.get(self.key(namespace, name))

    def object(self, entry: Entry) -> Object:
        """A fresh object in the version that is served."""
        return self.served_form(self.index.decode(entry))

    def served_form(self, obj: Object) -> Object:
        """Turns the stored form, in place, into the served one."""
        resource = self.resource
        if resource.stored_as is not None:
            obj["kind"], obj["apiVersion"] = resource.kind, resource.api_version
        if resource.conversion is not None:
            resource.conversion.from_stored(obj)
        return obj

    def stored_form(self, obj: Object) -> Object:
        """Turns the served form, in place, into the stored one."""
        resource = self.resource
        if resource.conversion is not None:
            resource.conversion.to_stored(obj)
        if resource.stored_as is not None:
            obj["kind"], obj["apiVersion"] = resource.stored.kind, resource.stored.api_version
        return obj

    # Writes are judged in the stored form, but those of custom resources in the version in which they were made: each
    # version has a schema of its own.

    @property
    def judge(self) -> Resource:
        """The resource by whose strategy writes are judged."""
        return self.resource if self.resource.custom else self.resource.stored

    def judged(self, entry: Entry) -> Object:
        """A fresh object in the form in which it is judged."""
        return self.object(entry) if self.resource.custom else self.index.decode(entry)

    def judged_form(self, obj: Object) -> Object:
        """Turns the served form, in place, into the one in which it is judged."""
        return obj if self.resource.custom else self.stored_form(obj)

    def put_form(self, obj: Object) -> Object:
        """Turns the form in which it was judged, in place, into the stored one."""
        return self.stored_form(obj) if self.resource.custom else obj

    def body(self, entry: Entry) -> bytes:
        """The served JSON after the type meta: the cached bytes, unless the served form differs from the stored one."""
        if self.resource.conversion is None:
            return entry.body
        obj = self.object(entry)
        del obj["kind"], obj["apiVersion"]
        return orjson.dumps({"metadata": obj["metadata"]} | obj)[1:]

    def json(self, entry: Entry) -> bytes:
        return self.type_meta + self.body(entry)


class ResourceTable:
    """Look-up by what a URL says. `version` rises with every change, so that documents made from the table can be
    kept.
    """

    def __init__(self, cache: WatchCache) -> None:
        self.cache = cache
        self.version = 0
        self._served: dict[tuple[str, str, str], Served] = {}
        self._versions: dict[str, dict[str, int]] = {}

    def __iter__(self) -> Iterator[Served]:
        return iter(list(self._served.values()))

    def add(self, resources: Iterable[Resource], views: Views | None = None) -> list[Served]:
        """Serve these; a resource with the same group, version and plural is replaced. `views`: of versions that a
        webhook converts.
        """
        added = []
        for resource in resources:
            index = ObjectIndex(resource.stored) if views is None else views.index
            collection = None
            if not resource.ephemeral:
                collection = self.cache.add(storage_prefix(resource), index)
                collection.index = index
            view = views.view(resource, collection) if views is not None and collection is not None else None
            served = Served(resource, collection, index, view)
            self._served[resource.group, resource.version, resource.plural] = served
            added.append(served)
        self._changed()
        return added

    def remove(self, resources: Iterable[Resource]) -> None:
        for resource in resources:
            self._served.pop((resource.group, resource.version, resource.plural), None)
        self._changed()

    def _changed(self) -> None:
        self.version += 1
        self._versions = {}
        for group, version, _ in self._served:
            self._versions.setdefault(group, {})[version] = 1

    def find(self, group: str, version: str, plural: str) -> Served | None:
        return self._served.get((group, version, plural))

    def of(self, resource: Resource) -> Served:
        """The service of a resource that is known to be served."""
        return self._served[resource.group, resource.version, resource.plural]

    def has_group(self, group: str) -> bool:
        return group in self._versions

    def is_custom(self, group: str) -> bool:
        """Whether all resources of a group come from definitions."""
        return all(served.resource.custom for key, served in self._served.items() if key[0] == group)

    def has_version(self, group: str, version: str) -> bool:
        return version in self._versions.get(group, ())
