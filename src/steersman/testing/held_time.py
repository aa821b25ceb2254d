"""Held time: an event loop whose clock stands still until somebody lets it move.

    loop = HeldTimeLoop()
    loop.run_until_complete(loop.drain())         # everything that can run now has run; the clock stands still
    loop.run_until_complete(loop.advance(3600))   # an hour of timers, in as long as their callbacks take
    loop.run_until_complete(loop.let(work()))     # until `work` is done, however far the clock has to move for it

Between such calls nothing runs, or, with `run_forever` in a thread of its own, what real sockets bring. With `flow` the
clock also moves by itself, in step with real time: for real clients that wait for something to happen.

Where a program awaits something that only time can bring, and nobody moves the clock, it moves as far as that needs.
Invariants: those of virtual time; the clock never passes what was allowed.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar

from steersman.testing.virtual_time import JumpingSelector, Stuck, VirtualTimeLoop

if TYPE_CHECKING:
    import selectors
    from collections.abc import Coroutine

_T = TypeVar("_T")


class _HeldSelector(JumpingSelector):
    """`limit_s`: how far its time may go. `idle`: told once, when nothing can run before that."""

    def __init__(self) -> None:
        super().__init__()
        self.limit_s = 0.0
        self.rate = 0.0
        self.shared = False
        self.idle: asyncio.Future[None] | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self.real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self.threads_busy:
            return self.real.select(None)  # the thread's end wakes the loop through its self-pipe
        if timeout is not None and self.now_s + timeout <= self.limit_s:
            self.now_s += timeout
            return []
        if self.idle is not None:
            idle, self.idle = self.idle, None
            self.now_s = max(self.now_s, self.limit_s)
            if not idle.done():
                idle.set_result(None)
            return []
        if self.rate:
            return self._flow(timeout)
        if self.shared or len(self.real.get_map()) > 1:
            return self.real.select(None)  # another thread, or a real file, brings something
        if timeout is None:
            raise Stuck("no event is ready, no timer is set and no thread works: the program would wait for ever")
        self.now_s += timeout
        return []

    def _flow(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        begun = time.monotonic()
        ready = self.real.select(None if timeout is None else timeout / self.rate)
        passed_s = (time.monotonic() - begun) * self.rate
        if timeout is not None:
            passed_s = min(passed_s, timeout) if ready else timeout
        self.now_s += passed_s
        self.limit_s = self.now_s
        return ready


class HeldTimeLoop(VirtualTimeLoop):
    """An asyncio loop in held time, which begins at 0."""

    def __init__(self) -> None:
        self._held = _HeldSelector()
        super().__init__(self._held)

    @property
    def rate(self) -> float:
        """Seconds of this loop that pass in one real second while nothing else moves its clock; 0: it stands still."""
        return self._held.rate

    def share(self) -> None:
        """From now on other threads bring work, so that there may be none for a while."""
        self._held.shared = True

    def flow(self, rate: float) -> None:
        """Let time pass by itself; 0 holds it again."""
        self._held.rate = rate
        self._held.limit_s = self.time()

    async def drain(self) -> None:
        """Return when nothing can run any more unless time passes, or a socket brings something."""
        await self.advance(0)

    async def advance(self, seconds: float) -> None:
        """Let the clock move on by `seconds`, running what comes due."""
        held = self._held
        if held.idle is not None:
            raise RuntimeError("time is being moved already: one caller at a time")
        held.limit_s = self.time() + seconds
        held.idle = self.create_future()
        try:
            await held.idle
        finally:
            held.idle, held.limit_s = None, self.time()

    async def let(self, work: Coroutine[Any, Any, _T], *, limit_s: float) -> _T:
        """The result of `work`; the clock moves only while everything waits for it. Raises what `work` raises, and
        TimeoutError when it would take longer than `limit_s`.
        """
        held = self._held
        if held.rate:
            async with asyncio.timeout(limit_s):
                return await work
        held.limit_s = self.time() + limit_s + 1
        try:
            async with asyncio.timeout(limit_s):
                return await work
        finally:
            held.limit_s = self.time()
