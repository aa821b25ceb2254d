"""One watch on an etcd cluster: survives the loss of a member, and never shows half a transaction.

Invariants: after a reconnect it goes on at the first revision not delivered; responses that the server cut into
fragments are put together first; a response without events counts as progress only if the server sends it for a watch
that is in step.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from steersman.store.interface import Batch, Compacted, Event, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.store.etcd_keys import KeySpace
    from steersman.store.etcd_rpc import Members

_log = logging.getLogger(__name__)

_RETRY_S = 0.2
_EVERY_WATCH = -1


class EtcdWatch:
    """One subscription; fulfils `steersman.store.interface.Watch`. `run` is its life."""

    def __init__(
        self,
        *,
        members: Members,
        keys: KeySpace,
        prefix: str,
        start_revision: int,
        deliver: Callable[[Batch], None],
        previous: bool,
        whole: bool,
        give_up_s: float,
    ) -> None:
        """With `whole` the server is asked for all keys and those not under `prefix` are sorted out here, so that every
        revision shows; `give_up_s` without any member ends the watch.
        """
        loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.created: asyncio.Future[int] = loop.create_future()
        """The store's revision when the server had accepted the watch."""
        self.next_revision = start_revision
        self._members = members
        self._keys = keys
        self._prefix = prefix
        self._deliver = deliver
        self._previous = previous
        self._whole = whole
        self._give_up_s = give_up_s
        self._opened: Any = None
        self._stream: Any = None
        """The same, once others than `_follow` may write to it."""
        self._fragments: list[Any] = []
        self._writing = asyncio.Lock()
        """gRPC breaks a stream to which two write at a time."""
        self._asking = False

    def close(self) -> None:
        self.end(None)

    def end(self, error: StoreError | None) -> None:
        """Finish, for the reason given."""
        if self.closed.done():
            return
        if error is None:
            self.closed.set_result(None)
        else:
            self.closed.set_exception(error)
            self.closed.exception()  # a watcher that does not look is none of asyncio's business
        if not self.created.done():
            self.created.set_exception(error or StoreUnavailable("the watch was closed"))
            self.created.exception()
        if self._opened is not None:
            self._opened.cancel()

    async def run(self) -> None:
        """Watch until closed; connect again whenever the stream breaks."""
        loop = asyncio.get_running_loop()
        lost_at: float | None = None
        while not self.closed.done():
            try:
                member, stream = await self._members.watch()
                self._opened = stream
            except StoreUnavailable as error:
                lost_at = lost_at or loop.time()
                if loop.time() - lost_at >= self._give_up_s:
                    self.end(error)
                    return
                await asyncio.sleep(_RETRY_S)
                continue
            try:
                if await self._follow(stream):
                    lost_at = None
            except self._members.call_error as error:
                if self.closed.done():
                    return
                _log.info("watch of %r is interrupted: %s", self._prefix, self._members.explain(error))
            except asyncio.CancelledError:
                if not self.closed.done():
                    self.end(StoreUnavailable("the store has stopped"))
                raise
            finally:
                stream.cancel()
                self._opened = self._stream = None
            self._members.turn_from(member)
            if lost_at is None:
                lost_at = loop.time()
            elif loop.time() - lost_at >= self._give_up_s:
                self.end(StoreUnavailable(f"no watch can be kept at etcd {self._members}"))
            else:
                await asyncio.sleep(_RETRY_S)

    async def request_progress(self) -> None:
        """Ask the server to say how far this watch is."""
        if self._asking:
            return  # what has not been written yet asks for now as well
        self._asking = True
        async with self._writing:
            self._asking = False
            stream = self._stream
            if stream is None or not self.created.done():
                return
            request = self._members.messages["WatchRequest"]()
            request.progress_request.SetInParent()
            try:
                await stream.write(request)
            except (self._members.call_error, asyncio.InvalidStateError):
                return  # the stream is breaking; what comes after it shows the progress as well

    async def _follow(self, stream: Any) -> bool:
        """Take what the stream brings until it ends; whether it brought anything."""
        from grpc.aio import EOF  # noqa: PLC0415 - loaded by now

        request = self._members.messages["WatchRequest"]()
        create = request.create_request
        create.key, create.range_end = self._keys.everything() if self._whole else self._keys.range_of(self._prefix)
        create.start_revision = self._keys.to_remote(self.next_revision)
        create.progress_notify = True
        create.prev_kv = self._previous
        create.fragment = True
        async with self._writing:
            await stream.write(request)
            self._stream = stream  # from here on others may write to it
        self._fragments = []
        heard, known = False, 0
        while not self.closed.done():
            response = await stream.read()
            if response is EOF:
                break
            known = max(known, response.header.revision)  # a cancellation has none
            if response.canceled:
                if response.compact_revision:
                    self.end(
                        Compacted(self._keys.from_remote(response.compact_revision), self._keys.from_remote(known))
                    )
                break
            heard = True
            if response.created:
                if not self.created.done():
                    self.created.set_result(self._keys.from_remote(response.header.revision))
            else:
                self._take(response)
        return heard

    def _take(self, response: Any) -> None:
        if self.closed.done() or (response.watch_id == _EVERY_WATCH and self._fragments):
            return  # closed while the response was on its way to this task, or a promise in the middle of fragments
        self._fragments.extend(response.events)
        if response.fragment:
            return
        from_remote = self._keys.from_remote
        found, self._fragments = self._fragments, []
        revision = from_remote(found[-1].kv.mod_revision if found else response.header.revision)
        events = tuple(event for raw in found if (event := self._event(raw)) is not None)
        if revision < self.next_revision:
            return
        self.next_revision = revision + 1
        try:
            self._deliver(Batch(events, revision))
        except Exception as error:  # noqa: BLE001 - the end of the store's own code, as the top of a task is
            _log.exception("watch of %r: its subscriber failed and is cut off", self._prefix)
            self.end(StoreUnavailable(f"the subscriber failed: {error}"))

    def _event(self, raw: Any) -> Event | None:
        key = self._keys.from_remote_key(raw.kv.key)
        if key is None or not key.startswith(self._prefix):
            return None
        record_of = self._keys.record_of
        previous = record_of(raw.prev_kv) if raw.HasField("prev_kv") else None
        revision = self._keys.from_remote(raw.kv.mod_revision)
        return Event(key, None if raw.type else record_of(raw.kv), previous, revision)
