"""What plugins are tested with: a Reader over a dict, reviews of writes, and a small real API server core."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from steersman.api.catalog import BUILTIN
from steersman.api.schema.decode import decode
from steersman.apiserver.admission.chain import Chain
from steersman.apiserver.admission.interface import CREATE, UPDATE, Review
from steersman.apiserver.authn.user import User
from steersman.apiserver.identifiers import Identifiers
from steersman.apiserver.pipeline import Pipeline
from steersman.apiserver.reader import CacheReader
from steersman.apiserver.resources import ResourceTable
from steersman.apiserver.write import Write
from steersman.lib.clock import ManualClock
from steersman.store.drivers.memory import MemoryStore
from steersman.store.watchcache import WatchCache

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
USER = User(name="ann", groups=("system:authenticated",))


class Shelf:
    """A Reader. `put` raises the version of the resource, as every change does."""

    def __init__(self) -> None:
        self._objects = {}
        self._versions = {}

    def put(self, resource, obj, namespace="", **metadata):
        meta = {"uid": "u", **obj.pop("metadata", {}), **metadata}
        if namespace:
            meta["namespace"] = namespace
        obj = {"metadata": meta, **obj}
        self._objects[resource, namespace, meta["name"]] = obj
        self._versions[resource] = self._versions.get(resource, 0) + 1
        return obj

    def remove(self, resource, name, namespace=""):
        del self._objects[resource, namespace, name]
        self._versions[resource] += 1

    def get(self, resource, namespace, name):
        return self._objects.get((resource, namespace, name))

    def list(self, resource, namespace=""):
        found = [key for key in self._objects if key[0] is resource and namespace in ("", key[1])]
        return [self._objects[key] for key in sorted(found, key=lambda key: key[1:])]

    def version(self, resource):
        return self._versions.get(resource, 0)


def review(resource, obj=None, old=None, *, operation="", subresource="", user=USER, name=None, dry_run=False):
    """A write of `obj` in namespace `ns` (if it has one)."""
    metadata = (obj or old or {}).get("metadata", {})
    return Review(
        operation=operation or (UPDATE if old is not None else CREATE),
        resource=resource,
        subresource=subresource,
        namespace="ns" if resource.namespaced else "",
        name=metadata.get("name", "") if name is None else name,
        user=user,
        now=NOW,
        obj=obj,
        old=old,
        dry_run=dry_run,
    )


def container(name="c", **fields):
    return {"name": name, "image": "i", "resources": {}} | fields


def resources(*, requests=None, limits=None):
    return {key: value for key, value in (("requests", requests), ("limits", limits)) if value}


def pod(*containers, name="p", metadata=None, **spec):
    return {
        "metadata": {"name": name, "namespace": "ns", "uid": "u"} | (metadata or {}),
        "spec": {"containers": list(containers) or [container()]} | spec,
    }


class Core:
    """Store, cache and pipelines, wired like the server's."""

    def __init__(self) -> None:
        self.clock = ManualClock(start=NOW)
        self.store = MemoryStore(clock=self.clock)
        self.cache = WatchCache(store=self.store)
        self.table = ResourceTable(self.cache)
        self.table.add(BUILTIN)
        self.reader = CacheReader(self.table)
        self.identifiers = Identifiers(clock=self.clock, rng=random.Random(1))
        self.unreviewed = self.pipeline()

    def pipeline(self, *validating, mutating=()):
        chain = Chain(mutating=tuple(mutating), validating=validating)
        return Pipeline(store=self.store, cache=self.cache, chain=chain, identifiers=self.identifiers, hooks={})

    def write(self, resource, name="", *, subresource=None, dry_run=False):
        return Write(
            served=self.table.of(resource),
            namespace="ns" if resource.namespaced else "",
            name=name,
            user=USER,
            now=NOW,
            subresource=resource.subresource(subresource) if subresource else None,
            manager="test",
            dry_run=dry_run,
        )

    async def create(self, pipeline, resource, obj, *, dry_run=False):
        decoded = decode(resource.schema(), obj).object
        decoded["kind"], decoded["apiVersion"] = resource.kind, resource.api_version
        if resource.namespaced:
            decoded["metadata"]["namespace"] = "ns"
        written = await pipeline.create(self.write(resource, dry_run=dry_run), decoded)
        await self.cache.fresh()
        return written

    async def set_status(self, resource, name, status):
        write = self.write(resource, name, subresource="status")
        await self.unreviewed.update(write, lambda old: old | {"status": status})
        await self.cache.fresh()


@asynccontextmanager
async def core():
    made = Core()
    await made.store.start()
    await made.cache.start(lambda error: None)
    try:
        yield made
    finally:
        made.cache.stop()
        await made.store.stop()
