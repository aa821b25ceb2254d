"""What the watch cache's tests share: an index of plain text, watchers that write down, a store that is slow to tell."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from steersman.lib.aio import Tasks
from steersman.lib.clock import SystemClock
from steersman.store.drivers.memory import MemoryStore
from steersman.store.interface import Delete, Put
from steersman.store.watchcache import Entry, WatchCache

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from steersman.store.interface import Batch, Page, Watch
    from steersman.store.watchcache import Change, Collection

PODS, MAPS = "/registry/pods/", "/registry/configmaps/"


class TextIndex:
    """Entries whose body is `value@revision`; `hints` is what each of them was made with."""

    def __init__(self) -> None:
        self.hints: list[Any] = []

    def entry(self, key: str, value: bytes, revision: int, hint: Any) -> Entry:
        self.hints.append(hint)
        return Entry(key=key, revision=revision, body=b"%b@%d" % (value, revision), labels={}, fields={})

    def restamp(self, entry: Entry, revision: int) -> Entry:
        value = entry.body.rpartition(b"@")[0]
        return Entry(key=entry.key, revision=revision, body=b"%b@%d" % (value, revision), labels={}, fields={})


class Recorder:
    """A watcher that keeps what it is offered, in one list that may be shared."""

    def __init__(self, name: str = "", log: list[Any] | None = None) -> None:
        self.name = name
        self.log = log
        self.changes: list[Change] = []
        self.losses = 0

    def offer(self, change: Change) -> None:
        self.changes.append(change)
        if self.log is not None:
            self.log.append((self.name, change.entry.body))

    def lost(self) -> None:
        self.losses += 1

    @property
    def story(self) -> list[bytes]:
        return [told(change) for change in self.changes]


def told(change: Change) -> bytes:
    """`+key=value@5` or `-key=last value@6`."""
    name = change.entry.key.rpartition("/")[2].encode()
    return b"%b%b=%b" % (b"-" if change.deleted else b"+", name, change.entry.body)


class Distant(MemoryStore):
    """A memory store as a server elsewhere is: others write too, what happened arrives when the test `release`s it, and
    the feed can break.
    """

    embedded = False

    def __init__(self) -> None:
        super().__init__(clock=SystemClock())
        self.held: list[Batch] = []
        self.listed: list[str] = []
        self.after_list: Callable[[], Any] | None = None
        """Happens once, after a list was read and before its reader has it."""
        self._told: Callable[[Batch], None] | None = None
        self._feed: Watch | None = None

    async def watch(
        self, prefix: str, start_revision: int, deliver: Callable[[Batch], None], *, previous: bool = False
    ) -> Watch:
        self._told, self.held = deliver, []
        self._feed = await super().watch(prefix, start_revision, self.held.append, previous=previous)
        return self._feed

    async def list(self, prefix: str, *, start: str = "", revision: int = 0, limit: int = 0) -> Page:
        page = await super().list(prefix, start=start, revision=revision, limit=limit)
        self.listed.append(prefix)
        then, self.after_list = self.after_list, None
        if then is not None:
            await then()
        return page

    def release(self) -> None:
        """Everything that was held back arrives."""
        assert self._told is not None
        held, self.held[:] = list(self.held), []
        for batch in held:
            self._told(batch)

    def break_feed(self, error: Exception) -> None:
        assert self._feed is not None
        self._feed.closed.set_exception(error)
        self._told = lambda _batch: None


class Bench:
    """A started cache over a store, with a collection of pods and one of maps."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.index = TextIndex()
        self.cache = WatchCache(store=store)
        self.pods: Collection = self.cache.add(PODS, self.index)
        self.maps: Collection = self.cache.add(MAPS, TextIndex())
        self.failures: list[BaseException] = []
        self._tasks = Tasks()

    async def close(self) -> None:
        self.cache.stop()
        await self._tasks.close()
        await self.store.stop()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run it beside the test."""
        return self._tasks.start(coroutine, name="beside the test")

    async def put(self, *pairs: str) -> int:
        """`put("a=1", "b=2")`: pods in one transaction."""
        operations = tuple(Put(PODS + name, value.encode()) for name, _, value in (p.partition("=") for p in pairs))
        return await self.store.commit((), operations)

    async def delete(self, *names: str) -> int:
        return await self.store.commit((), tuple(Delete(PODS + name) for name in names))

    def watch(self, revision: int | None = None, **kwargs: Any) -> Recorder:
        """A watcher of pods; what it missed counts as offered."""
        recorder = Recorder(**kwargs)
        for change in self.pods.subscribe(recorder, self.cache.revision if revision is None else revision):
            recorder.offer(change)
        return recorder

    @property
    def bodies(self) -> list[bytes]:
        return [entry.body for entry in self.pods.range(PODS)]


async def turns(count: int) -> None:
    """Let the loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)
