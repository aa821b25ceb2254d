"""Who listens to an embedded store: delivers each group of durable changes to every live watch, on the event loop.

Invariants: a watch joins with everything before its first delivery already seen, so nothing is missed and nothing
comes twice; a subscriber that raises loses its watch and disturbs nobody else.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from steersman.store.interface import Batch, StoreUnavailable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from steersman.store.interface import Event, StoreError

_log = logging.getLogger(__name__)


class HubWatch:
    """One subscription; fulfils `steersman.store.interface.Watch`."""

    __slots__ = ("_deliver", "_hub", "_prefix", "_previous", "closed", "next_revision")

    def __init__(
        self,
        *,
        hub: Hub,
        prefix: str,
        next_revision: int,
        deliver: Callable[[Batch], None],
        previous: bool,
        closed: asyncio.Future[None],
    ) -> None:
        self.closed = closed
        self.next_revision = next_revision
        """The first revision that the watcher has not seen."""
        self._previous = previous
        self._hub = hub
        hub.wants_previous += previous
        self._prefix = prefix
        self._deliver = deliver

    def close(self) -> None:
        self.end(None)

    def end(self, error: StoreError | None) -> None:
        """Finish, for the reason given."""
        if self.closed.done():
            return
        self._hub.leave(self)
        self._hub.wants_previous -= self._previous
        if error is None:
            self.closed.set_result(None)
        else:
            self.closed.set_exception(error)
            self.closed.exception()  # a watcher that does not look is none of asyncio's business

    def catch_up(self, events: tuple[Event, ...], revision: int) -> None:
        """Deliver what happened before the watch joined; like `offer`, but a revision without events counts as seen."""
        self.offer(events, revision)
        if self.next_revision <= revision:
            self.next_revision = revision + 1

    def offer(self, events: tuple[Event, ...], revision: int) -> None:
        """Deliver those of `events`, all of one or more whole revisions up to `revision`, that are new and of
        interest.
        """
        if revision < self.next_revision or self.closed.done():
            return
        if events and events[0].revision < self.next_revision:
            events = tuple(event for event in events if event.revision >= self.next_revision)
        if prefix := self._prefix:
            had = bool(events)
            events = tuple(event for event in events if event.key.startswith(prefix))
            if had and not events:
                return  # the next bookmark covers it
        self.next_revision = revision + 1
        try:
            self._deliver(Batch(events, revision))
        except Exception as error:  # noqa: BLE001 - the end of the store's own code, as the top of a task is
            _log.exception("watch of %r: its subscriber failed and is cut off", prefix)
            self.end(StoreUnavailable(f"the subscriber failed: {error}"))


class Hub:
    """The live watches of one store."""

    __slots__ = ("_watches", "wants_previous")

    def __init__(self) -> None:
        self.wants_previous = 0
        """How many open watches, joined or about to, must be told what a key held before."""
        self._watches: tuple[HubWatch, ...] = ()

    def __len__(self) -> int:
        return len(self._watches)

    def join(self, watch: HubWatch) -> None:
        """From now on `watch` is offered everything that is published."""
        self._watches = (*self._watches, watch)

    def leave(self, watch: HubWatch) -> None:
        self._watches = tuple(other for other in self._watches if other is not watch)

    def publish(self, events: tuple[Event, ...], revision: int) -> None:
        for watch in self._watches:
            watch.offer(events, revision)

    def bookmark(self, revision: int) -> None:
        """Tell those that lag because nothing of theirs changed that they have seen everything up to `revision`."""
        for watch in self._watches:
            if watch.next_revision <= revision:
                watch.offer((), revision)

    def close(self, error: StoreError | None) -> None:
        for watch in self._watches:
            watch.end(error)
