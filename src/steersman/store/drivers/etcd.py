"""etcd: a store in an etcd v3 cluster, which other API servers may share.

Keys lie as upstream lays them out, under `prefix` (usually none). Transactions compare modification revisions; keys
with a time to live hang on leases, one of which serves many keys; a watch survives the loss of a member.

Differences from the embedded stores: a batch may be delivered after the commit that caused it has returned; a write
whose answer is lost raises StoreUnavailable and may have happened; a restore that fails halfway leaves what it had
written.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from steersman.lib.aio import Tasks, loop_time
from steersman.store.etcd_keys import KeySpace
from steersman.store.etcd_rpc import AheadOfRemote, CompactedRemotely, LeaseNotFound, Members
from steersman.store.etcd_watch import EtcdWatch
from steersman.store.interface import (
    Compacted,
    Conflict,
    FutureRevision,
    Page,
    Put,
    StoreBroken,
    StoreUnavailable,
)
from steersman.store.mvcc import check_transaction
from steersman.store.snapshot import SnapshotWriter, open_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from steersman.store.etcd_rpc import EtcdTLS
    from steersman.store.interface import Batch, Compare, Delete, Record, StoreError
    from steersman.store.snapshot import Snapshot

_PAGE_KEYS_MAX = 1000
_RESTORE_KEYS_MAX = 100
_RESTORE_BYTES_MAX = 1_000_000
_LEASE_REUSE_S_MAX = 60
_LEASE_REUSE_SHARE = 0.05
_LEASE_KEYS_MAX = 1000
_SAFE_PROGRESS = {(3, 4): 25, (3, 5): 8}
"""Older patch releases of these answer a progress request before the events that it promises have been sent."""


class EtcdStore:
    """Fulfils `steersman.store.interface.Store` over the cluster at `endpoints` (host:port)."""

    embedded = False

    def __init__(
        self,
        *,
        endpoints: tuple[str, ...],
        tls: EtcdTLS | None = None,
        prefix: str = "",
        timeout_s: float = 5.0,
        watch_give_up_s: float = 30.0,
        progress_requests: bool | None = None,
    ) -> None:
        """`progress_requests` None: use them if the server's version answers them rightly."""
        self._members = Members(endpoints=endpoints, tls=tls, timeout_s=timeout_s)
        self._keys = KeySpace(prefix=prefix)
        self._watch_give_up_s = watch_give_up_s
        self._progress_requests = progress_requests
        self._watches: set[EtcdWatch] = set()
        self._tasks = Tasks()
        self._leases = _Leases(self._members)

    # Lifetime

    async def start(self) -> None:
        self._tasks = Tasks()
        await self._members.open()
        try:
            if self._progress_requests is None:
                self._progress_requests = _answers_progress(await self._status())
            stored = await self._members.read("Range", self._new("RangeRequest", key=self._keys.shift_key))
        except StoreUnavailable as error:
            await self._members.close()
            raise StoreBroken(f"{error}; start etcd or correct the address") from error
        except BaseException:
            await self._members.close()
            raise
        self._keys.shift = int(stored.kvs[0].value) if stored.kvs else 0

    async def _status(self) -> str:
        version: str = (await self._members.read("Status", self._new("StatusRequest"))).version
        return version

    async def stop(self) -> None:
        for watch in tuple(self._watches):
            watch.end(StoreUnavailable("the store has stopped"))
        await self._tasks.close()
        await self._members.close()

    # Reads

    async def revision(self) -> int:
        response = await self._members.read("Range", self._new("RangeRequest", key=self._keys.probe_key))
        revision = self._keys.from_remote(response.header.revision)
        if self._progress_requests:
            for watch in tuple(self._watches):
                if watch.next_revision <= revision:
                    await watch.request_progress()
        return revision

    async def get(self, key: str, *, revision: int = 0) -> Record | None:
        request = self._new("RangeRequest", key=self._keys.to_remote_key(key))
        response = await self._range(request, revision)
        return self._keys.record_of(response.kvs[0]) if response.kvs else None

    async def list(self, prefix: str, *, start: str = "", revision: int = 0, limit: int = 0) -> Page:
        records: list[Record] = []
        first, end = self._keys.range_of(prefix, start)
        while True:
            wanted = min(_PAGE_KEYS_MAX, limit - len(records)) if limit else _PAGE_KEYS_MAX
            request = self._new("RangeRequest", key=first, range_end=end, limit=wanted)
            response = await self._range(request, revision)
            records += map(self._keys.record_of, response.kvs)
            revision = revision or self._keys.from_remote(response.header.revision)
            remaining = max(0, response.count - len(response.kvs))
            if not remaining or not response.kvs or len(records) == limit:
                return Page(records, revision, remaining > 0, remaining)
            first = response.kvs[-1].key + b"\0"

    async def _range(self, request: Any, revision: int) -> Any:
        if revision:
            if revision <= self._keys.shift:
                raise await self._compacted()
            request.revision = self._keys.to_remote(revision)
        try:
            return await self._members.read("Range", request)
        except CompactedRemotely:
            raise await self._compacted() from None
        except AheadOfRemote:
            raise FutureRevision(revision, await self.revision()) from None

    async def _compacted(self) -> StoreError:
        """The error that says since when; only a watch is told that."""
        watch = self._new_watch("", self._keys.shift + 1, lambda _: None, previous=False)
        self._tasks.start(watch.run(), name="etcd compaction probe")
        try:
            await asyncio.wait((watch.closed,), timeout=self._watch_give_up_s)
        finally:
            watch.close()
        error = watch.closed.exception()
        if isinstance(error, Compacted):
            return error
        revision = await self.revision()
        return Compacted(revision, revision)

    # Writes

    async def commit(self, compares: tuple[Compare, ...], operations: tuple[Put | Delete, ...]) -> int:
        check_transaction(operations)
        while True:
            try:
                request = await self._transaction(compares, operations)
                response = await self._members.write("Txn", request)
            except LeaseNotFound:
                self._leases.forget()  # somebody revoked it; nothing was written
                continue
            if response.succeeded:
                return self._keys.from_remote(response.header.revision)
            raise self._conflict(compares, response)

    async def _transaction(self, compares: tuple[Compare, ...], operations: tuple[Put | Delete, ...]) -> Any:
        keys = self._keys
        request = self._new("TxnRequest")
        for compare in compares:
            revision = keys.to_remote(compare.mod_revision) if compare.mod_revision else 0
            condition = request.compare.add()
            condition.target = condition.MOD
            condition.key, condition.mod_revision = keys.to_remote_key(compare.key), revision
            request.failure.add().request_range.key = condition.key
        for operation in operations:
            if isinstance(operation, Put):
                put = request.success.add().request_put
                put.key, put.value = keys.to_remote_key(operation.key), operation.value
                if operation.ttl_s > 0:
                    put.lease = await self._leases.lease(operation.ttl_s)
            else:
                request.success.add().request_delete_range.key = keys.to_remote_key(operation.key)
        return request

    def _conflict(self, compares: tuple[Compare, ...], response: Any) -> Conflict:
        for compare, found in zip(compares, response.responses, strict=True):
            kvs = found.response_range.kvs
            current = self._keys.record_of(kvs[0]) if kvs else None
            if (current.mod_revision if current else 0) != compare.mod_revision:
                return Conflict(compare.key, current)
        raise StoreUnavailable("etcd refused a transaction whose conditions hold")

    # Watches

    async def watch(
        self, prefix: str, start_revision: int, deliver: Callable[[Batch], None], *, previous: bool = False
    ) -> EtcdWatch:
        """As the contract says; what is past may be delivered after this returns."""
        if start_revision <= self._keys.shift:
            raise await self._compacted()
        watch = self._new_watch(prefix, start_revision, deliver, previous=previous)
        self._watches.add(watch)
        watch.closed.add_done_callback(lambda _: self._watches.discard(watch))
        self._tasks.start(watch.run(), name=f"etcd watch {prefix}")
        try:
            if start_revision <= await watch.created:
                # etcd accepts a watch of what is compacted and cancels it a moment later.
                await self._range(self._new("RangeRequest", key=self._keys.probe_key), start_revision)
        except BaseException:
            watch.close()
            raise
        return watch

    def _new_watch(
        self, prefix: str, start_revision: int, deliver: Callable[[Batch], None], *, previous: bool
    ) -> EtcdWatch:
        return EtcdWatch(
            members=self._members,
            keys=self._keys,
            prefix=prefix,
            start_revision=start_revision,
            deliver=deliver,
            previous=previous,
            whole=not self._progress_requests,
            give_up_s=self._watch_give_up_s,
        )

    # Compaction, snapshots

    async def compact(self, revision: int) -> None:
        if revision <= self._keys.shift:
            raise await self._compacted()
        request = self._new("CompactionRequest", revision=self._keys.to_remote(revision), physical=False)
        try:
            await self._members.write("Compact", request)
        except CompactedRemotely:
            raise await self._compacted() from None
        except AheadOfRemote:
            raise FutureRevision(revision, await self.revision()) from None

    async def snapshot(self, path: Path) -> int:
        first, end = self._keys.range_of("")
        request = self._new("RangeRequest", key=first, range_end=end, limit=_PAGE_KEYS_MAX)
        response = await self._range(request, 0)
        revision = self._keys.from_remote(response.header.revision)
        lives: dict[int, int] = {0: 0}
        writer = await asyncio.to_thread(SnapshotWriter, path, revision=revision)
        try:
            while response.kvs:
                for lease in {kv.lease for kv in response.kvs} - lives.keys():
                    lives[lease] = await self._leases.remaining_s(lease)
                records = ((self._keys.record_of(kv), kv.lease) for kv in response.kvs)
                items = [(record.key, record.value, lives[lease]) for record, lease in records]
                await asyncio.to_thread(writer.add, items)
                request.key = response.kvs[-1].key + b"\0"
                response = await self._range(request, revision)
            await asyncio.to_thread(writer.finish)
        finally:
            await asyncio.to_thread(writer.abort)
        return revision

    async def restore(self, path: Path) -> int:
        snapshot = await asyncio.to_thread(open_snapshot, path)
        first, end = self._keys.range_of("")
        if (await self._range(self._new("RangeRequest", key=first, range_end=end, limit=1), 0)).kvs:
            raise StoreBroken("only an empty store can be restored into; use a new cluster or another prefix")
        now = await self.revision()
        shift = max(0, snapshot.revision - now) + self._keys.shift
        request = self._new("TxnRequest")
        put = request.success.add().request_put
        put.key, put.value = self._keys.shift_key, str(shift).encode()
        await self._members.write("Txn", request)
        self._keys.shift = shift
        revision = await self.revision()
        for puts in _chunks(snapshot):
            revision = await self.commit((), puts)
        await self.compact(revision)
        return revision

    def _new(self, name: str, **fields: Any) -> Any:
        return self._members.messages[name](**fields)


class _Leases:
    """Leases for keys with a time to live; keys written at about the same time with the same time to live share one."""

    def __init__(self, members: Members) -> None:
        self._members = members
        self._open: dict[int, tuple[int, float, int]] = {}
        self._granting = asyncio.Lock()

    def forget(self) -> None:
        self._open.clear()

    async def lease(self, ttl_s: int) -> int:
        """The id of a lease that lasts at least `ttl_s`, and at most a twentieth or a minute longer."""
        async with self._granting:
            lease, until, keys = self._open.get(ttl_s, (0, 0.0, 0))
            if loop_time() >= until or keys >= _LEASE_KEYS_MAX:
                reuse_s = min(_LEASE_REUSE_S_MAX, int(ttl_s * _LEASE_REUSE_SHARE))
                begun = loop_time()
                request = self._members.messages["LeaseGrantRequest"](TTL=ttl_s + reuse_s)
                lease, until, keys = (await self._members.write("LeaseGrant", request)).ID, begun + reuse_s, 0
            self._open[ttl_s] = (lease, until, keys + 1)
            return lease

    async def remaining_s(self, lease: int) -> int:
        request = self._members.messages["LeaseTimeToLiveRequest"](ID=lease)
        ttl_s: int = (await self._members.read("LeaseTimeToLive", request)).TTL
        return max(1, ttl_s)


def _answers_progress(version: str) -> bool:
    numbers = [int(part) if part.isdigit() else 0 for part in version.split("-", maxsplit=1)[0].split(".")[:3]]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return (major, minor) >= (3, 4) and patch >= _SAFE_PROGRESS.get((major, minor), 0)


def _chunks(snapshot: Snapshot) -> Iterator[tuple[Put, ...]]:
    chunk: list[Put] = []
    size = 0
    for put in snapshot.puts():
        if chunk and (len(chunk) == _RESTORE_KEYS_MAX or size + len(put.value) > _RESTORE_BYTES_MAX):
            yield tuple(chunk)
            chunk, size = [], 0
        chunk.append(put)
        size += len(put.value)
    if chunk:
        yield tuple(chunk)
