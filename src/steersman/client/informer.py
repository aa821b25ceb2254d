"""Shared informers: one copy of a collection for everyone in the process who reads it, with indexes and handlers.

Handlers run where the change arrives, one after the other, and only take note (they add keys to a queue). Each is told
of every object as (None, new), (old, new) ... (old, None); what a broken connection hid is told as the difference.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import orjson

from steersman.client.client import key_of
from steersman.client.reflector import Reflector
from steersman.lib.aio import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from random import Random

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.request import Key, Named
    from steersman.client.transport import WatchEvent

    Handler: TypeAlias = Callable[[Object | None, Object | None], None]
    IndexBy: TypeAlias = Callable[[Object], Iterable[str]]


class MutatedError(AssertionError):
    """Somebody changed an object that a cache had handed out; the message names it."""


class Informer:
    """See Sink for how it is fed. All objects are read-only."""

    def __init__(self, *, detect_mutations: bool = False) -> None:
        """`detect_mutations`: remember what every object looked like, and check (for tests: it costs an encoding)."""
        self.synced = asyncio.Event()
        """Set once the first content is here."""
        self.revision = 0
        """All changes up to this resourceVersion are in here (they are comparable: KEP-5504)."""
        self._objects: dict[Key, Object] = {}
        self._handlers: list[Handler] = []
        self._followers: list[Follower] = []
        self._indexers: dict[str, IndexBy] = {}
        self._indexes: dict[str, dict[str, dict[Key, Object]]] = {}
        self._encoded: dict[Key, bytes] | None = {} if detect_mutations else None

    # -- reading

    def get(self, key: Key) -> Object | None:
        return self._objects.get(key)

    def list(self, namespace: str = "") -> Sequence[Object]:
        """In no particular order; of all namespaces if none is given."""
        if not namespace:
            return tuple(self._objects.values())
        return self.by_index(NAMESPACE, namespace)

    def by_index(self, name: str, value: str) -> Sequence[Object]:
        """The objects that have `value` in an index. Raises KeyError for an index nobody added."""
        found = self._indexes[name].get(value)
        return tuple(found.values()) if found else ()

    def __len__(self) -> int:
        return len(self._objects)

    # -- wishes

    def add_index(self, name: str, by: IndexBy) -> None:
        """Objects can be found by the values that `by` gives. Raises ValueError when the name means something else."""
        if name in self._indexers:
            if self._indexers[name] is not by:
                raise ValueError(f"index {name!r} exists, made by another function: share it, or take another name")
            return
        self._indexers[name] = by
        index: dict[str, dict[Key, Object]] = {}
        self._indexes[name] = index
        for key, obj in self._objects.items():
            for value in by(obj):
                index.setdefault(value, {})[key] = obj

    def add_handler(self, handler: Handler) -> None:
        """Told of what is there at once, then of every change."""
        self._handlers.append(handler)
        for obj in tuple(self._objects.values()):
            handler(None, obj)

    # -- being fed

    def replace(self, objects: Sequence[Object], revision: str) -> None:
        """See Sink."""
        self._reached(int(revision))
        fresh = {key_of(obj): obj for obj in objects}
        for key in [key for key in self._objects if key not in fresh]:
            self._change(key, None)
        for key, obj in fresh.items():
            known = self._objects.get(key)
            if known is None or _version(known) != _version(obj):
                self._change(key, obj)
        self.synced.set()

    def apply(self, events: Sequence[WatchEvent], revision: str) -> None:
        """See Sink."""
        self._reached(int(revision))
        for event in events:
            key = key_of(event.object)
            if event.type != "DELETED":
                self._change(key, event.object)
            elif key in self._objects:
                self._change(key, None, last=event.object)

    def _change(self, key: Key, new: Object | None, *, last: Object | None = None) -> None:
        """`last`: how a deleted object looked at its end, which is what handlers are told."""
        old = self._objects.get(key)
        self._check(key, old)
        if new is None:
            self._objects.pop(key, None)
        else:
            self._objects[key] = new
        if self._encoded is not None:
            self._encoded.pop(key, None)
            if new is not None:
                self._encoded[key] = _encoded(new)
        self._note(key, old, new, last if last is not None else old)

    def _note(self, key: Key, old: Object | None, new: Object | None, told: Object | None) -> None:
        """`told`: what handlers are told that there was."""
        for name, by in self._indexers.items():
            _reindex(self._indexes[name], by, key, old, new)
        for handler in self._handlers:
            handler(told, new)
        for follower in self._followers:
            follower._note(key, old, new, told)

    def _reached(self, revision: int) -> None:
        self.revision = revision
        for follower in self._followers:
            follower._reached(revision)

    # -- read-only

    def check_unchanged(self) -> None:
        """Raises MutatedError if any object here is not what it was when it came."""
        for key, obj in self._objects.items():
            self._check(key, obj)

    def _check(self, key: Key, obj: Object | None) -> None:
        if self._encoded is not None and obj is not None and self._encoded[key] != _encoded(obj):
            raise MutatedError(f"{obj.get('kind', 'object')} {key} was changed by a reader: {obj}")


class Follower(Informer):
    """An informer with the objects of another, and indexes and handlers of its own, until it leaves."""

    def __init__(self, informer: Informer) -> None:
        super().__init__()
        self.synced = informer.synced
        self.revision = informer.revision
        self._objects = informer._objects
        self._indexes[NAMESPACE] = informer._indexes[NAMESPACE]
        self._following = informer
        informer._followers.append(self)

    def leave(self) -> None:
        """Nothing is told any more."""
        self._following._followers.remove(self)


class MetadataInformer(Informer):
    """Keeps no managedFields: they are most of what metadata is, and nobody asks for them here."""

    def replace(self, objects: Sequence[Object], revision: str) -> None:
        """See Sink."""
        for obj in objects:
            obj["metadata"].pop("managedFields", None)
        super().replace(objects, revision)

    def apply(self, events: Sequence[WatchEvent], revision: str) -> None:
        """See Sink."""
        for event in events:
            event.object["metadata"].pop("managedFields", None)
        super().apply(events, revision)


class _Wish(NamedTuple):
    """What an informer follows."""

    group: str
    version: str
    plural: str
    fields: str = ""
    metadata: bool = False


NAMESPACE = "namespace"
"""The index that every informer has."""


class Informers:
    """The informers of one process, made on first wish, each with its reflector."""

    def __init__(self, *, client: Client, rng: Random, detect_mutations: bool = False) -> None:
        self._client = client
        self._rng = rng
        self._detect_mutations = detect_mutations
        self._informers: dict[_Wish, tuple[Informer, Reflector]] = {}
        self._following: dict[_Wish, asyncio.Task[None]] = {}
        self._tasks: Tasks | None = None

    def of(self, resource: Named, *, fields: str = "") -> Informer:
        """The one for a resource, or for what a field selector leaves of it; followed at once when others are."""
        return self._wished(_Wish(resource.group, resource.version, resource.plural, fields), resource, self._client)

    def of_at_least(self, resource: Named, *, fields: str) -> Informer:
        """One that has what the field selector leaves, and perhaps more: all of it where somebody reads that anyway."""
        whole = _Wish(resource.group, resource.version, resource.plural)
        return self.of(resource, fields="" if whole in self._informers else fields)

    def of_metadata(self, resource: Named) -> Informer:
        """One whose objects have metadata at least: the whole ones where somebody reads those anyway, else
        PartialObjectMetadata without managedFields.
        """
        whole = _Wish(resource.group, resource.version, resource.plural)
        wish = whole if whole in self._informers else whole._replace(metadata=True)
        return self._wished(wish, resource, self._client.only_metadata())

    def drop_metadata(self, resource: Named) -> None:
        """For when the API has the resource no more: what `of_metadata` gave is not followed any longer, unless whole
        objects are. Its handlers are told nothing.
        """
        self._drop(_Wish(resource.group, resource.version, resource.plural, metadata=True))

    def share(self) -> Informers:
        """For one of several parts that read the same and come and go: what it wishes for is followed once for all of
        them, and it is told of it until it stops. Whoever made the first of the informers stops it after all parts.
        """
        return _Share(self)

    async def start(self, *, on_crash: Callable[[str, BaseException], None]) -> None:
        """Follow all that were wished for; returns when each has its first content. May be called again."""
        if self._tasks is None:
            self._tasks = Tasks(on_crash=on_crash)
            for wish, (_, reflector) in self._informers.items():
                self._following[wish] = self._tasks.start(reflector.run(), name=f"reflector {wish.plural}")
        for informer, _ in tuple(self._informers.values()):
            await informer.synced.wait()

    async def stop(self) -> None:
        if self._tasks is not None:
            await self._tasks.close()
            self._tasks = None
            self._following.clear()

    def _drop(self, wish: _Wish) -> Informer | None:
        dropped, _ = self._informers.pop(wish, (None, None))
        following = self._following.pop(wish, None)
        if following is not None:
            following.cancel()
        return dropped

    def _wished(self, wish: _Wish, resource: Named, client: Client) -> Informer:
        known = self._informers.get(wish)
        if known is not None:
            return known[0]
        made = MetadataInformer if wish.metadata else Informer
        informer = made(detect_mutations=self._detect_mutations)
        informer.add_index(NAMESPACE, lambda obj: (obj["metadata"].get("namespace", ""),))
        reflector = Reflector(client=client, resource=resource, sink=informer, rng=self._rng, fields=wish.fields)
        self._informers[wish] = (informer, reflector)
        if self._tasks is not None:
            self._following[wish] = self._tasks.start(reflector.run(), name=f"reflector {wish.plural}")
        return informer

    def check_unchanged(self) -> None:
        """See Informer."""
        for informer, _ in self._informers.values():
            informer.check_unchanged()


class _Share(Informers):
    """See Informers.share."""

    def __init__(self, lender: Informers) -> None:
        self._lender = lender
        self._followers: dict[int, Follower] = {}
        """By the identity of whom they follow."""

    def of(self, resource: Named, *, fields: str = "") -> Informer:
        return self._follower(self._lender.of(resource, fields=fields))

    def of_at_least(self, resource: Named, *, fields: str) -> Informer:
        return self._follower(self._lender.of_at_least(resource, fields=fields))

    def of_metadata(self, resource: Named) -> Informer:
        return self._follower(self._lender.of_metadata(resource))

    def drop_metadata(self, resource: Named) -> None:
        """For all who share."""
        dropped = self._lender._drop(_Wish(resource.group, resource.version, resource.plural, metadata=True))
        follower = self._followers.pop(id(dropped), None)
        if follower is not None:
            follower.leave()

    def share(self) -> Informers:
        return self._lender.share()

    async def start(self, *, on_crash: Callable[[str, BaseException], None]) -> None:
        await self._lender.start(on_crash=on_crash)

    async def stop(self) -> None:
        for follower in self._followers.values():
            follower.leave()
        self._followers.clear()

    def check_unchanged(self) -> None:
        self._lender.check_unchanged()

    def _follower(self, informer: Informer) -> Follower:
        follower = self._followers.get(id(informer))
        if follower is None:
            follower = self._followers[id(informer)] = Follower(informer)
        return follower


def _version(obj: Object) -> str:
    version: str = obj["metadata"].get("resourceVersion", "")
    return version


def _encoded(obj: Object) -> bytes:
    return orjson.dumps(obj, option=orjson.OPT_SORT_KEYS)


def _reindex(
    index: dict[str, dict[Key, Object]], by: IndexBy, key: Key, old: Object | None, new: Object | None
) -> None:
    values = set(by(new)) if new is not None else set()
    for value in set(by(old)) - values if old is not None else ():
        entries = index.get(value)
        if entries is not None:
            entries.pop(key, None)
            if not entries:
                del index[value]
    for value in values:
        assert new is not None
        index.setdefault(value, {})[key] = new
