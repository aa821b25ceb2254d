"""Keys that end by themselves: when is the next one due, and which are due now.

Pure but for the one loop timer. Deadlines are wall time, because they outlive a restart; the timer is the loop's, and
looks at the injected clock again when it fires, so that a clock that was set does no harm.
"""

from __future__ import annotations

import asyncio
import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.lib.clock import Clock

_TIMER_S_MAX = 300.0
"""A machine that slept, or whose clock was set forward, notices due keys at the latest after this time."""


def now_ms(clock: Clock) -> int:
    """Milliseconds since 1970."""
    return int(clock.now().timestamp() * 1000)


class Expiry:
    """Calls `expire(key, row id)` for each key whose deadline has passed and that was not written since."""

    __slots__ = ("_clock", "_expire", "_heap", "_live", "_timer")

    def __init__(self, *, clock: Clock, expire: Callable[[str, int], None]) -> None:
        self._clock = clock
        self._expire = expire
        self._heap: list[tuple[int, str, int]] = []
        self._live: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._live)

    def add(self, key: str, row: int, deadline_ms: int) -> None:
        """The key, as written by `row`, ends at `deadline_ms`; replaces what was known of the key."""
        self._live[key] = row
        if len(self._heap) > 2 * len(self._live) + 64:
            self._heap = [entry for entry in self._heap if self._live.get(entry[1]) == entry[2]]
            heapq.heapify(self._heap)
        entry = (deadline_ms, key, row)
        heapq.heappush(self._heap, entry)
        if self._heap[0] is entry:
            self._arm()

    def drop(self, key: str) -> None:
        """The key has no end any more, or is gone."""
        self._live.pop(key, None)

    def retry(self, key: str, row: int, *, delay_s: float) -> None:
        """Its deletion could not be written: try again later."""
        self.add(key, row, now_ms(self._clock) + int(delay_s * 1000))

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def run_due(self) -> None:
        """Expire what is due, and set the timer for what comes next."""
        now = now_ms(self._clock)
        while self._heap and self._heap[0][0] <= now:
            _, key, row = heapq.heappop(self._heap)
            if self._live.get(key) == row:
                del self._live[key]
                self._expire(key, row)
        self._arm()

    def _arm(self) -> None:
        self.close()
        if self._heap:
            delay_s = (self._heap[0][0] - now_ms(self._clock)) / 1000
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(min(max(delay_s, 0.001), _TIMER_S_MAX), self.run_due)
