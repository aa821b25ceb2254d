"""The whole contract between the API server and what keeps its data: bytes, keys and revisions, never Pods.

Model (etcd's): one flat, ordered key space; every committed transaction raises one store-wide revision by one; each key
remembers
the revision that created it, the revision that last changed it and how often it changed. History stays readable and
watchable
until it is compacted. Keys are text and compare by their UTF-8 bytes.

Errors (all are StoreError):

    StoreError
    +-- Conflict          a compare of a transaction did not hold; nothing was written
    +-- Compacted         the revision asked for is older than the last compaction
    +-- FutureRevision    the revision asked for is newer than the store's
    +-- StoreUnavailable  no answer now; the write may or may not have happened
    +-- StoreBroken       the data cannot be opened or written (path and remedy in the message); nothing was overwritten
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path


class StoreError(Exception):
    """Root of all that a store raises."""


class Conflict(StoreError):
    """A compare did not hold. `current` is the record that the key has now, None if it has none."""

    def __init__(self, key: str, current: Record | None) -> None:
        super().__init__(f"compare failed on {key}")
        self.key = key
        self.current = current


class Compacted(StoreError):
    """History before `compact_revision` is gone."""

    def __init__(self, compact_revision: int, revision: int) -> None:
        super().__init__(f"revision is compacted; oldest is {compact_revision}, current is {revision}")
        self.compact_revision = compact_revision
        self.revision = revision


class FutureRevision(StoreError):
    """The store has not reached the revision asked for."""

    def __init__(self, asked: int, revision: int) -> None:
        super().__init__(f"revision {asked} is in the future; current is {revision}")
        self.asked = asked
        self.revision = revision


class StoreUnavailable(StoreError):
    """The store does not answer now. For a write: the outcome is unknown."""


class StoreBroken(StoreError):
    """The data cannot be opened or written; the message names the file and what would mend it."""


@dataclass(frozen=True, slots=True)
class Record:
    """A key's value at some revision. `version` counts the writes since its creation, 1 for the first."""

    key: str
    value: bytes
    create_revision: int
    mod_revision: int
    version: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list in key order. `revision` is the store's revision that the page is of."""

    records: list[Record]
    revision: int
    more: bool
    remaining: int
    """How many further keys the range holds after this page."""


@dataclass(frozen=True, slots=True)
class Compare:
    """Holds while `key` was last changed at `mod_revision`; 0 means that the key does not exist."""

    key: str
    mod_revision: int


@dataclass(frozen=True, slots=True)
class Put:
    """Write `value`; with `ttl_s` > 0 the store deletes the key by itself that many seconds later."""

    key: str
    value: bytes
    ttl_s: int = 0


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a key; one that does not exist is no error and no event."""

    key: str


@dataclass(frozen=True, slots=True)
class Event:
    """One change. A put has the new `record`; a delete has `record` None.

    `previous` is what the key held before: None for a creation, and in a watch that did not ask for it possibly always.
    For an embedded driver `record.value` of a live event is the very bytes object that was passed to `commit`.
    """

    key: str
    record: Record | None
    previous: Record | None
    revision: int


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one delivery brings: events in revision order, one transaction never split over two batches.

    After it the watcher has seen everything up to and including `revision`; without events it is a bookmark of
    progress.
    """

    events: tuple[Event, ...]
    revision: int


class Watch(Protocol):
    """A running subscription."""

    closed: asyncio.Future[None]
    """Done when the watch has ended: with None after `close`, else with Compacted or StoreUnavailable."""

    def close(self) -> None:
        """Stop; nothing is delivered any more once this returns."""


class Store(Protocol):
    """What a driver implements. All methods belong to one event loop."""

    embedded: bool
    """True if this process is the only writer: then a batch is delivered before the `commit` that caused it returns."""

    async def start(self) -> None:
        """Open; raises StoreBroken."""

    async def stop(self) -> None:
        """Finish queued commits, close everything."""

    async def revision(self) -> int:
        """The store's current revision (linearizable; at least 1).

        Every watch that has seen less is soon brought up to it, by a bookmark if nothing of its own changed; for an
        embedded driver before this returns.
        """

    async def get(self, key: str, *, revision: int = 0) -> Record | None:
        """The record now, or as of a past revision. Raises Compacted, FutureRevision."""

    async def list(self, prefix: str, *, start: str = "", revision: int = 0, limit: int = 0) -> Page:
        """Keys with `prefix`, from `start` on (inclusive), now or as of a past revision, at most `limit` (0 = all).

        Raises Compacted, FutureRevision.
        """

    async def commit(self, compares: tuple[Compare, ...], operations: tuple[Put | Delete, ...]) -> int:
        """All or nothing, durable when it returns: the new revision. Raises Conflict, StoreUnavailable, StoreBroken.

        A transaction whose operations change nothing (deletes of absent keys) returns the current revision. Raises
        ValueError if a key is named twice among the operations.
        """

    async def watch(
        self, prefix: str, start_revision: int, deliver: Callable[[Batch], None], *, previous: bool = False
    ) -> Watch:
        """Everything under `prefix` that changed at `start_revision` or later, then live; gap-free and in order.

        `deliver` is called on the event loop, never concurrently; it must neither block nor raise. `start_revision`
        may be beyond the current revision (only new events). With `previous` the events tell what the key held
        before, which costs a read per event. Raises Compacted. For an embedded driver all that is past is delivered
        before this returns.
        """

    async def compact(self, revision: int) -> None:
        """Forget history before `revision`; what was current at it stays. Raises Compacted, FutureRevision."""

    async def snapshot(self, path: Path) -> int:
        """Write everything current to one new file (never half of one); the revision it is of. Raises StoreBroken."""

    async def restore(self, path: Path) -> int:
        """Fill an *empty* store from a snapshot of any driver; the store's revision then. Raises StoreBroken.

        Every key counts as written by the restore, above the snapshot's and the store's own revision; what was before
        that counts as compacted. Keys with a time to live have what was left of it.
        """
