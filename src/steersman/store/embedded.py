"""What the stores inside this process have in common: everything but where the rows lie.

Writes queue on the event loop. Once per turn, if nothing is on its way, all that is queued becomes one group: each
transaction is checked against the index as the ones before it leave it, and the rows go to the journal together. When
they are durable the index takes them over, the watchers get one batch, and then the writers learn their revisions. A
transaction whose compare fails because of a row on its way learns so only when that row is durable.

Reads look at the index, which shows only what is durable, and fetch values by row id.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from steersman.lib.aio import Pacer, Tasks
from steersman.store.expiry import Expiry, now_ms
from steersman.store.hub import Hub, HubWatch
from steersman.store.interface import (
    Compacted,
    Compare,
    Conflict,
    Delete,
    FutureRevision,
    Page,
    StoreBroken,
    StoreError,
    StoreUnavailable,
)
from steersman.store.mvcc import (
    Group,
    Index,
    Refused,
    check_transaction,
    event_of,
    record_of,
    revision_of,
    row_id,
)
from steersman.store.snapshot import SnapshotWriter, open_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from steersman.lib.clock import Clock
    from steersman.store.interface import Batch, Put, Record
    from steersman.store.mvcc import Row

_READ_ROWS_MAX = 256
"""A longer list is read in slices of so many rows, so that commits get in between."""

_SCRUB_ROWS_MAX = 256
_EXPIRY_RETRY_S = 5.0


class Scrubbed(NamedTuple):
    """One slice of compaction: the deletions (key, row id) that are forgotten now, and whether there is more to do."""

    graves: Sequence[tuple[str, int]]
    more: bool


class Journal(Protocol):
    """Where an embedded store keeps its rows. All methods raise StoreBroken when the data cannot be read or written."""

    async def open(self) -> Index:
        """Open or create it; the index of what it holds."""

    async def close(self) -> None: ...

    def append(self, rows: Sequence[Row], previous: Sequence[int], done: Callable[..., None]) -> None:
        """Write all rows or none. Calls `done(found, None)` on the loop once they are durable, with the rows of the
        ids in `previous` that exist, or `done({}, error)`. One call at a time.
        """

    async def read(self, ids: Sequence[int]) -> list[Row | None]:
        """The rows with these ids, None for those that compaction has taken."""

    async def trace(self, ids: Sequence[int], before: int) -> list[int]:
        """Follow each row's chain back to the first id below `before`; 0 where that is a deletion or nothing."""

    async def since(self, first: int, rows_max: int, *, previous: bool) -> list[tuple[Row, Row | None]]:
        """Rows from id `first` on, whole revisions, about `rows_max`; if wanted, each with the one before it."""

    async def compact(self, revision: int) -> None:
        """Remember that history before `revision` may go."""

    async def scrub(self, rows_max: int) -> Scrubbed:
        """Remove a slice of what was allowed to go."""

    async def replace(self, puts: Iterable[Put], revision: int, now: int) -> Index:
        """Start anew with `puts` as the only content, written at `revision` and later, all or nothing; `now` in ms."""


@dataclass(slots=True, eq=False)
class _Request:
    compares: Sequence[Compare]
    operations: Sequence[Put | Delete]
    future: asyncio.Future[int]
    outcome: int | Refused = 0


class EmbeddedStore:
    """Fulfils `steersman.store.interface.Store` over a journal."""

    embedded = True

    def __init__(
        self, *, journal: Journal, clock: Clock, group_transactions_max: int = 1024, group_bytes_max: int = 8 << 20
    ) -> None:
        """A group ends with the transaction that reaches one of the limits."""
        self._journal = journal
        self._clock = clock
        self._group_transactions_max = group_transactions_max
        self._group_bytes_max = group_bytes_max
        self._index = Index()
        self._hub = Hub()
        self._expiry = Expiry(clock=clock, expire=self._expire)
        self._tasks = Tasks()
        self._queue: deque[_Request] = deque()
        self._group: Group | None = None
        self._members: list[_Request] = []
        self._scheduled = False
        self._paused = False
        self._stopped = True
        self._drained: asyncio.Future[None] | None = None
        self._compaction = asyncio.Lock()

    # Lifetime

    async def start(self) -> None:
        self._take_over(await self._journal.open())
        self._stopped = False
        self._tasks = Tasks()
        self._tasks.start(self._scrub(), name="store scrub")

    async def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        self._expiry.close()
        if self._group is not None or self._queue:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained
        await self._tasks.close()
        self._hub.close(StoreUnavailable("the store has stopped"))
        await self._journal.close()

    def _take_over(self, index: Index) -> None:
        self._index = index
        self._expiry.close()
        self._expiry = Expiry(clock=self._clock, expire=self._expire)
        for key, slot in index.expiring():
            self._expiry.add(key, slot.id, slot.expires_ms)

    # Reads

    async def revision(self) -> int:
        self._check_running()
        self._hub.bookmark(self._index.revision)
        return self._index.revision

    async def get(self, key: str, *, revision: int = 0) -> Record | None:
        self._check_running()
        index = self._index
        while True:
            slot = index.slot(key)
            newest = slot.id if slot else index.grave(key)
            if revision:
                index.check_readable(revision)
                newest = (await self._as_of([newest], revision))[0] if newest else 0
            elif slot is None:
                newest = 0
            if not newest:
                return None
            row = (await self._journal.read([newest]))[0]
            if row is not None:
                return record_of(row)
            if revision:
                index.check_readable(revision)

    async def list(self, prefix: str, *, start: str = "", revision: int = 0, limit: int = 0) -> Page:
        self._check_running()
        index = self._index
        while True:
            at = revision or index.revision
            index.check_readable(at)
            if at == index.revision:
                ids, remaining = index.page(prefix, start, limit)
            else:
                ids = [row for row in await self._as_of(index.page_at(prefix, start, at), at) if row]
                remaining = max(0, len(ids) - limit) if limit else 0
                ids = ids[:limit] if limit else ids
            records: list[Record] = []
            pacer = Pacer()
            for i in range(0, len(ids), _READ_ROWS_MAX):
                await pacer.pause()
                rows = await self._journal.read(ids[i : i + _READ_ROWS_MAX])
                records += [record for row in rows if row and (record := record_of(row))]
            if len(records) == len(ids):
                return Page(records, at, remaining > 0, remaining)
            # Compaction overtook this list: one as of a revision fails the check above, one of now begins again.

    async def _as_of(self, ids: Sequence[int], revision: int) -> Sequence[int]:
        before = row_id(revision + 1)
        newer = [row for row in ids if row >= before]
        if not newer:
            return ids
        found = iter(await self._journal.trace(newer, before))
        return [next(found) if row >= before else row for row in ids]

    # Writes

    async def commit(self, compares: tuple[Compare, ...], operations: tuple[Put | Delete, ...]) -> int:
        check_transaction(operations)
        return await self._submit(compares, operations)

    def _submit(self, compares: Sequence[Compare], operations: Sequence[Put | Delete]) -> asyncio.Future[int]:
        self._check_running()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        self._queue.append(_Request(compares, operations, future))
        self._schedule(loop)
        return future

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        # One turn later, so that writers which the last group has just woken are in the next one.
        if self._group is None and not self._scheduled and not self._paused:
            self._scheduled = True
            loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        group = Group(self._index, now_ms=now_ms(self._clock))
        members: list[_Request] = []
        queue = self._queue
        while queue and len(members) < self._group_transactions_max and group.size < self._group_bytes_max:
            request = queue.popleft()
            if request.future.done():  # the writer gave up before anything was done
                continue
            outcome = request.outcome = group.add(request.compares, request.operations)
            if isinstance(outcome, Refused) and outcome.pending is None:
                self._refuse(request.future, outcome)
            else:
                members.append(request)
        self._group, self._members = group, members
        if not group.rows:
            self._written({}, None)
            return
        previous = (
            [row.previous for row in group.rows if row.previous and row.version != 1]
            if self._hub.wants_previous
            else []
        )
        self._journal.append(group.rows, previous, self._written)

    def _written(self, previous: dict[int, Row], error: StoreError | None) -> None:
        group, members = self._group, self._members
        assert group is not None
        self._group, self._members = None, []
        if error is None and group.rows:
            self._index.apply(group.rows)
            self._watch_deadlines(group.rows)
            if len(self._hub):
                if self._hub.wants_previous:
                    previous |= {row.id: row for row in group.rows}
                events = tuple(event_of(row, previous.get(row.previous)) for row in group.rows)
                self._hub.publish(events, group.revision)
        for request in members:
            future, outcome = request.future, request.outcome
            if future.done():
                continue
            if error is not None:
                future.set_exception(error)
            elif isinstance(outcome, Refused):
                assert outcome.pending is not None
                future.set_exception(Conflict(outcome.key, record_of(outcome.pending)))
            else:
                future.set_result(outcome)
        if self._queue:
            self._schedule(asyncio.get_running_loop())
        elif self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def _refuse(self, future: asyncio.Future[int], refused: Refused) -> None:
        """Answer a transaction that the durable state refuses, with the record that decided."""
        if not refused.durable:
            future.set_exception(Conflict(refused.key, None))
            return
        self._tasks.start(self._refuse_with_record(future, refused), name="store conflict")

    async def _refuse_with_record(self, future: asyncio.Future[int], refused: Refused) -> None:
        try:
            row = (await self._journal.read([refused.durable]))[0]
            error: StoreError = Conflict(refused.key, record_of(row) if row else await self.get(refused.key))
        except StoreError as failure:
            error = failure
        except asyncio.CancelledError:
            error = StoreUnavailable("the store has stopped")
            raise
        finally:
            if not future.done():
                future.set_exception(error)

    def _check_running(self) -> None:
        if self._stopped:
            raise StoreUnavailable("the store is not running")

    # Keys that end by themselves

    def _watch_deadlines(self, rows: Sequence[Row]) -> None:
        expiry = self._expiry
        for row in rows:
            if row.expires_ms:
                expiry.add(row.key, row.id, row.expires_ms)
            elif len(expiry):
                expiry.drop(row.key)

    def _expire(self, key: str, row: int) -> None:
        if self._stopped:
            return
        future = self._submit((Compare(key, revision_of(row)),), (Delete(key),))

        def check(done: asyncio.Future[int]) -> None:
            if not done.cancelled() and (error := done.exception()) is not None and not isinstance(error, Conflict):
                self._expiry.retry(key, row, delay_s=_EXPIRY_RETRY_S)

        future.add_done_callback(check)

    # Watches

    async def watch(
        self, prefix: str, start_revision: int, deliver: Callable[[Batch], None], *, previous: bool = False
    ) -> HubWatch:
        """As the contract says; here all that is past is delivered before this returns."""
        self._check_running()
        watch = HubWatch(
            hub=self._hub,
            prefix=prefix,
            next_revision=start_revision,
            deliver=deliver,
            previous=previous,
            closed=asyncio.get_running_loop().create_future(),
        )
        try:
            if previous:
                await self._journal.read(())  # a group that is on its way was not asked for what was before
            await self._catch_up(watch, previous=previous)
        except BaseException:
            watch.close()
            raise
        if not watch.closed.done():
            self._hub.join(watch)
        return watch

    async def _catch_up(self, watch: HubWatch, *, previous: bool) -> None:
        pacer = Pacer()
        while (first := watch.next_revision) <= self._index.revision and not watch.closed.done():
            if first < self._index.compacted:
                raise Compacted(self._index.compacted, self._index.revision)
            reached = self._index.revision
            found = await self._journal.since(row_id(first), _READ_ROWS_MAX, previous=previous)
            if first < self._index.compacted:
                continue
            if len(found) >= _READ_ROWS_MAX:
                reached = min(reached, revision_of(found[-1][0].id))
            end = row_id(reached + 1)  # the journal may be ahead of the index by a group
            watch.catch_up(tuple(event_of(row, before) for row, before in found if row.id < end), reached)
            await pacer.pause()

    # Compaction

    async def compact(self, revision: int) -> None:
        async with self._compaction:
            self._check_running()
            if revision > self._index.revision:
                raise FutureRevision(revision, self._index.revision)
            if revision <= self._index.compacted:
                raise Compacted(self._index.compacted, self._index.revision)
            await self._journal.compact(revision)
            self._index.compacted = revision
        await self._scrub()

    async def _scrub(self) -> None:
        async with self._compaction:
            more, pacer = True, Pacer()
            while more and not self._stopped:
                await pacer.pause()
                graves, more = await self._journal.scrub(_SCRUB_ROWS_MAX)
                for key, grave in graves:
                    self._index.forget(key, grave)

    # Snapshots

    async def snapshot(self, path: Path) -> int:
        self._check_running()
        async with self._compaction:  # nothing of the state that is written down may be scrubbed meanwhile
            revision = self._index.revision
            ids, _ = self._index.page("", "", 0)
            now = now_ms(self._clock)
            writer = await asyncio.to_thread(SnapshotWriter, path, revision=revision)
            try:
                for i in range(0, len(ids), _READ_ROWS_MAX):
                    rows = await self._journal.read(ids[i : i + _READ_ROWS_MAX])
                    items = [(row.key, row.value, _ttl_s(row, now)) for row in rows if row]
                    await asyncio.to_thread(writer.add, items)
                await asyncio.to_thread(writer.finish)
            finally:
                await asyncio.to_thread(writer.abort)
        return revision

    async def restore(self, path: Path) -> int:
        self._check_running()
        snapshot = await asyncio.to_thread(open_snapshot, path)
        async with self._compaction:
            if len(self._index) or self._group is not None or self._queue:
                raise StoreBroken("only an empty store can be restored into; start with a new data directory")
            revision = max(self._index.revision, snapshot.revision) + 1
            self._paused = True  # whoever writes meanwhile does so after it
            try:
                self._take_over(await self._journal.replace(snapshot.puts(), revision, now_ms(self._clock)))
            finally:
                self._paused = False
                if self._queue:
                    self._schedule(asyncio.get_running_loop())
        self._hub.close(Compacted(self._index.compacted, self._index.revision))
        return self._index.revision


def _ttl_s(row: Row, now: int) -> int:
    return max(1, -(-(row.expires_ms - now) // 1000)) if row.expires_ms else 0
