"""Custom resources in service: follows the CustomResourceDefinitions, serves what they define, keeps their status.

Reads: customresourcedefinitions (from the watch cache, as a follower: before a writer is told). Writes: their status,
and deletes the instances of those that go away; all through the pipeline, as system:apiserver.

A definition is established in three steps, each caused by the event of the one before: its names are accepted (nobody
else in the group has them); its instances are loaded and it is served; it is written that it is established. So
requests are answered as soon as anybody can know that it is. A deleted one stays until no instance is left.

Invariants: nothing built-in is ever replaced, and what would be stored among built-in objects is never established.
Every write is of the version that was looked at; whoever loses a race is called again by the event of the winner.
Upstream differences: nothing is slept over (creation right after establishment, deletion of instances); instances of
definitions that are deleted as a collection are deleted, too; conversion webhooks are not called, versions differ in
apiVersion and schema only.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

import orjson

from steersman.api.apiextensions.condition_types import ESTABLISHED, NAMES_ACCEPTED, TERMINATING
from steersman.api.apiextensions.custom_resource import is_terminating, records_of
from steersman.api.apiextensions.custom_resource_definition import CLEANUP_FINALIZER, CUSTOM_RESOURCE_DEFINITIONS
from steersman.api.apiextensions.definition_status import apply_establishment, apply_names, apply_policies
from steersman.api.columns import at
from steersman.api.errors import ApiError, Conflict, NotFound
from steersman.api.meta.conditions import condition, is_condition_true, set_condition
from steersman.apiserver.authn.user import SERVER, SERVER_MANAGER
from steersman.apiserver.objects import ObjectIndex
from steersman.apiserver.options import DeleteOptions
from steersman.apiserver.resources import Served, storage_prefix
from steersman.apiserver.write import Write
from steersman.lib.aio import Tasks
from steersman.store.interface import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from steersman.api.apiextensions.custom_resource import Records
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.identifiers import Identifiers
    from steersman.apiserver.pipeline import Pipeline
    from steersman.apiserver.resources import ResourceTable
    from steersman.store.watchcache import Change, Collection, Entry, WatchCache

_LOG: Final = logging.getLogger(__name__)
RETRY_S: Final = 1.0
"""After a failure that no event will follow."""
DELETIONS_AT_ONCE: Final = 64
"""Instances whose deletion the store may commit together."""


class _Definition:
    """What is known of one definition that is in service."""

    __slots__ = ("collection", "records", "shape", "stale", "state", "waiting")

    def __init__(self, collection: Collection, records: Records) -> None:
        self.collection = collection
        self.records = records
        self.state: Any = None
        """What the records were made from; equal ones need no new records."""
        self.shape: Any = None
        """What the cached bytes depend on."""
        self.stale = False
        """The cached bytes follow an older shape."""
        self.waiting = False
        """Deletion waits until the collection is empty."""


class _Emptied:
    """Follows instances until the last one is gone."""

    def __init__(self, collection: Collection, then: Callable[[], None]) -> None:
        self._collection = collection
        self._then = then

    def offer(self, _change: Change) -> None:
        if not self._collection.entries:
            self.lost()

    def lost(self) -> None:
        if self in self._collection.followers:
            self._collection.followers.remove(self)
        self._then()


class CustomResources:
    """Owner of all custom resources; `start` after the cache is loaded, `stop` before the store ends."""

    def __init__(
        self, *, resources: ResourceTable, cache: WatchCache, pipeline: Pipeline, identifiers: Identifiers
    ) -> None:
        self._resources = resources
        self._cache = cache
        self._pipeline = pipeline
        self._identifiers = identifiers
        self._served = resources.of(CUSTOM_RESOURCE_DEFINITIONS)
        assert self._served.collection is not None
        self._collection: Collection = self._served.collection
        self._in_service: dict[str, _Definition] = {}
        self._checked: dict[str, Any] = {}
        """Name -> what its informing conditions were last computed from."""
        self._pending: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._tasks = Tasks()

    async def start(self) -> None:
        """Serve what is defined, and follow what happens from now on."""
        self._collection.followers.append(self)
        for key in list(self._collection.entries):
            name = key.removeprefix(self._served.prefix)
            crd = self._definition(name)
            if crd is not None:
                await self._bring_up(name, crd)
            self._enqueue(name)
        self._tasks.start(self._run(), name="custom resources")

    async def stop(self) -> None:
        if self in self._collection.followers:
            self._collection.followers.remove(self)
        await self._tasks.close()

    # -- following the definitions

    def offer(self, change: Change) -> None:
        name = change.entry.key.removeprefix(self._served.prefix)
        if change.deleted:
            self._withdraw(name)
            self._enqueue(*self._others(name))
            return
        self._renew(name, self._decoded(change.entry))
        self._enqueue(name)

    def lost(self) -> None:
        """The definitions were loaded again."""
        names = [key.removeprefix(self._served.prefix) for key in self._collection.entries]
        for name in set(self._in_service) - set(names):
            self._withdraw(name)
        for name in names:
            crd = self._definition(name)
            if crd is not None:
                self._renew(name, crd)
        self._enqueue(*names)

    def _definition(self, name: str) -> Object | None:
        """As it is now; shared, read-only."""
        entry = self._served.entry("", name)
        return self._decoded(entry) if entry is not None else None

    def _decoded(self, entry: Entry) -> Object:
        if entry.memo is None:
            entry.memo = self._served.index.decode(entry)
        crd: Object = entry.memo
        return crd

    def _of_group(self, name: str) -> list[str]:
        """Names of all definitions of the group that one belongs to, itself included."""
        group = name.partition(".")[2]
        names = [key.removeprefix(self._served.prefix) for key in self._collection.keys]
        return [other for other in names if other.partition(".")[2] == group]

    def _others(self, name: str) -> list[str]:
        """Those whose names may be free now."""
        return [other for other in self._of_group(name) if other != name]

    # -- what is served

    async def _bring_up(self, name: str, crd: Object) -> None:
        """Load the instances, then serve; again if the definition changed meanwhile."""
        while name not in self._in_service:
            records = records_of(crd)
            if records is None or self._overlaps(records.stored):
                return
            index = ObjectIndex(records.stored)
            collection = self._cache.add(storage_prefix(records.stored), index)
            collection.index = index
            await self._cache.reload(collection)
            now = self._definition(name)
            if now is None:
                self._cache.remove(collection.prefix)
                return
            if now["metadata"]["resourceVersion"] == crd["metadata"]["resourceVersion"]:
                definition = self._in_service[name] = _Definition(collection, records)
                definition.state, definition.shape = _state(crd), _shape(crd)
                self._resources.add(self._not_built_in(records.served))
            crd = now

    def _renew(self, name: str, crd: Object) -> None:
        """Serve by what the definition says now, if it was in service already."""
        definition = self._in_service.get(name)
        if definition is None or definition.state == _state(crd):
            return
        records = records_of(crd)
        if records is None:
            self._withdraw(name)
            return
        kept = {resource.version for resource in records.served}
        self._resources.remove(
            resource
            for resource in self._not_built_in(definition.records.served)
            if resource.version not in kept or resource.plural != records.stored.plural
        )
        definition.records = records
        definition.collection.index = ObjectIndex(records.stored)
        self._resources.add(self._not_built_in(records.served))
        definition.state = _state(crd)
        if definition.shape != _shape(crd):
            definition.shape = _shape(crd)
            definition.stale = True

    def _withdraw(self, name: str) -> None:
        self._checked.pop(name, None)
        definition = self._in_service.pop(name, None)
        if definition is not None:
            self._resources.remove(self._not_built_in(definition.records.served))
            self._cache.remove(definition.collection.prefix)

    def _overlaps(self, stored: Resource) -> bool:
        """Whether its instances would lie among objects of Kubernetes itself."""
        prefix = storage_prefix(stored)
        return any(served.prefix == prefix and not served.resource.custom for served in self._resources)

    def _not_built_in(self, resources: Iterable[Resource]) -> list[Resource]:
        """Without those whose place is taken by Kubernetes itself."""
        free = []
        for resource in resources:
            there = self._resources.find(resource.group, resource.version, resource.plural)
            if there is None or there.resource.custom:
                free.append(resource)
        return free

    # -- their status

    def _enqueue(self, *names: str) -> None:
        self._pending.update(dict.fromkeys(names))
        if names:
            self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._pending:
                name = next(iter(self._pending))
                del self._pending[name]
                try:
                    await self._sync(name)
                except (NotFound, Conflict):
                    continue  # the event of whoever was faster is on its way, or here already
                except (ApiError, StoreError) as error:
                    _LOG.warning("CustomResourceDefinition %s: %s; will be tried again", name, error)
                    asyncio.get_running_loop().call_later(RETRY_S, self._enqueue, name)

    async def _sync(self, name: str) -> None:
        crd = self._definition(name)
        if crd is None:
            return
        await self._bring_up(name, crd)
        definition = self._in_service.get(name)
        if definition is not None and definition.stale:
            definition.stale = False
            await self._cache.reload(definition.collection)
        if crd["metadata"].get("deletionTimestamp") and CLEANUP_FINALIZER in (crd["metadata"].get("finalizers") or ()):
            await self._clean_up(name, crd)
            return
        draft, timestamp = self._draft(crd)
        group = [other for each in self._of_group(name) if (other := self._definition(each)) is not None]
        if apply_names(draft, group, timestamp):
            self._enqueue(*self._others(name))
        subject = (crd["metadata"]["uid"], crd["metadata"].get("generation"), crd["metadata"].get("annotations"))
        if self._checked.get(name) != subject:
            apply_policies(draft, timestamp)
            self._checked[name] = subject
        if name in self._in_service and is_condition_true(crd, NAMES_ACCEPTED):
            apply_establishment(draft, timestamp)
        if draft["status"] != crd["status"]:
            await self._put(name, draft)

    def _draft(self, crd: Object) -> tuple[Object, str]:
        """A copy whose metadata and status may be changed, and the time for its conditions."""
        draft = {**crd, "metadata": dict(crd["metadata"]), "status": dict(crd["status"])}
        return draft, self._identifiers.timestamp(self._identifiers.clock.now())

    async def _put(self, name: str, draft: Object) -> Object:
        """Write the status of this very version; the object as it is then. Raises Conflict, NotFound."""
        write = self._write(self._served, "", name)
        write.subresource = self._served.resource.subresource("status")
        write.manager = SERVER_MANAGER
        written = await self._pipeline.update(
            write, lambda _old: {**draft, "metadata": dict(draft["metadata"]), "status": dict(draft["status"])}
        )
        made: Object = orjson.loads(written.json)
        return made

    def _write(self, served: Served, namespace: str, name: str) -> Write:
        now = self._identifiers.clock.now()
        return Write(served=served, namespace=namespace, name=name, user=SERVER, now=now)

    # -- their end

    async def _clean_up(self, name: str, crd: Object) -> None:
        """Delete the instances; without any left, let the definition go."""
        definition = self._in_service.get(name)
        if definition is not None and definition.waiting:
            if definition.collection.entries:
                return
            definition.waiting = False
        draft, timestamp = self._draft(crd)
        message = "CustomResource deletion is in progress"
        set_condition(draft, condition(TERMINATING, "True", "InstanceDeletionInProgress", message), timestamp)
        if draft["status"] != crd["status"]:
            draft, timestamp = self._draft(await self._put(name, draft))
        if not is_condition_true(draft, ESTABLISHED):
            verdict = condition(TERMINATING, "False", "NeverEstablished", "resource was never established")
        elif definition is None or await self._delete_instances(name, definition):
            verdict = condition(TERMINATING, "False", "InstanceDeletionCompleted", "removed all instances")
        else:
            return
        set_condition(draft, verdict, timestamp)
        finalizers = [item for item in draft["metadata"].get("finalizers") or () if item != CLEANUP_FINALIZER]
        if finalizers:
            draft["metadata"]["finalizers"] = finalizers
        else:
            draft["metadata"].pop("finalizers", None)
        await self._put(name, draft)

    async def _delete_instances(self, name: str, definition: _Definition) -> bool:
        """Whether all are gone; otherwise the definition is looked at again when they are."""
        stored = definition.records.stored
        collection = definition.collection
        served = Served(stored, collection, ObjectIndex(stored))
        keys = list(collection.entries)
        for start in range(0, len(keys), DELETIONS_AT_ONCE):
            outcomes = await asyncio.gather(
                *(self._delete(served, key) for key in keys[start : start + DELETIONS_AT_ONCE]), return_exceptions=True
            )
            for outcome in outcomes:
                if isinstance(outcome, BaseException) and not isinstance(outcome, NotFound):
                    raise outcome
        if not collection.entries:
            return True
        definition.waiting = True
        collection.followers.append(_Emptied(collection, lambda: self._enqueue(name)))
        return False

    async def _delete(self, served: Served, key: str) -> None:
        namespace, _, name = key.removeprefix(served.prefix).rpartition("/")
        await self._pipeline.delete(self._write(served, namespace, name), DeleteOptions())


def _state(crd: Object) -> Any:
    """What the records of a definition are made from."""
    return (crd["metadata"]["uid"], crd["spec"], at(crd, "status", "acceptedNames"), *_flags(crd))


def _flags(crd: Object) -> tuple[bool, ...]:
    return (is_terminating(crd), is_condition_true(crd, NAMES_ACCEPTED), is_condition_true(crd, ESTABLISHED))


def _shape(crd: Object) -> Any:
    """What the cached instances depend on."""
    return (crd["metadata"]["uid"], crd["spec"].get("versions"), at(crd, "status", "acceptedNames", "kind"))
