"""reflector: keeps a copy of a collection up to date, whatever happens to the connection.

    stream what is there (watch-list) > watch > the watch ends or breaks: watch on from the last revision
                                              > that revision is too old (Expired): stream everything again

The sink is given whole contents and single changes, never a part of a content.
Upstream differences: there is no fallback to paged lists; every server that speaks v1.34 or later streams.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from steersman.api.errors import ApiError, Expired, Gone
from steersman.client.errors import TransportError, is_cause, retry_after_s
from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.request import Named
    from steersman.client.transport import WatchEvent

WATCH_S = 300
"""A watch is asked to last this long, up to twice as long at random, so that watches do not all end at once."""
BACKOFF_S, BACKOFF_S_MAX, BACKOFF_RESET_S = 0.8, 30.0, 120.0
INITIAL_EVENTS_END = "k8s.io/initial-events-end"
_TOO_LARGE = "ResourceVersionTooLarge"


class Sink(Protocol):
    """Who wants the copy. Neither method waits or raises."""

    def replace(self, objects: list[Object], revision: str) -> None:
        """Nothing but these is there at `revision`."""

    def apply(self, events: Sequence[WatchEvent], revision: str) -> None:
        """Changes in their order, no bookmarks among them; perhaps none. All up to `revision` has been told now."""


class Reflector:
    """One collection, or the part of it that selectors leave."""

    def __init__(
        self,
        *,
        client: Client,
        resource: Named,
        sink: Sink,
        rng: Random,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
    ) -> None:
        self._client = client
        self._resource = resource
        self._sink = sink
        self._rng = rng
        self._namespace = namespace
        self._labels = labels
        self._fields = fields
        self._revision = ""
        self._backoff_s = BACKOFF_S
        self._logger = logging.getLogger(f"{__name__}.{resource.plural}")

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            begun = loop_time()
            try:
                await self._follow()
                wait_s = 0.0  # the server ended the watch in an orderly way
            except (Expired, Gone) as error:
                self._logger.info("too far behind, reading everything again: %s", error)
                self._revision = ""
                wait_s = 0.0
            except ApiError as error:
                if is_cause(error, _TOO_LARGE):
                    self._revision = ""  # the store went back to an older state
                self._logger.warning("cannot watch: %s", error)
                wait_s = float(retry_after_s(error) or 0) or self._next_backoff_s(begun)
            except TransportError as error:
                self._logger.info("the watch broke: %s", error)
                wait_s = self._next_backoff_s(begun)
            if wait_s or loop_time() - begun < 1.0:
                await asyncio.sleep(wait_s or self._next_backoff_s(begun))

    def _next_backoff_s(self, begun: float) -> float:
        """Longer each time, until things went well for a while."""
        if loop_time() - begun > BACKOFF_RESET_S:
            self._backoff_s = BACKOFF_S
        wait_s = self._backoff_s * (1 + self._rng.random())
        self._backoff_s = min(2 * self._backoff_s, BACKOFF_S_MAX)
        return wait_s

    async def _follow(self) -> None:
        """One watch, from what is known."""
        content: list[Object] | None = None if self._revision else []
        watch = await self._client.watch(
            self._resource,
            namespace=self._namespace,
            labels=self._labels,
            fields=self._fields,
            resource_version=self._revision,
            initial_events=content is not None,
            timeout_s=WATCH_S + self._rng.randrange(WATCH_S),
        )
        try:
            async for events in watch:
                if content is not None:
                    content, events = self._collect(content, events)
                self._tell(events)
        finally:
            await watch.close()

    def _collect(self, content: list[Object], events: list[WatchEvent]) -> tuple[list[Object] | None, list[WatchEvent]]:
        """What is still being collected (None: all is told), and the events behind it."""
        for position, event in enumerate(events):
            if event.type != "BOOKMARK":
                content.append(event.object)
            elif INITIAL_EVENTS_END in (event.object["metadata"].get("annotations") or {}):
                self._revision = event.object["metadata"]["resourceVersion"]
                self._sink.replace(content, self._revision)
                return None, events[position + 1 :]
        return content, []

    def _tell(self, events: list[WatchEvent]) -> None:
        if not events:
            return
        self._revision = events[-1].object["metadata"]["resourceVersion"]
        self._sink.apply([event for event in events if event.type != "BOOKMARK"], self._revision)
