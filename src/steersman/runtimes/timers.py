"""Many timers over one of the event loop's: nodes and pods have tens of thousands."""

from __future__ import annotations

import asyncio
import heapq
from typing import TYPE_CHECKING

from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from collections.abc import Callable


COARSE_S = 0.001


class Timer:
    """One wish to be called; `cancel` it when it is not wished any more."""

    __slots__ = ("call", "due_s", "number")

    def __init__(self, due_s: float, number: int, call: Callable[[], None]) -> None:
        self.due_s = due_s
        self.number = number
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None

    def __lt__(self, other: Timer) -> bool:
        return (self.due_s, self.number) < (other.due_s, other.number)


class Timers:
    """Calls in the order of their times, equal ones in the order in which they were wished for."""

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._numbers = 0
        self._handle: asyncio.TimerHandle | None = None

    def at(self, due_s: float, call: Callable[[], None]) -> Timer:
        """`due_s`: loop time. `call` must not raise."""
        self._numbers += 1
        timer = Timer(due_s, self._numbers, call)
        heapq.heappush(self._heap, timer)
        if self._heap[0] is timer:
            self._arm()
        return timer

    def close(self) -> None:
        """Nothing is called any more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._heap.clear()

    def _arm(self, earliest_s: float = 0.0) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle = asyncio.get_running_loop().call_at(max(self._heap[0].due_s, earliest_s), self._run)

    def _run(self) -> None:
        self._handle = None
        now = loop_time()
        # what is wished for by those who are called waits for its own turn, even when it is due
        due: list[Timer] = []
        while self._heap and (self._heap[0].call is None or self._heap[0].due_s <= now):
            due.append(heapq.heappop(self._heap))
        for timer in due:
            if timer.call is not None:
                timer.call()
        if self._heap:
            # some loops are early by less than a millisecond, and would be so again and again
            self._arm(now + COARSE_S)
