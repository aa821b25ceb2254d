"""Virtual time: an event loop whose clock jumps to the next timer whenever nothing is left to do.

An hour of timers costs as long as its callbacks do, and the same program takes the same steps every time. Real sockets
and executor threads still work: time stands still as long as an executor call is under way, and moves only when no file
is ready.

    async def main() -> None:
        clock = VirtualClock(asyncio.get_running_loop())
        await asyncio.sleep(3600)       # returns at once; clock.now() is an hour later

    run(main())

Invariants: time never runs backwards; timers fire in order of their times, equal times in the order they were set.
"""

from __future__ import annotations

import asyncio
import selectors
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from concurrent.futures import Executor

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

SETTLE_S = 1e-6
"""What `settle` lets pass: less than any timer that means something."""


class Stuck(RuntimeError):
    """Nothing is ready, no timer is set, no thread works: the program would wait for ever."""


class JumpingSelector(selectors.BaseSelector):
    """A selector that, instead of waiting for a timeout, adds it to its own time."""

    def __init__(self) -> None:
        self.real = selectors.DefaultSelector()
        self.now_s = 0.0
        self.threads_busy = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self.real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self.threads_busy:
            return self.real.select(None)  # the thread's end wakes the loop through its self-pipe
        if timeout is not None:
            self.now_s += timeout
            return []
        if len(self.real.get_map()) > 1:
            return self.real.select(None)  # someone waits for a real file
        raise Stuck("no event is ready, no timer is set and no thread works: the program would wait for ever")

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self.real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self.real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self.real.modify(fileobj, events, data)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self.real.get_key(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self.real.get_map()

    def close(self) -> None:
        self.real.close()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An asyncio loop in virtual time, which begins at 0."""

    def __init__(self, selector: JumpingSelector | None = None) -> None:
        self._jumping = selector or JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now_s

    def run_in_executor(self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts) -> asyncio.Future[_T]:
        future = super().run_in_executor(executor, func, *args)
        self._jumping.threads_busy += 1
        future.add_done_callback(self._thread_ended)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  (asyncio's signature)
        """Also waits for a thread, which only its end wakes."""
        del timeout  # real seconds mean nothing here
        self._jumping.threads_busy += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._jumping.threads_busy -= 1

    def _thread_ended(self, _: asyncio.Future[Any]) -> None:
        self._jumping.threads_busy -= 1


class VirtualClock:
    """Wall time (a `steersman.lib.clock.Clock`) that moves with a loop's time."""

    __slots__ = ("_loop", "_start")

    def __init__(self, loop: asyncio.AbstractEventLoop, *, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._loop = loop
        self._start = start - timedelta(seconds=loop.time())

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time())


async def settle() -> None:
    """Return once everything that can run now has run, without letting time pass (but for a microsecond)."""
    await asyncio.sleep(SETTLE_S)


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """Run `main` in a virtual time loop of its own; raises Stuck where the real loop would wait for ever."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
