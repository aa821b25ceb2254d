"""base: the machinery of all controllers.

A controller declares what it reads and writes, says which keys a change concerns, and reconciles one key at a time. The
machinery feeds its queue from shared informers, runs its workers, tries failed keys again with growing delays, and
refuses access that is not declared.

    change of an object > concerns(...) > queue > reconcile(key) > done, or Requeue, or an error: again later
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from steersman.api.errors import ApiError, Conflict
from steersman.client.client import key_of
from steersman.client.errors import TransportError
from steersman.client.workqueue import BACKOFF_S, BACKOFF_S_MAX, WorkQueue
from steersman.lib.aio import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from random import Random

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.discovery import Discovery
    from steersman.client.events import Recorder
    from steersman.client.informer import Informer, Informers
    from steersman.client.queue_metrics import QueueFamilies
    from steersman.client.request import Key, Named
    from steersman.lib.clock import Clock
    from steersman.lib.metrics import Registry

WORKERS = 5
"""Keys of one controller that are worked on at a time; upstream's usual number."""
READ_VERBS = ("get", "list", "watch")


@dataclass(frozen=True, slots=True)
class Writes:
    """What a controller may do to a resource, or to a subresource of it: a rule of its ClusterRole."""

    resource: Named
    """Also one that extension servers have, or `*`."""
    verbs: tuple[str, ...]
    subresource: str = ""
    names: tuple[str, ...] = ()
    """Of the only objects that are meant; empty for all."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """Reconcile the same key again in `after_s`, though nothing changes."""

    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the composition root gives every controller."""

    client: Client
    """As the controller's own identity."""
    informers: Informers
    recorder: Recorder
    clock: Clock
    rng: Random
    queues: QueueFamilies
    discovery: Discovery
    registry: Registry
    """Of metrics."""


class NotYet(Exception):
    """Nothing is wrong, but the key has to be reconciled again, after a delay that grows each time; says why."""


class UndeclaredError(AssertionError):
    """A controller reads or writes what it has not declared; the message says what."""


class View:
    """The caches of what a controller declares to read. Objects are read-only."""

    def __init__(self, *, informers: Informers, reads: tuple[Named, ...], name: str) -> None:
        self._informers = {resource: informers.of(resource) for resource in reads}
        self._name = name

    def get(self, resource: Named, key: Key) -> Object | None:
        return self._informer(resource).get(key)

    def list(self, resource: Named, namespace: str = "") -> Sequence[Object]:
        """Of all namespaces if none is given; in no particular order."""
        return self._informer(resource).list(namespace)

    def by_index(self, resource: Named, index: str, value: str) -> Sequence[Object]:
        """See `Controller.index`."""
        return self._informer(resource).by_index(index, value)

    def reached(self, resource: Named, resource_version: int) -> bool:
        """Whether the cache holds everything up to a version, as that of a write's answer."""
        return self._informer(resource).revision >= resource_version

    def _informer(self, resource: Named) -> Informer:
        informer = self._informers.get(resource)
        if informer is None:
            raise UndeclaredError(f"{self._name} reads {resource.plural} and does not declare it")
        return informer


class Controller:
    """One controller. Subclasses set the class variables, register interest in `setup`, and implement `reconcile`."""

    name: ClassVar[str]
    """Of its file, logger, queue, metrics and service account (with dashes)."""
    account: ClassVar[str] = ""
    """Its service account, where upstream's is not named like that; see `roles.account_of`."""
    component: ClassVar[str] = ""
    """Who its events say they are from, where that is not its service account."""
    reads: ClassVar[tuple[Named, ...]] = ()
    needs: ClassVar[tuple[Named, ...]] = ()
    """What many API servers do not serve, of what it reads: where they do not, it does not run."""
    writes: ClassVar[tuple[Writes, ...]] = ()
    verbs_on_all: ClassVar[tuple[str, ...]] = ()
    """What it does to objects of every resource that is served, also of those that nobody knows beforehand."""
    verbs_on_scales: ClassVar[tuple[str, ...]] = ()
    """What it does to the scale subresource of whatever has one."""
    workers: ClassVar[int] = WORKERS
    backoff_s: ClassVar[float] = BACKOFF_S
    """The delay before a key that failed once is tried again; it doubles with every failure."""
    backoff_s_max: ClassVar[float] = BACKOFF_S_MAX
    """The longest delay before a key that failed is tried again."""

    def __init__(self, tools: Tools) -> None:
        self.client = tools.client
        self.recorder = tools.recorder
        self.clock = tools.clock
        self.rng = tools.rng
        self.discovery = tools.discovery
        self.logger = logging.getLogger(f"steersman.controllers.{self.name}")
        self.queue: WorkQueue[Key] = WorkQueue(
            metrics=tools.queues.queue(self.name), backoff_s=self.backoff_s, backoff_s_max=self.backoff_s_max
        )
        self.view = View(informers=tools.informers, reads=self.reads, name=self.name)
        self._informers = tools.informers
        self._failing: set[Key] = set()
        self.setup()

    # -- for subclasses

    def setup(self) -> None:
        """Say which changes concern which keys: `self.on(...)`, `self.index(...)`."""

    async def reconcile(self, key: Key) -> Requeue | None:
        """Make what `key` stands for as it should be. Raises ApiError, TransportError: tried again."""
        raise NotImplementedError

    def on(
        self, resource: Named, concerns: Callable[[Object | None, Object | None], Iterable[Key]] | None = None
    ) -> None:
        """Queue the keys that a change of `resource` concerns; without `concerns` the object's own key."""
        queue = self.queue

        def handle(old: Object | None, new: Object | None) -> None:
            if concerns is None:
                present = new if new is not None else old
                assert present is not None
                queue.add(key_of(present))
            else:
                for key in concerns(old, new):
                    queue.add(key)

        self._declared(resource).add_handler(handle)

    def index(self, resource: Named, name: str, by: Callable[[Object], Iterable[str]]) -> None:
        """Have `view.by_index(resource, name, value)`. Controllers that share a name mean the same by it."""
        self._declared(resource).add_index(name, by)

    # -- life

    async def run(self) -> None:
        """Until cancelled; the informers are in step by now."""
        crashed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def on_crash(_name: str, error: BaseException) -> None:
            if not crashed.done():
                crashed.set_exception(error)

        tasks = Tasks(on_crash=on_crash)
        try:
            for number in range(self.workers):
                tasks.start(self._work(), name=f"{self.name} worker {number}")
            await crashed
        finally:
            await tasks.close()
            self.queue.close()

    async def _work(self) -> None:
        while True:
            key = await self.queue.get()
            try:
                await self._attempt(key)
            finally:
                self.queue.done(key)

    async def _attempt(self, key: Key) -> None:
        queue = self.queue
        try:
            again = await self.reconcile(key)
        except (Conflict, NotYet) as error:
            # Of a conflict: the cache was behind, and the change that it lacks is on its way.
            self.logger.debug("%s: %s", key, error)
            queue.add_failed(key)
        except (ApiError, TransportError) as error:
            self.logger.warning("%s: %s", key, error)
            queue.add_failed(key)
        except Exception:
            self.logger.exception("%s: cannot be reconciled", key)
            queue.add_failed(key)
        else:
            queue.forget(key)
            if again is not None:
                queue.add_after(key, again.after_s)

    def _declared(self, resource: Named) -> Informer:
        if resource not in self.reads:
            raise UndeclaredError(f"{self.name} watches {resource.plural} and does not declare it")
        return self._informers.of(resource)
