"""watch: the changes of a collection as they happen, one frame an event, encoded once for all who want the same form.

Begins with what is there (no version, 0, or sendInitialEvents), or with what came after a version. Objects that enter
or leave a selection are ADDED and DELETED. A client that reads too slowly is cut off: it lists and watches again.
Where a webhook converts, changes wait in their order until it has answered; what cannot be converted ends the watch.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from steersman.api.errors import ApiError, Expired
from steersman.apiserver import respond, store_failure
from steersman.apiserver.options import list_options
from steersman.apiserver.selection import select
from steersman.apiserver.verbs.list import matching_seen
from steersman.apiserver.versions import check_reached, parse_version
from steersman.lib.http.message import StreamResponse
from steersman.store.interface import Compacted, StoreError

if TYPE_CHECKING:
    from steersman.apiserver.call import Call
    from steersman.apiserver.conversion.views import View
    from steersman.apiserver.options import ListOptions
    from steersman.apiserver.selection import Selection
    from steersman.apiserver.service import Service
    from steersman.apiserver.watchframes import Frames
    from steersman.lib.http.message import BodyStream
    from steersman.store.watchcache import Change, Entry

UNREAD_BYTES_MAX = 16 * 1024 * 1024
"""A watcher with more than this in its send buffer is cut off."""
BOOKMARK_S = 60.0
MIN_TIMEOUT_S = 1800
CONVERTED_MAX = 64
"""Changes that are converted together."""
INITIAL_SLICE_BYTES = 128 * 1024
"""Of the initial events, so much is written at a time; then the client must have read some."""


class _Unreadable(ApiError):
    code, reason = 500, ""


def watch(call: Call, service: Service) -> StreamResponse:
    """Raises BadRequest, Invalid, Timeout. What goes wrong later is an ERROR event."""
    options = list_options(call.query, watch=True)
    selection = select(
        call.served.resource, options, prefix=call.served.range_prefix(call.info.namespace), name=call.single_name
    )
    version = parse_version(options.resource_version, _Unreadable) if options.resource_version else 0
    timeout_s = options.timeout_s or service.rng.randint(MIN_TIMEOUT_S, 2 * MIN_TIMEOUT_S)
    frames = respond.watch_frames(call)
    running = RunningWatch(service=service, call=call, frames=frames, selection=selection, options=options)
    return StreamResponse(
        status=200,
        content_type=frames.content_type,
        headers=respond.NO_CACHE,
        unique_headers=respond.warning_headers(call.warnings),
        run=lambda stream: running.run(stream, version, timeout_s),
    )


class RunningWatch:
    """One watcher: a Watcher of the collection, and the coroutine that lives as long as the answer."""

    def __init__(
        self, *, service: Service, call: Call, frames: Frames, selection: Selection, options: ListOptions
    ) -> None:
        self._service = service
        self._served = call.served
        self._info = call.info
        self._frames = frames
        self._selection = selection
        self._options = options
        self._counter, self._sizes = service.metrics.watched(call.served.resource)
        self._stream: BodyStream
        self._done: asyncio.Future[None]
        self._sent = 0
        """Revision up to which the client is informed."""
        self._view = call.served.view
        self._held = False
        """The client still reads what was there."""
        self._waiting: list[Change] = []
        """Changes that came meanwhile, or are to be converted; their size is bounded as the buffer's is."""
        self._arrived = asyncio.Event()
        self._waiting_bytes = 0
        self._bookmark_timer: asyncio.TimerHandle | None = None

    async def run(self, stream: BodyStream, version: int, timeout_s: float) -> None:
        collection = self._served.collection
        self._stream = stream
        loop = asyncio.get_running_loop()
        self._done = loop.create_future()
        if collection is None:
            return
        timer = loop.call_later(timeout_s, self._end)
        bookmark = loop.call_later(BOOKMARK_S, self._bookmark_later) if self._options.allow_bookmarks else None
        self._bookmark_timer = bookmark
        stream.on_close(self._end)
        self._service.watches.add(self)
        try:
            await self._begin(version)
            if self._view is not None:
                await self._convert_changes(self._view)
            await self._done
        finally:
            timer.cancel()
            if self._bookmark_timer is not None:
                self._bookmark_timer.cancel()
            self._service.watches.discard(self)
            collection.unsubscribe(self)

    async def _begin(self, version: int) -> None:
        options, cache = self._options, self._service.cache
        if version == 0 and not options.resource_version:
            try:
                await cache.fresh()
            except StoreError as error:
                self._fail(store_failure.explain(error, self._info))
                return
        with_state = options.send_initial_events if options.send_initial_events is not None else version == 0
        if options.send_initial_events and version:
            try:
                await check_reached(cache, version)
            except ApiError as error:
                self._fail(error)
                return
        collection = self._served.collection
        if collection is None:
            return
        if not with_state:
            self._sent = version or cache.revision
            try:
                missed = collection.subscribe(self, self._sent)
            except Compacted as error:
                why = f"too old resource version: {version} ({error.compact_revision})"
                self._fail(Expired(why))
                return
            for change in missed:
                self.offer(change)
            return
        self._sent = cache.revision
        self._held = True
        collection.subscribe(self, self._sent)
        try:
            entries = await matching_seen(self._served, self._selection)
        except ApiError as error:
            self._fail(error)
            return
        await self._send_state(entries)

    async def _send_state(self, entries: list[Entry]) -> None:
        """What is there, as ADDED. Changes that come meanwhile wait their turn, so that the order holds."""
        at = self._sent
        written = 0
        for entry in entries:
            event = self._frames.event("ADDED", entry)
            self._stream.write(event)
            size = len(event)
            self._count(size)
            written += size
            if written >= INITIAL_SLICE_BYTES:
                written = 0
                if self._stream.paused:
                    await self._stream.drain()
                    if self._done.done():
                        return
        if self._options.send_initial_events:
            self._stream.write(self._frames.bookmark(at, initial_events_end=True))
        self._held = False
        if self._view is None:
            waiting, self._waiting = self._waiting, []
            for change in waiting:
                self._deliver(change)

    def offer(self, change: Change) -> None:
        if not self._held and self._view is None:
            self._deliver(change)
            return
        self._waiting.append(change)
        self._waiting_bytes += len(change.entry.body)
        if self._waiting_bytes > UNREAD_BYTES_MAX:
            self._stream.abort()  # it may never read what is before them
        self._arrived.set()

    async def _convert_changes(self, view: View) -> None:
        """Deliver what waits, batch by batch, as long as the watch lasts."""
        while not self._done.done():
            self._arrived.clear()
            changes = self._waiting[:CONVERTED_MAX]
            if not changes:
                await self._arrived.wait()
                continue
            try:
                converted = await view.changes(changes)
            except ApiError as error:
                self._fail(error)
                return
            for change in converted:
                if not self._done.done():
                    self._deliver(change)
            del self._waiting[: len(changes)]
            self._waiting_bytes -= sum(len(change.entry.body) for change in changes)

    def _deliver(self, change: Change) -> None:
        entry = change.entry
        selection = self._selection
        self._sent = change.revision
        if not selection.in_range(entry.key):
            return
        event = _event(change, selection)
        if event is None:
            return
        stream = self._stream
        frame = self._frame(event, change)
        stream.write_framed(frame)
        self._count(len(frame))
        if stream.buffered > UNREAD_BYTES_MAX:
            self._end()

    def _count(self, size: int) -> None:
        self._counter.value += 1
        self._sizes.observe(size)

    def _frame(self, event: str, change: Change) -> bytes:
        """Shared by all watchers of the same form: each change is encoded once."""
        key: Any = (self._frames.key, event)
        frame = change.frames.get(key)
        if frame is None:
            if event == "DELETED" and change.previous is not None:
                # The object as it was last, at the revision at which it left.
                entry = self._served.index.restamp(change.previous, change.revision)
            else:
                entry = change.entry
            frame = change.frames[key] = self._frames.framed(event, entry)
        return frame

    def lost(self) -> None:
        self._end()

    def stop(self) -> None:
        """The server drains."""
        self._end()

    def _end(self) -> None:
        self._arrived.set()
        if not self._done.done():
            self._done.set_result(None)

    def _fail(self, error: ApiError) -> None:
        if not self._done.done():
            self._stream.write(self._frames.error(error))
        self._end()

    def _bookmark_later(self) -> None:
        """Once a minute: how far the client is up to date although nothing came."""
        if self._done.done():
            return
        if not self._held and not self._waiting:
            collection = self._served.collection
            behind = collection is not None and collection.busy
            revision = self._sent if behind else max(self._sent, self._service.cache.revision)
            self._stream.write(self._frames.bookmark(revision))
        self._bookmark_timer = asyncio.get_running_loop().call_later(BOOKMARK_S, self._bookmark_later)


def _event(change: Change, selection: Selection) -> str | None:
    """What a change is to somebody who sees only the selection."""
    previous = change.previous
    if selection.everything:
        if change.deleted:
            return "DELETED"
        return "ADDED" if previous is None else "MODIFIED"
    was = previous is not None and selection.matches(previous)
    if change.deleted:
        return "DELETED" if was else None
    if selection.matches(change.entry):
        return "MODIFIED" if was else "ADDED"
    return "DELETED" if was else None
