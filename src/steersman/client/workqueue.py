"""workqueue: keys that wait for a worker.

Invariants: a key waits at most once however often it is added; a key that is being worked on is handed to nobody else,
and waits again afterwards if it was added meanwhile; nothing that was added is forgotten. Order is that of arrival.
Upstream: client-go util/workqueue (queue, delaying queue, per-item exponential back-off).
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from collections.abc import Hashable

    from steersman.client.queue_metrics import QueueMetrics

BACKOFF_S, BACKOFF_S_MAX = 0.005, 1000.0
K = TypeVar("K", bound="Hashable")


class WorkQueue(Generic[K]):
    """Belongs to one loop. Workers call `get`, work, then `done`."""

    def __init__(
        self, *, metrics: QueueMetrics | None = None, backoff_s: float = BACKOFF_S, backoff_s_max: float = BACKOFF_S_MAX
    ) -> None:
        self._metrics = metrics
        self._backoff_s = backoff_s
        self._backoff_s_max = backoff_s_max
        self._waiting: deque[K] = deque()
        self._dirty: dict[K, float] = {}
        """Everything that has to be worked on, and since when."""
        self._working: dict[K, float] = {}
        self._failures: dict[K, int] = {}
        self._later: dict[K, asyncio.TimerHandle] = {}
        self._getters: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """Nothing waits, nothing is being worked on; what is due later does not count."""
        return not self._dirty and not self._working

    @property
    def next_due(self) -> float | None:
        """When (loop time) the first key that waits for its time is due."""
        return min((handle.when() for handle in self._later.values()), default=None)

    def add(self, key: K) -> None:
        """Have it worked on as soon as possible."""
        if key in self._dirty:
            return
        self._dirty[key] = loop_time()
        if self._metrics is not None:
            self._metrics.adds.inc()
        if key not in self._working:
            self._enqueue(key)

    def add_after(self, key: K, delay_s: float) -> None:
        """Have it worked on in `delay_s`; of several such wishes the earliest counts."""
        if delay_s <= 0:
            self.add(key)
            return
        loop = asyncio.get_running_loop()
        known = self._later.get(key)
        if known is not None:
            if known.when() <= loop.time() + delay_s:
                return
            known.cancel()
        self._later[key] = loop.call_later(delay_s, self._due, key)

    def add_failed(self, key: K) -> None:
        """Work on it failed: again, later with every failure, until `forget`."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        if self._metrics is not None:
            self._metrics.retries.inc()
        self.add_after(key, min(self._backoff_s * 2.0 ** min(failures, 40), self._backoff_s_max))

    def forget(self, key: K) -> None:
        """Work on it went well: its next failure is the first."""
        self._failures.pop(key, None)

    def failures(self, key: K) -> int:
        """How often work on it failed in a row."""
        return self._failures.get(key, 0)

    async def get(self) -> K:
        """The key that has waited longest; the caller must call `done` with it."""
        while not self._waiting:
            getter = asyncio.get_running_loop().create_future()
            self._getters.append(getter)
            try:
                await getter
            except asyncio.CancelledError:
                if getter.done() and not getter.cancelled():
                    self._wake()  # it was for somebody who is still there
                raise
        key = self._waiting.popleft()
        now = loop_time()
        since = self._dirty.pop(key)
        self._working[key] = now
        if self._metrics is not None:
            self._metrics.depth.set(len(self._waiting))
            self._metrics.waited.observe(now - since)
        return key

    def done(self, key: K) -> None:
        """Work on it is over, well or not."""
        begun = self._working.pop(key)
        if self._metrics is not None:
            self._metrics.worked.observe(loop_time() - begun)
        if key in self._dirty:
            self._enqueue(key)

    def close(self) -> None:
        """Drop what is due later; for the end, when no worker is left."""
        for handle in self._later.values():
            handle.cancel()
        self._later.clear()

    def _enqueue(self, key: K) -> None:
        self._waiting.append(key)
        if self._metrics is not None:
            self._metrics.depth.set(len(self._waiting))
        self._wake()

    def _wake(self) -> None:
        while self._getters:
            getter = self._getters.popleft()
            if not getter.done():
                getter.set_result(None)
                return

    def _due(self, key: K) -> None:
        self._later.pop(key, None)
        self.add(key)
