"""Custom resources in service: follows the CustomResourceDefinitions, serves what they define, keeps their status.

Reads: customresourcedefinitions (from the watch cache, as a follower: before a writer is told). Writes: their status,
and deletes the instances of those that go away; all through the pipeline, as system:apiserver.

A definition is established in three steps, each caused by the event of the one before: its names are accepted (nobody
else in the group has them); its instances are loaded and it is served; it is written that it is established. So
requests are answered as soon as anybody can know that it is. A deleted one stays until no instance is left.

Invariants: nothing built-in is ever replaced, and what would be stored among built-in objects is never established.
Every write is of the version that was looked at; whoever loses a race is called again by the event of the winner.
Upstream differences: nothing is slept over (creation right after establishment, deletion of instances); instances of
definitions that are deleted as a collection are deleted, too; what a webhook has converted is made anew when the
definition changes, or somebody asks for one object's present, not when the webhook does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, Final

import orjson

from steersman.api.apiextensions.condition_types import ESTABLISHED, NAMES_ACCEPTED, TERMINATING
from steersman.api.apiextensions.custom_resource import is_terminating, records_of
from steersman.api.apiextensions.custom_resource_definition import CLEANUP_FINALIZER, CUSTOM_RESOURCE_DEFINITIONS
from steersman.api.apiextensions.definition_status import apply_establishment, apply_names, apply_policies
from steersman.api.columns import at
from steersman.api.errors import ApiError, Conflict, NotFound
from steersman.api.meta.conditions import condition, find_condition, is_condition_true, set_condition
from steersman.apiserver.authn.user import SERVER
from steersman.apiserver.conversion.views import Views
from steersman.apiserver.keepers.base import Keeper
from steersman.apiserver.objects import ObjectIndex
from steersman.apiserver.options import DeleteOptions
from steersman.apiserver.resources import Served, storage_prefix
from steersman.apiserver.write import Write
from steersman.lib.aio import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from steersman.api.apiextensions.custom_resource import Records
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.conversion.webhook import ConversionWebhooks
    from steersman.apiserver.identifiers import Identifiers
    from steersman.apiserver.pipeline import Pipeline
    from steersman.apiserver.reader import CacheReader
    from steersman.apiserver.resources import ResourceTable
    from steersman.store.watchcache import Change, Collection, Entry

DELETIONS_AT_ONCE: Final = 64
"""Instances whose deletion the store may commit together."""
DELETION_FAILED: Final = "InstanceDeletionFailed"


class _Definition:
    """What is known of one definition that is in service."""

    __slots__ = ("collection", "records", "reloaded", "shape", "state", "views", "waiting")

    def __init__(
        self, *, collection: Collection, records: Records, views: Views | None, reloaded: asyncio.Event
    ) -> None:
        self.collection = collection
        self.records = records
        self.views = views
        """If a webhook converts."""
        self.state: Any = None
        """What the records were made from; equal ones need no new records."""
        self.shape: Any = None
        """What the cached bytes depend on."""
        self.reloaded = reloaded
        """Unless it is set, the cached bytes follow an older shape."""
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


class CustomResources(Keeper):
    """Owner of all custom resources. Keys are names of definitions."""

    name: ClassVar[str] = "custom_resources"
    follows: ClassVar[tuple[Resource, ...]] = (CUSTOM_RESOURCE_DEFINITIONS,)

    def __init__(
        self,
        *,
        resources: ResourceTable,
        reader: CacheReader,
        pipeline: Pipeline,
        identifiers: Identifiers,
        webhooks: ConversionWebhooks,
    ) -> None:
        super().__init__(resources=resources, reader=reader, pipeline=pipeline, identifiers=identifiers)
        self._cache = resources.cache
        self._webhooks = webhooks
        self._served = resources.of(CUSTOM_RESOURCE_DEFINITIONS)
        assert self._served.collection is not None
        self._collection: Collection = self._served.collection
        self._in_service: dict[str, _Definition] = {}
        self._checked: dict[str, Any] = {}
        """Name -> what its informing conditions were last computed from."""
        self._conversions = Tasks()

    async def prepare(self) -> None:
        """Serve what is defined."""
        for name in self.names(CUSTOM_RESOURCE_DEFINITIONS):
            crd = self._definition(name)
            if crd is not None:
                await self._bring_up(name, crd)

    async def stop(self) -> None:
        await super().stop()
        await self._conversions.close()

    # -- following the definitions

    def touched(self, resource: Resource, change: Change) -> Iterable[str]:
        """What is in service follows at once, the rest is for `sync`."""
        name = self.name_of(resource, change)
        if change.deleted:
            self._withdraw(name)
            return self._others(name)
        self._renew(name, self._decoded(change.entry))
        return (name,)

    def everything(self) -> Iterable[str]:
        names = self.names(CUSTOM_RESOURCE_DEFINITIONS)
        for name in set(self._in_service) - set(names):
            self._withdraw(name)
        for name in names:
            crd = self._definition(name)
            if crd is not None:
                self._renew(name, crd)
        return names

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
        return [other for other in self.names(CUSTOM_RESOURCE_DEFINITIONS) if other.partition(".")[2] == group]

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
            reloaded = asyncio.Event()
            views = self._views(name, records, reloaded)
            index = ObjectIndex(records.stored) if views is None else views.index
            collection = self._cache.add(storage_prefix(records.stored), index)
            collection.index = index
            await self._cache.reload(collection)
            now = self._definition(name)
            if now is None:
                self._cache.remove(collection.prefix)
                return
            if now["metadata"]["resourceVersion"] == crd["metadata"]["resourceVersion"]:
                reloaded.set()
                definition = _Definition(collection=collection, records=records, views=views, reloaded=reloaded)
                self._in_service[name] = definition
                definition.state, definition.shape = _state(crd), _shape(crd)
                self._resources.add(self._not_built_in(records.served), views)
            crd = now

    def _views(self, name: str, records: Records, reloaded: asyncio.Event) -> Views | None:
        if records.webhook is None:
            return None
        webhook = self._webhooks.of(name, records.webhook, records.shapes)
        return Views(records=records, webhook=webhook, tasks=self._conversions, reloaded=reloaded)

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
        views = definition.views = self._views(name, records, definition.reloaded)
        definition.collection.index = ObjectIndex(records.stored) if views is None else views.index
        self._resources.add(self._not_built_in(records.served), views)
        definition.state = _state(crd)
        if definition.shape != _shape(crd):
            definition.shape = _shape(crd)
            definition.reloaded.clear()

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

    async def sync(self, key: str) -> None:
        name = key
        crd = self._definition(name)
        if crd is None:
            return
        await self._bring_up(name, crd)
        definition = self._in_service.get(name)
        if definition is not None:
            await self._reload(definition)
        if crd["metadata"].get("deletionTimestamp") and CLEANUP_FINALIZER in (crd["metadata"].get("finalizers") or ()):
            await self._clean_up(name, crd)
            return
        draft, timestamp = self._draft(crd)
        group = [other for each in self._of_group(name) if (other := self._definition(each)) is not None]
        if apply_names(draft, group, timestamp):
            self.enqueue(self._others(name))
        subject = (crd["metadata"]["uid"], crd["metadata"].get("generation"), crd["metadata"].get("annotations"))
        if self._checked.get(name) != subject:
            apply_policies(draft, timestamp)
            self._checked[name] = subject
        if name in self._in_service and is_condition_true(crd, NAMES_ACCEPTED):
            apply_establishment(draft, timestamp)
        if draft["status"] != crd["status"]:
            await self._put(name, draft)

    async def _reload(self, definition: _Definition) -> None:
        """Read the instances again, in their present shape; again if that changes meanwhile."""
        while not definition.reloaded.is_set():
            shape = definition.shape
            await self._cache.reload(definition.collection)
            if definition.shape == shape:
                definition.reloaded.set()

    def _draft(self, crd: Object) -> tuple[Object, str]:
        """A copy whose metadata and status may be changed, and the time for its conditions."""
        draft = {**crd, "metadata": dict(crd["metadata"]), "status": dict(crd["status"])}
        return draft, self._identifiers.timestamp(self._identifiers.clock.now())

    async def _put(self, name: str, draft: Object) -> Object:
        """Write the status of this very version; the object as it is then. Raises Conflict, NotFound."""
        write = self.write(CUSTOM_RESOURCE_DEFINITIONS, name, subresource="status")
        written = await self._pipeline.update(
            write, lambda _old: {**draft, "metadata": dict(draft["metadata"]), "status": dict(draft["status"])}
        )
        made: Object = orjson.loads(written.json)
        return made

    # -- their end

    async def _clean_up(self, name: str, crd: Object) -> None:
        """Delete the instances; without any left, let the definition go."""
        definition = self._in_service.get(name)
        if definition is not None and definition.waiting:
            if definition.collection.entries:
                return
            definition.waiting = False
        draft, timestamp = self._draft(crd)
        if not _has_failed(draft):
            message = "CustomResource deletion is in progress"
            set_condition(draft, condition(TERMINATING, "True", "InstanceDeletionInProgress", message), timestamp)
        if draft["status"] != crd["status"]:
            draft, timestamp = self._draft(await self._put(name, draft))
        if not is_condition_true(draft, ESTABLISHED):
            verdict = condition(TERMINATING, "False", "NeverEstablished", "resource was never established")
        elif definition is None or await self._try_to_delete_instances(name, definition, draft):
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

    async def _try_to_delete_instances(self, name: str, definition: _Definition, draft: Object) -> bool:
        """`_delete_instances`; its failure is told in the status. Once: telling it again would be one more event."""
        try:
            return await self._delete_instances(name, definition)
        except (NotFound, Conflict):
            raise
        except ApiError as error:
            told, timestamp = self._draft(draft)
            message = f"could not issue all deletes: {error.message}"
            set_condition(told, condition(TERMINATING, "True", DELETION_FAILED, message), timestamp)
            if told["status"] != draft["status"]:
                await self._put(name, told)
            raise

    async def _delete_instances(self, name: str, definition: _Definition) -> bool:
        """Whether all are gone; otherwise the definition is looked at again when they are."""
        stored, views = definition.records.stored, definition.views
        collection = definition.collection
        served = Served(stored, collection, ObjectIndex(stored))
        if views is not None:
            served = Served(stored, collection, views.index, views.view(stored, collection))
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
        collection.followers.append(_Emptied(collection, lambda: self.enqueue((name,))))
        return False

    async def _delete(self, served: Served, key: str) -> None:
        namespace, _, name = key.removeprefix(served.prefix).rpartition("/")
        now = self._identifiers.clock.now()
        write = Write(served=served, namespace=namespace, name=name, user=SERVER, now=now)
        await self._pipeline.delete(write, DeleteOptions())


def _has_failed(crd: Object) -> bool:
    """Whether it is known that its instances could not be deleted."""
    found = find_condition(crd, TERMINATING)
    return found is not None and found.get("reason") == DELETION_FAILED


def _state(crd: Object) -> Any:
    """What the records of a definition are made from."""
    return (crd["metadata"]["uid"], crd["spec"], at(crd, "status", "acceptedNames"), *_flags(crd))


def _flags(crd: Object) -> tuple[bool, ...]:
    return (is_terminating(crd), is_condition_true(crd, NAMES_ACCEPTED), is_condition_true(crd, ESTABLISHED))


def _shape(crd: Object) -> Any:
    """What the cached instances depend on."""
    spec = crd["spec"]
    return (
        crd["metadata"]["uid"],
        spec.get("versions"),
        spec.get("conversion"),
        at(crd, "status", "acceptedNames", "kind"),
    )
