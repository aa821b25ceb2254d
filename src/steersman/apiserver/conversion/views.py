"""Custom resources in the versions in which they are served, where a webhook converts them.

The watch cache holds each object in the version in which it was stored, which the entry knows. A view gives the entry
of the same object in one served version, with the labels and fields that selectors look at taken from the converted
form.
Whatever reads through a view waits for it first, and then goes on as if there were no conversion.

A converted entry is kept with the entry it was made of, so it lives exactly as long, and is made once however many ask:
readers share a conversion that is on its way. It belongs to the view that made it. A definition that changes gets new
views, so nothing is served that was converted as an older definition wanted it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from steersman.api.errors import ApiError, ServiceUnavailable
from steersman.apiserver.conversion.review import ConversionError
from steersman.apiserver.objects import ObjectIndex, encode_stored, version_mark
from steersman.apiserver.outbound.failure import Failure
from steersman.lib.aio import Pacer
from steersman.store.watchcache import Change, Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from steersman.api.apiextensions.custom_resource import Records
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.lib.aio import Tasks
    from steersman.store.watchcache import Collection

BATCH: Final = 128
"""Objects of one review."""
BATCH_BYTES: Final = 4 * 1024 * 1024
"""With so many bytes a review has enough objects."""
RELOAD_S_MAX: Final = 10.0
"""How long a reader waits for objects to be read again after the strategy of their definition has changed."""


class Webhook(Protocol):
    """What converts."""

    async def convert(self, objects: Sequence[Object], *, to: str) -> list[Object]:
        """In the apiVersion `to`, in the same order; none is in it yet. Raises ConversionError."""


class VersionedEntry(Entry):
    """An entry that knows in which version its body is."""

    __slots__ = ("api_version", "stored_in", "views")

    def __init__(
        self,
        *,
        key: str,
        revision: int,
        body: bytes,
        labels: Mapping[str, str],
        fields: Mapping[str, str],
        api_version: str,
        stored_in: str,
    ) -> None:
        super().__init__(key=key, revision=revision, body=body, labels=labels, fields=fields)
        self.api_version = api_version
        self.stored_in = stored_in
        """The apiVersion of the object in the store; of a converted entry another than its own."""
        self.views: dict[str, tuple[View, VersionedEntry]] = {}
        """apiVersion -> the same object in it, and who has made that."""


class VersionedIndex(ObjectIndex):
    """Makes entries of objects as they were stored, each in its version."""

    def __init__(self, records: Records) -> None:
        super().__init__(records.stored)
        self._records = records

    def entry(self, key: str, value: bytes, revision: int, hint: Any) -> VersionedEntry:
        if hint is not None:  # our own write: in the storage version, and in its form
            return VersionedEntry(
                key=key,
                revision=revision,
                body=self.body(value, revision),
                labels=hint.labels,
                fields=hint.fields,
                api_version=self.resource.api_version,
                stored_in=self.resource.api_version,
            )
        obj = orjson.loads(value)
        api_version = obj.get("apiVersion") or ""
        shape = self._records.shape(api_version)
        if shape is not None:
            shape.prune(obj)
        return self.entry_of(key, obj, revision, stored_in=api_version)

    def entry_of(self, key: str, obj: Object, revision: int, *, stored_in: str) -> VersionedEntry:
        """Of an object in any version. Takes the resourceVersion out of `obj`."""
        obj["kind"] = self.resource.kind
        hint = self.hint(obj)
        value = encode_stored(obj)
        return VersionedEntry(
            key=key,
            revision=revision,
            body=version_mark(revision) + value[len(self._head(obj["apiVersion"])) :],
            labels=hint.labels,
            fields=hint.fields,
            api_version=obj["apiVersion"],
            stored_in=stored_in,
        )

    def restamp(self, entry: Entry, revision: int) -> Entry:
        again = super().restamp(entry, revision)
        if not isinstance(entry, VersionedEntry):
            return again
        return VersionedEntry(
            key=entry.key,
            revision=revision,
            body=again.body,
            labels=entry.labels,
            fields=entry.fields,
            api_version=entry.api_version,
            stored_in=entry.stored_in,
        )

    def decode(self, entry: Entry) -> Object:
        """A fresh object, in the version of the entry."""
        obj = super().decode(entry)
        if isinstance(entry, VersionedEntry):
            obj["apiVersion"] = entry.api_version
        return obj

    def _head(self, api_version: str) -> bytes:
        return b'{"kind":"%b","apiVersion":"%b","metadata":{' % (self.resource.kind.encode(), api_version.encode())


class Views:
    """All views of the objects of one definition, as it is now."""

    def __init__(self, *, records: Records, webhook: Webhook, tasks: Tasks, reloaded: asyncio.Event) -> None:
        """`tasks`: who owns conversions that are on their way. `reloaded`: what is cached follows the definition."""
        self.records = records
        self.webhook = webhook
        self.tasks = tasks
        self.index = VersionedIndex(records)
        self.reloaded = reloaded

    def view(self, resource: Resource, collection: Collection) -> View:
        return View(resource=resource, collection=collection, views=self)


class View:
    """The objects of a collection in one version."""

    def __init__(self, *, resource: Resource, collection: Collection, views: Views) -> None:
        self._api_version = resource.api_version
        self._resource = resource
        self._collection = collection
        self._views = views
        self._stored = views.records.stored
        self._running: dict[VersionedEntry, asyncio.Task[ApiError | None]] = {}

    # -- reading

    async def one(self, entry: Entry, *, anew: bool = False) -> VersionedEntry:
        """`anew`: whatever was converted before. Raises ApiError."""
        if anew:
            (versioned,) = await self._versioned((entry,))
            if versioned.api_version != self._api_version:
                versioned.views.pop(self._api_version, None)
            entry = versioned
        return (await self.of((entry,)))[0]

    async def of(self, entries: Sequence[Entry]) -> list[VersionedEntry]:
        """The same objects, in the same order. Raises ApiError."""
        known = self._all_known(entries)
        if known is not None:
            return known
        versioned = await self._versioned(entries)
        while (known := self._all_known(versioned)) is None:
            missing = iter([entry for entry in versioned if self._known(entry) is None])
            while batch := _batch(missing):
                await self._fill(batch)
        return known

    async def changes(self, changes: Sequence[Change]) -> list[Change]:
        """The same changes to somebody who sees this version only. Raises ApiError."""
        wanted: list[Entry] = []
        for change in changes:
            if change.previous is not None:
                wanted.append(change.previous)
            if not change.deleted:
                wanted.append(change.entry)
        found = iter(await self.of(wanted))
        made = []
        for change in changes:
            previous = next(found) if change.previous is not None else None
            if not change.deleted:
                entry: Entry = next(found)
            elif previous is not None:
                entry = self._views.index.restamp(previous, change.revision)
            else:
                entry = change.entry
            again = Change(revision=change.revision, entry=entry, previous=previous, deleted=change.deleted)
            again.frames = change.frames  # what is encoded once is shared by all who see the same version
            made.append(again)
        return made

    def _all_known(self, entries: Iterable[Entry]) -> list[VersionedEntry] | None:
        found = []
        for entry in entries:
            known = self._known(entry)
            if known is None:
                return None
            found.append(known)
        return found

    def _known(self, entry: Entry) -> VersionedEntry | None:
        if not isinstance(entry, VersionedEntry):
            return None
        if entry.api_version == self._api_version:
            return entry
        made = entry.views.get(self._api_version)
        return made[1] if made is not None and made[0] is self else None

    async def _versioned(self, entries: Sequence[Entry]) -> list[VersionedEntry]:
        """Entries of our index. Others are left over from a definition without webhook, and about to be replaced."""
        if not all(isinstance(entry, VersionedEntry) for entry in entries):
            try:
                async with asyncio.timeout(RELOAD_S_MAX):
                    await self._views.reloaded.wait()
            except TimeoutError:
                text = f"{self._resource.qualified} are being read again after their definition has changed"
                raise ServiceUnavailable(text) from None
        return [self._current(entry) for entry in entries]

    def _current(self, entry: Entry) -> VersionedEntry:
        if isinstance(entry, VersionedEntry):
            return entry
        now = self._collection.entries.get(entry.key)
        if isinstance(now, VersionedEntry) and now.revision == entry.revision:
            return now
        obj = ObjectIndex(self._stored).decode(entry)
        return self._views.index.entry_of(entry.key, obj, entry.revision, stored_in=self._stored.api_version)

    async def _fill(self, missing: list[VersionedEntry]) -> None:
        """Convert what nobody converts yet, and wait for what somebody does. Raises ApiError."""
        others = {self._running[entry] for entry in missing if entry in self._running}
        if others:
            await asyncio.wait(others)  # their failures are theirs: what is still missing then is tried by us
        mine = list(dict.fromkeys(entry for entry in missing if self._known(entry) is None))
        if not mine or any(entry in self._running for entry in mine):
            return
        # A task of its own: whoever asked first may go away, the others wait for the same answer.
        task = self._views.tasks.start(self._convert_entries(mine), name=f"conversion to {self._api_version}")
        for entry in mine:
            self._running[entry] = task
        await asyncio.wait((task,))
        error = task.result()
        if error is not None:
            raise error

    async def _convert_entries(self, entries: list[VersionedEntry]) -> ApiError | None:
        try:
            index, pacer = self._views.index, Pacer()
            objects = []
            for entry in entries:
                objects.append(_unversioned(index.decode(entry)))
                await pacer.pause()
            for entry, obj in zip(entries, await self._converted(objects, self._resource), strict=True):
                made = index.entry_of(entry.key, obj, entry.revision, stored_in=entry.stored_in)
                entry.views[self._api_version] = (self, made)
                await pacer.pause()
        except ApiError as error:
            return error
        finally:
            for entry in entries:
                self._running.pop(entry, None)
        return None

    # -- writing

    def is_outdated(self, entry: Entry) -> bool:
        """Whether the store holds the object in another version than the one in which it would be stored now."""
        return isinstance(entry, VersionedEntry) and entry.stored_in != self._stored.api_version

    async def to_stored(self, obj: Object) -> Object:
        """What is to be stored, `obj` itself if it is in the storage version. Otherwise `obj` stays; defaults of the
        storage version are not in it yet. Raises ApiError.
        """
        if self._api_version == self._stored.api_version:
            return obj
        (made,) = await self._converted([_unversioned(obj)], self._stored)
        return made

    async def from_stored(self, obj: Object) -> Object:
        """What would be read again if this was stored. Raises ApiError."""
        if self._api_version == self._stored.api_version:
            return obj
        read = _unversioned(obj)
        shape = self._views.records.shape(self._stored.api_version)
        assert shape is not None
        shape.prune(read)
        (made,) = await self._converted([read], self._resource)
        return made

    async def converted(self, obj: Object) -> Object:
        """An object of any version in ours, as the webhook gives it. Raises ApiError."""
        (made,) = await self._asked([obj], self._resource)
        return made

    async def _asked(self, objects: list[Object], target: Resource) -> list[Object]:
        try:
            return await self._views.webhook.convert(objects, to=target.api_version)
        except ConversionError as error:
            raise Failure(str(error)) from error

    async def _converted(self, objects: list[Object], target: Resource) -> list[Object]:
        converted = await self._asked(objects, target)
        shape = self._views.records.shape(target.api_version)
        assert shape is not None
        for obj in converted:
            shape.prune_only(obj)
        return converted


def _batch(entries: Iterator[VersionedEntry]) -> list[VersionedEntry]:
    """The next ones, as many as one review may have."""
    batch, size = [], 0
    for entry in entries:
        batch.append(entry)
        size += len(entry.body)
        if len(batch) == BATCH or size >= BATCH_BYTES:
            break
    return batch


def _unversioned(obj: Object) -> Object:
    """As the store would have it: a webhook never sees a resourceVersion."""
    metadata = {name: value for name, value in obj["metadata"].items() if name != "resourceVersion"}
    return obj | {"metadata": metadata}
