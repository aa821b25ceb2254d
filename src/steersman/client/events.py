"""events: tells users what was done to an object, as Events (core/v1) beside it.

    recorder.event(obj, ...) > bounded queue > counted, combined or left out > create, or patch the count

Writes: events (create, patch). An event is never worth waiting for: what cannot be queued or written is dropped, and
the log says so.
Upstream: client-go tools/record. Differences: a name's time is unique, also for events of one microsecond, and hardly
ever that of another component; what the server answers is not remembered, since nothing in it decides anything.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from zlib import crc32

from steersman.api.core.event import EVENTS
from steersman.api.errors import AlreadyExists, ApiError, NotFound
from steersman.api.meta.names import dns1123_subdomain
from steersman.api.meta.times import format_time
from steersman.client.errors import TransportError, is_cause
from steersman.client.event_correlator import Correlator, Happening, Source
from steersman.client.request import Key, PatchType
from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.lib.clock import Clock

NORMAL, WARNING = "Normal", "Warning"
QUEUED_MAX = 1000
TRIES_MAX = 12
RETRY_S = 10.0
_NAMESPACE_TERMINATING = "NamespaceTerminating"


class Recorder:
    """Of one component. `run` sends; until it runs, and while it cannot, events wait in the queue."""

    def __init__(self, *, client: Client, component: str, clock: Clock, rng: Random, host: str = "") -> None:
        """`host`: the node that the component is on, if it is on one."""
        self._client = client
        self._source = Source(component, host)
        self._clock = clock
        self._rng = rng
        self._queue: asyncio.Queue[Happening] = asyncio.Queue(QUEUED_MAX)
        self._correlator = Correlator()
        self._sending: dict[Key, asyncio.Event] = {}
        """What is being written now, by the Event; set when it has been."""
        self._last_us = 0
        self._offset_ns = crc32(f"{component}/{host}".encode()) % 1000
        """What tells apart its names from those of others who say something of the same object at the same time."""
        self._dropped = 0
        self._logger = logging.getLogger(__name__)

    def event(
        self,
        obj: Object,
        type: str,  # noqa: A002 - the field's name
        reason: str,
        message: str,
        *,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Say that something happened to `obj`: an object with kind and apiVersion, or an ObjectReference to one.

        type     NORMAL or WARNING
        reason   short, CamelCase, of a fixed set: programs read it
        message  for people

        Never waits, never raises.
        """
        regarding = _reference(obj)
        if not regarding.get("kind") or type not in (NORMAL, WARNING):
            self._logger.error("cannot tell %s event %s of %s: %s", type, reason, regarding, message)
            return
        happening = self._happening(regarding, type, reason, message, annotations or {})
        try:
            self._queue.put_nowait(happening)
        except asyncio.QueueFull:
            self._drop(happening)

    async def run(self) -> None:
        """Send what is recorded, in its order; until cancelled. May be run several times at once: then only what is
        said of one Event keeps its order.
        """
        while True:
            happening = await self._queue.get()
            try:
                sent = self._correlator.correlate(happening, now=loop_time())
                if sent is not None:
                    await self._send_in_turn(sent)
            except Exception:
                self._logger.exception("event is dropped: %s", happening)
            finally:
                self._queue.task_done()

    async def settled(self) -> None:
        """Wait until all that is recorded has been sent, or dropped."""
        await self._queue.join()

    def _drop(self, happening: Happening) -> None:
        if self._dropped % QUEUED_MAX == 0:  # where so many come, telling of each would make it worse
            told = "%d events wait, one is dropped (%d before it): %s"
            self._logger.error(told, QUEUED_MAX, self._dropped, happening)
        self._dropped += 1

    def _happening(
        self, regarding: Object, type_: str, reason: str, message: str, annotations: Mapping[str, str]
    ) -> Happening:
        now = self._clock.now()
        time = format_time(now)
        self._last_us = max(int(now.timestamp() * 1e6), self._last_us + 1)
        name = f"{regarding.get('name', '')}.{1000 * self._last_us + self._offset_ns:x}"
        if dns1123_subdomain(name):
            name = f"event-{self._rng.getrandbits(128):032x}"  # objects may be called what Events may not
        return Happening(
            name=name,
            namespace=regarding.get("namespace") or "default",
            regarding=regarding,
            source=self._source,
            type=type_,
            reason=reason,
            message=message,
            first_time=time,
            last_time=time,
            annotations=tuple(annotations.items()),
        )

    async def _send_in_turn(self, happening: Happening) -> None:
        """After what was said before of the same Event: it has to be there before it can be counted."""
        key = Key(happening.namespace, happening.name)
        before, done = self._sending.get(key), asyncio.Event()
        self._sending[key] = done
        try:
            if before is not None:
                await before.wait()
            await self._send(happening)
        finally:
            done.set()
            if self._sending[key] is done:
                del self._sending[key]

    async def _send(self, happening: Happening) -> None:
        for attempt in range(TRIES_MAX):
            try:
                await self._write(happening)
            except ApiError as error:
                expected = isinstance(error, AlreadyExists) or is_cause(error, _NAMESPACE_TERMINATING)
                level = logging.DEBUG if expected else logging.ERROR
                self._logger.log(level, "event is refused: %s: %s", error, happening)
                return
            except TransportError as error:
                # All components lose an API server at the same time: they should not come back so.
                wait_s = RETRY_S * self._rng.random() if attempt == 0 else RETRY_S
                self._logger.warning("cannot write event, trying again in %.0f s: %s", wait_s, error)
            else:
                return
            await asyncio.sleep(wait_s)
        self._logger.error("event is dropped after %d tries: %s", TRIES_MAX, happening)

    async def _write(self, happening: Happening) -> None:
        if happening.count > 1:
            patch = {"count": happening.count, "lastTimestamp": happening.last_time, "message": happening.message}
            key = Key(happening.namespace, happening.name)
            try:
                await self._client.patch(EVENTS, key, patch, kind=PatchType.STRATEGIC)
            except NotFound:
                pass  # Events do not live long
            else:
                return
        await self._client.create(EVENTS, render_event(happening))


def render_event(happening: Happening) -> Object:
    """The Event that is created."""
    source = happening.source
    metadata: Object = {"name": happening.name, "namespace": happening.namespace}
    if happening.annotations:
        metadata["annotations"] = dict(happening.annotations)
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": metadata,
        "involvedObject": happening.regarding,
        "reason": happening.reason,
        "message": happening.message,
        "source": {"component": source.component, **({"host": source.host} if source.host else {})},
        "firstTimestamp": happening.first_time,
        "lastTimestamp": happening.last_time,
        "count": happening.count,
        "type": happening.type,
        "eventTime": None,
        "reportingComponent": source.component,
        "reportingInstance": source.host,
    }


def _reference(obj: Object) -> Object:
    """An ObjectReference to `obj`; or `obj` itself if it is one."""
    metadata = obj.get("metadata")
    if metadata is None:
        return obj
    fields = {"kind": obj.get("kind"), "apiVersion": obj.get("apiVersion")}
    for name in ("namespace", "name", "uid", "resourceVersion"):
        fields[name] = metadata.get(name)
    return {name: value for name, value in fields.items() if value}
