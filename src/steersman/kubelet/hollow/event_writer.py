"""Events of thousands of kubelets: one queue, a few writers, each event written as the node that it comes from.

Upstream: every kubelet has a recorder (client-go tools/record) of its own. What one of them would count, combine or
leave out is counted, combined or left out here, since that goes by source.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from steersman.api.core.event import EVENTS
from steersman.api.errors import ApiError, NotFound
from steersman.api.meta.names import dns1123_subdomain
from steersman.api.meta.times import format_time
from steersman.client.errors import TransportError
from steersman.client.event_correlator import Correlator, Happening, Source
from steersman.client.events import render_event
from steersman.client.request import Key, PatchType
from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from random import Random

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.lib.clock import Clock

QUEUED_MAX = 200_000
"""A few for each pod of a large cluster that starts at once."""
COMPONENT = "kubelet"


class EventWriter:
    """Shared by all nodes. `run` sends; several may run at once."""

    def __init__(self, *, clock: Clock, rng: Random) -> None:
        self._clock = clock
        self._rng = rng
        self._queue: asyncio.Queue[tuple[Client, Happening]] = asyncio.Queue(QUEUED_MAX)
        self._correlator = Correlator()
        self._last_ns = 0
        self._logger = logging.getLogger(__name__)

    def __len__(self) -> int:
        """How many wait."""
        return self._queue.qsize()

    def emit(self, client: Client, node: str, regarding: Object, kind: str, reason: str, message: str) -> None:
        """`regarding`: an ObjectReference. `kind`: Normal or Warning. Never waits."""
        now = self._clock.now()
        time = format_time(now)
        self._last_ns = ns = max(int(now.timestamp() * 1e6) * 1000, self._last_ns + 1)
        name = f"{regarding['name']}.{ns:x}"
        if dns1123_subdomain(name):
            name = f"event-{self._rng.getrandbits(128):032x}"  # objects may be called what Events may not
        happening = Happening(
            name=name,
            namespace=regarding.get("namespace") or "default",
            regarding=regarding,
            source=Source(COMPONENT, node),
            type=kind,
            reason=reason,
            message=message,
            first_time=time,
            last_time=time,
        )
        try:
            self._queue.put_nowait((client, happening))
        except asyncio.QueueFull:
            self._logger.error("%d events wait, one is dropped: %s", QUEUED_MAX, happening)  # noqa: TRY400 - no bug

    async def run(self) -> None:
        """Until cancelled. An event is never worth trying twice: what is refused is dropped."""
        while True:
            client, happening = await self._queue.get()
            try:
                sent = self._correlator.correlate(happening, now=loop_time())
                if sent is not None:
                    await self._write(client, sent)
            except (ApiError, TransportError) as error:
                self._logger.debug("event is dropped: %s: %s", error, happening)
            finally:
                self._queue.task_done()

    async def settled(self) -> None:
        """Wait until nothing waits."""
        await self._queue.join()

    async def _write(self, client: Client, happening: Happening) -> None:
        if happening.count > 1:
            patch = {"count": happening.count, "lastTimestamp": happening.last_time, "message": happening.message}
            key = Key(happening.namespace, happening.name)
            try:
                await client.patch(EVENTS, key, patch, kind=PatchType.STRATEGIC)
            except NotFound:
                pass  # Events do not live long
            else:
                return
        await client.create(EVENTS, render_event(happening))
