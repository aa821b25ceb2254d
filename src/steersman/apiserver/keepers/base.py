"""The machinery of all keepers: followers of collections, and one worker over the keys that they name.

A key stands for whatever the keeper says (mostly the name of an object). It is waiting at most once, however many
changes name it, and is looked at again

    by a change that names it          always, and at once
    after NotFound, Conflict, ...      by the change of whoever was faster, which is on its way; nothing is timed
    after any other failure            1, 2, 4 ... 64 seconds later, until it succeeds

An exception that should not happen is such a failure, too: it is logged with its traceback, other keys go on, and the
worker does not end. What is wrong with one object is nobody else's affair.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final

from steersman.api.errors import AlreadyExists, ApiError, Conflict, NotFound
from steersman.apiserver.authn.user import SERVER, SERVER_MANAGER
from steersman.apiserver.write import Write
from steersman.lib.aio import Tasks
from steersman.store.interface import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.resource import Resource
    from steersman.apiserver.identifiers import Identifiers
    from steersman.apiserver.pipeline import Pipeline
    from steersman.apiserver.reader import CacheReader
    from steersman.apiserver.resources import ResourceTable
    from steersman.store.watchcache import Change, Collection

_LOG: Final = logging.getLogger(__name__)
RETRY_S: Final = 1.0
RETRY_S_MAX: Final = 64.0
_DOUBLINGS_MAX: Final = 6


class _Follower:
    """Brings the changes of one resource's objects to a keeper."""

    def __init__(self, keeper: Keeper, resource: Resource, collection: Collection) -> None:
        self._keeper = keeper
        self._resource = resource
        self._collection = collection
        collection.followers.append(self)

    def offer(self, change: Change) -> None:
        self._keeper.enqueue(self._keeper.touched(self._resource, change))

    def lost(self) -> None:
        self._keeper.enqueue(self._keeper.everything())

    def close(self) -> None:
        if self in self._collection.followers:
            self._collection.followers.remove(self)


class Keeper(ABC):
    """One unit; `start` after the cache is loaded, `stop` before the store ends."""

    name: ClassVar[str]
    follows: ClassVar[tuple[Resource, ...]]
    """Whose changes are brought to `touched`."""

    def __init__(
        self, *, resources: ResourceTable, reader: CacheReader, pipeline: Pipeline, identifiers: Identifiers
    ) -> None:
        self._resources = resources
        self._reader = reader
        self._pipeline = pipeline
        self._identifiers = identifiers
        self._followers: list[_Follower] = []
        self._pending: dict[str, None] = {}
        self._failures: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._tasks = Tasks()

    async def start(self) -> None:
        for resource in self.follows:
            collection = self._resources.of(resource).collection
            assert collection is not None
            self._followers.append(_Follower(self, resource, collection))
        await self.prepare()
        self.enqueue(self.everything())
        self._tasks.start(self._run(), name=self.name)

    async def caught_up(self) -> None:
        """Until everything that has happened was looked at; what has failed and waits for its time does not count."""
        await self._idle.wait()

    async def stop(self) -> None:
        for follower in self._followers:
            follower.close()
        self._followers.clear()
        await self._tasks.close()

    # -- what a unit says

    @abstractmethod
    def touched(self, resource: Resource, change: Change) -> Iterable[str]:
        """Keys that have to be looked at after a change; neither blocks nor raises."""

    @abstractmethod
    def everything(self) -> Iterable[str]:
        """All keys that there are: at the start, and when changes may have been missed."""

    async def prepare(self) -> None:  # noqa: B027 - most have nothing to prepare
        """Once, before anything is looked at; changes are brought already."""

    @abstractmethod
    async def sync(self, key: str) -> None:
        """Make it right. NotFound, Conflict and AlreadyExists mean that somebody was faster, whose event is coming;
        whatever else is raised that it has to be tried again.
        """

    # -- for units

    def names(self, resource: Resource) -> list[str]:
        """Of all objects of a resource without namespaces; nothing is decoded."""
        served = self._resources.of(resource)
        assert served.collection is not None
        return [key.removeprefix(served.prefix) for key in served.collection.keys]

    def name_of(self, resource: Resource, change: Change) -> str:
        """`name`, or `namespace/name`."""
        return change.entry.key.removeprefix(self._resources.of(resource).prefix)

    def write(self, resource: Resource, name: str, *, subresource: str = "") -> Write:
        """A write of the server itself to an object without namespace."""
        return Write(
            served=self._resources.of(resource),
            namespace="",
            name=name,
            user=SERVER,
            now=self._identifiers.clock.now(),
            subresource=resource.subresource(subresource) if subresource else None,
            manager=SERVER_MANAGER,
        )

    # -- the worker

    def enqueue(self, keys: Iterable[str]) -> None:
        self._pending.update(dict.fromkeys(keys))
        if self._pending:
            self._idle.clear()
            self._wake.set()

    async def _run(self) -> None:
        try:
            while True:
                while self._pending:
                    key = next(iter(self._pending))
                    del self._pending[key]
                    await self._try(key)
                self._wake.clear()
                self._idle.set()
                await self._wake.wait()
        finally:
            self._idle.set()  # nobody waits for a worker that has ended

    async def _try(self, key: str) -> None:
        try:
            await self.sync(key)
        except (NotFound, Conflict, AlreadyExists):
            pass  # the event of whoever was faster is on its way, or here already
        except (ApiError, StoreError) as error:
            delay_s = self._again(key)
            _LOG.warning("%s: %s: %s; will be tried again in %.0f s", self.name, key, error, delay_s)
            return
        except Exception:  # noqa: BLE001 - one key's trouble is not the others'
            delay_s = self._again(key)
            _LOG.exception("%s: %s: unexpected; will be tried again in %.0f s", self.name, key, delay_s)
            return
        self._failures.pop(key, None)

    def _again(self, key: str) -> float:
        """Later, and ever later; in how many seconds."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        delay_s = float(min(RETRY_S * 2 ** min(failures - 1, _DOUBLINGS_MAX), RETRY_S_MAX))
        asyncio.get_running_loop().call_later(delay_s, self.enqueue, (key,))
        return delay_s
