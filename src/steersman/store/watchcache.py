"""The watch cache: everything the store holds now, as bytes ready to be sent, fed by one watch of the whole store.

One feed means one revision for all collections: when the cache has reached revision R, every collection has. Entries
hold the
encoded object (with its resourceVersion) and the few values that selectors look at; nothing is decoded here. A
collection keeps a
bounded history, so that a watch can begin a little in the past; older ones are told that they are too old and list
again.

The cache knows keys and prefixes. What an entry is made of (`index`) is told to it by its owner.
"""

from __future__ import annotations

import asyncio
import contextlib
from bisect import bisect_left, insort
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from steersman.store.interface import Compacted, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from steersman.store.interface import Batch, Event, Record, Store, Watch

HISTORY_MAX, HISTORY_BYTES_MAX = 4096, 16 << 20
"""Changes that a collection remembers, and how long their bodies are together."""
FOLLOW_S_MAX = 3.0
FRESH_S_MAX = 5.0
"""How long a read waits for the feed to bring what the store has."""
FANOUT_SLICE = 64
"""Watchers that are served in one turn of the loop."""


class Entry:
    """One object at one revision: `body` is its JSON after the opening brace and type meta, resourceVersion
    included.
    """

    __slots__ = ("body", "fields", "key", "labels", "memo", "revision")

    def __init__(
        self, *, key: str, revision: int, body: bytes, labels: Mapping[str, str], fields: Mapping[str, str]
    ) -> None:
        self.key = key
        self.revision = revision
        self.body = body
        self.labels = labels
        self.fields = fields
        self.memo: Any = None
        """Whatever a reader derived from this very entry and wants to keep (a decoded object, compiled rules)."""


class Change:
    """One event of a collection. A deletion has `entry` = the last state stamped with the deletion's revision."""

    __slots__ = ("deleted", "entry", "frames", "previous", "revision")

    def __init__(self, *, revision: int, entry: Entry, previous: Entry | None, deleted: bool) -> None:
        self.revision = revision
        self.entry = entry
        self.previous = previous
        self.deleted = deleted
        self.frames: dict[Any, bytes] = {}
        """Encodings shared by all watchers of the same representation."""


class Watcher(Protocol):
    """Who wants a collection's changes. `offer` runs on the loop and neither blocks nor raises."""

    def offer(self, change: Change) -> None: ...

    def lost(self) -> None:
        """The collection was reloaded and changes may be missing: end, so that the client lists again."""


class Index(Protocol):
    """How a collection's entries are made of what the store holds."""

    def entry(self, key: str, value: bytes, revision: int, hint: Any) -> Entry:
        """`hint` is what the writer of this very value said about it, None if unknown."""

    def restamp(self, entry: Entry, revision: int) -> Entry:
        """The same object at another revision (its deletion's)."""


class Collection:
    """All objects below one prefix, in key order."""

    def __init__(self, prefix: str, index: Index) -> None:
        self.prefix = prefix
        self.index = index
        self.entries: dict[str, Entry] = {}
        self.keys: list[str] = []
        self.history: deque[Change] = deque()
        self._history_bytes = 0
        self.floor = 0
        """Changes up to this revision are no longer in the history."""
        self.changed = 0
        """Revision of the last change."""
        self.watchers: dict[Watcher, int] = {}
        """Each with the revision up to which it has been served."""
        self.followers: list[Watcher] = []
        """Parts of this process that must know a change before its writer is told; offered first, at once, all."""
        self._backlog: deque[tuple[Change, list[Watcher], int]] = deque()
        self._draining = False

    def range(self, prefix: str, start: str = "") -> Iterator[Entry]:
        """Entries whose key begins with `prefix`, from key `start` (inclusive), in key order."""
        keys, entries = self.keys, self.entries
        if prefix == self.prefix and not start:
            return iter([entries[key] for key in keys])
        low = bisect_left(keys, max(prefix, start))
        high = bisect_left(keys, prefix + "\U0010ffff")
        return iter([entries[key] for key in keys[low:high]])

    def load(self, entries: list[Entry], revision: int) -> None:
        """Begin (again) with a complete content as of `revision`."""
        self.entries = {entry.key: entry for entry in entries}
        self.keys = sorted(self.entries)
        self.history.clear()
        self._history_bytes = 0
        self.floor = self.changed = revision
        for watcher in [*self.followers, *self.watchers]:
            watcher.lost()

    def apply(self, event: Event, hint: Any = None) -> Change | None:
        """Take in one event of the store; None if it changes nothing here."""
        key = event.key
        previous = self.entries.get(key)
        record = event.record
        if record is None:
            if previous is None:
                # Not known yet, perhaps: then a reload that read before the deletion has to read again.
                self.changed = event.revision
                return None
            del self.entries[key]
            position = bisect_left(self.keys, key)
            del self.keys[position]
            entry = self.index.restamp(previous, event.revision)
        else:
            entry = self.index.entry(key, record.value, record.mod_revision, hint)
            if previous is None:
                if not self.keys or key > self.keys[-1]:
                    self.keys.append(key)
                else:
                    insort(self.keys, key)
            self.entries[key] = entry
        change = Change(revision=event.revision, entry=entry, previous=previous, deleted=record is None)
        if previous is not None:
            previous.memo = None  # only history now: what was derived from it is of no more use
        self._remember(change)
        self.changed = event.revision
        return change

    def _remember(self, change: Change) -> None:
        history = self.history
        history.append(change)
        self._history_bytes += len(change.entry.body)
        while len(history) > 1 and (len(history) > HISTORY_MAX or self._history_bytes > HISTORY_BYTES_MAX):
            oldest = history.popleft()
            self._history_bytes -= len(oldest.entry.body)
            self.floor = oldest.revision

    def subscribe(self, watcher: Watcher, revision: int) -> list[Change]:
        """Add a watcher that has seen everything up to `revision`; returns what it missed since, already counted as
        served.

        Raises Compacted when the history does not reach back that far.
        """
        if revision < self.floor:
            raise Compacted(self.floor, self.changed)
        missed = [change for change in self.history if change.revision > revision]
        self.watchers[watcher] = max(revision, self.changed)
        return missed

    def unsubscribe(self, watcher: Watcher) -> None:
        self.watchers.pop(watcher, None)

    def publish(self, change: Change) -> None:
        """Offer a change to all watchers: at once to few, slice by slice to many, always in order."""
        for follower in self.followers:
            follower.offer(change)
        if not self.watchers:
            return
        if not self._backlog and len(self.watchers) <= FANOUT_SLICE:
            for watcher in list(self.watchers):
                self._offer(watcher, change)
            return
        self._backlog.append((change, list(self.watchers), 0))
        if not self._draining:
            self._draining = True
            asyncio.get_running_loop().call_soon(self._drain)

    @property
    def busy(self) -> bool:
        """Some watchers have not been offered all changes yet."""
        return bool(self._backlog)

    def _offer(self, watcher: Watcher, change: Change) -> None:
        served = self.watchers.get(watcher)
        if served is not None and change.revision > served:
            watcher.offer(change)

    def _drain(self) -> None:
        change, watchers, position = self._backlog.popleft()
        following = position + FANOUT_SLICE
        for watcher in watchers[position:following]:
            self._offer(watcher, change)
        if following < len(watchers):
            self._backlog.appendleft((change, watchers, following))
        if self._backlog:
            asyncio.get_running_loop().call_soon(self._drain)
        else:
            self._draining = False


class WatchCache:
    """Feeds the collections from one watch of the store, and knows how far it has come."""

    def __init__(self, *, store: Store, root: str = "/registry/") -> None:
        self.store = store
        self.root = root
        self.revision = 0
        """Everything up to this revision is in the collections."""
        self.embedded = store.embedded
        self._collections: dict[str, Collection] = {}
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._hints: dict[str, tuple[bytes, Any]] = {}
        self._watch: Watch | None = None
        self._failed: Callable[[BaseException], None] | None = None

    def add(self, prefix: str, index: Index) -> Collection:
        """A collection for the keys under `prefix` (ends with a slash). After `start`, follow with `reload`."""
        collection = self._collections.get(prefix)
        if collection is None:
            collection = self._collections[prefix] = Collection(prefix, index)
            collection.floor = collection.changed = self.revision
        return collection

    def remove(self, prefix: str) -> None:
        """Forget a collection; its watchers end."""
        collection = self._collections.pop(prefix, None)
        if collection is not None:
            for watcher in list(collection.watchers):
                watcher.lost()

    async def reload(self, collection: Collection) -> None:
        """Fill a collection that was added after `start`; the feed goes on meanwhile, so read until nothing came in
        between.
        """
        while True:
            page = await self.store.list(collection.prefix)
            await self.wait_for(page.revision)
            if collection.changed <= page.revision:
                collection.load(self._entries(collection, page.records), page.revision)
                return

    @staticmethod
    def _entries(collection: Collection, records: list[Record]) -> list[Entry]:
        return [collection.index.entry(r.key, r.value, r.mod_revision, None) for r in records]

    async def start(self, failed: Callable[[BaseException], None]) -> None:
        """Load everything and follow the store. `failed` is called if the store can no longer be followed."""
        self._failed = failed
        await self._seed()

    async def _seed(self) -> None:
        page = await self.store.list(self.root)
        contents: dict[str, list[Record]] = {prefix: [] for prefix in self._collections}
        for record in page.records:
            collection = self._of(record.key)
            if collection is not None:
                contents[collection.prefix].append(record)
        for prefix, records in contents.items():
            self._collections[prefix].load(self._entries(self._collections[prefix], records), page.revision)
        self.revision = page.revision
        self._wake()
        # The whole key space, not only our root: then every revision of the store arrives, and none has to be asked
        # for.
        self._watch = await self.store.watch("", page.revision + 1, self._deliver)
        self._watch.closed.add_done_callback(self._ended)

    def _ended(self, closed: asyncio.Future[None]) -> None:
        if closed.cancelled():
            return
        error = closed.exception()
        if error is not None and self._failed is not None:
            self._failed(error)

    async def reseed(self) -> None:
        """After the feed was lost: load again; watchers end and their clients list again."""
        await self._seed()

    def stop(self) -> None:
        if self._watch is not None:
            self._watch.close()
        for _, waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(StoreUnavailable("the server is shutting down"))
        self._waiters.clear()

    def hint(self, key: str, value: bytes, hint: Any) -> None:
        """What the writer knows about `value`, handed to the index if the next event of `key` brings this very bytes
        object.
        """
        if self.embedded:
            self._hints[key] = (value, hint)

    def unhint(self, key: str) -> None:
        self._hints.pop(key, None)

    def _of(self, key: str) -> Collection | None:
        """The collection of a key: prefixes are one, two or three path elements below the root."""
        collections = self._collections
        position = len(self.root)
        for _ in range(3):
            position = key.find("/", position) + 1
            if position <= 0:
                return None
            collection = collections.get(key[:position])
            if collection is not None:
                return collection
        return None

    def _deliver(self, batch: Batch) -> None:
        changes: list[tuple[Collection, Change]] = []
        for event in batch.events:
            collection = self._of(event.key)
            if collection is None:
                continue
            known = self._hints.pop(event.key, None) if self._hints else None
            fits = known is not None and event.record is not None and known[0] is event.record.value
            change = collection.apply(event, known[1] if fits and known is not None else None)
            if change is not None:
                changes.append((collection, change))
        self.revision = max(self.revision, batch.revision)
        for collection, change in changes:
            collection.publish(change)
        if self._waiters:
            self._wake()

    def _wake(self) -> None:
        still = []
        for revision, waiter in self._waiters:
            if revision <= self.revision:
                if not waiter.done():
                    waiter.set_result(None)
            elif not waiter.done():
                still.append((revision, waiter))
        self._waiters = still

    async def wait_for(self, revision: int) -> None:
        """Until the cache has reached `revision`."""
        if self.revision >= revision:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((revision, waiter))
        await waiter

    async def follow(self, revision: int) -> None:
        """After a commit: until the cache has it, so that what reads the cache next knows the write. Bounded: a feed
        that is being mended must not hold back an answer.
        """
        if not self.embedded and self.revision < revision:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FOLLOW_S_MAX):
                    await self.wait_for(revision)

    async def fresh(self) -> None:
        """Until the cache holds everything that was acknowledged before the call (linearizable reads). Raises
        StoreUnavailable when the store does not answer, or what it says does not arrive.
        """
        if self.embedded:
            return
        revision = await self.store.revision()
        if self.revision >= revision:
            return
        try:
            async with asyncio.timeout(FRESH_S_MAX):
                await self.wait_for(revision)
        except TimeoutError:
            raise StoreUnavailable(
                f"the watch cache is at revision {self.revision} and does not catch up with the store's {revision}"
            ) from None
