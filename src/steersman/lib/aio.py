"""Background tasks that are never lost, monotonic time, and manners for long computations on the event loop.

A bare `asyncio.create_task` may be garbage collected while it runs, outlives whoever started it, and swallows its
exception until then. `Tasks` is the owner that every background task of steersman has.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


def loop_time() -> float:
    """Monotonic seconds of the running event loop (virtual where the loop's time is)."""
    return asyncio.get_running_loop().time()


class Tasks:
    """The background tasks of one object: started here, referenced until done, cancelled and awaited by `close`.

    A task that ends with an exception is reported once: to `on_crash(name, error)` if given, else to the log.
    """

    __slots__ = ("_closed", "_on_crash", "_running")

    def __init__(self, *, on_crash: Callable[[str, BaseException], None] | None = None) -> None:
        self._on_crash = on_crash
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, coro: Coroutine[Any, Any, _T], *, name: str) -> asyncio.Task[_T]:
        """Run `coro` on the current loop. Raises RuntimeError after `close`."""
        if self._closed:
            coro.close()
            raise RuntimeError(f"cannot start {name}: its owner is closed")
        task = asyncio.get_running_loop().create_task(coro, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    def __len__(self) -> int:
        return len(self._running)

    async def wait(self) -> None:
        """Until none runs any more."""
        while self._running:
            await asyncio.wait(tuple(self._running))

    async def close(self) -> None:
        """Cancel what still runs and wait until all of it has ended; safe to call twice, and from one of the tasks."""
        self._closed = True
        me = asyncio.current_task()
        while others := [task for task in self._running if task is not me]:
            for task in others:
                task.cancel()
            await asyncio.wait(others)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if self._on_crash is not None:
            self._on_crash(task.get_name(), error)
        else:
            _log.error("background task %s failed", task.get_name(), exc_info=error)


class Pacer:
    """Keeps a long computation from holding the loop: call `pause` between its steps.

    Yields to the loop once `slice_s` seconds have been used since the last yield.
    """

    __slots__ = ("_loop", "_slice_s", "_until")

    def __init__(self, *, slice_s: float = 0.001) -> None:
        self._loop = asyncio.get_running_loop()
        self._slice_s = slice_s
        self._until = self._loop.time() + slice_s

    async def pause(self) -> None:
        """Let others run if the slice is used up."""
        if self._loop.time() >= self._until:
            await asyncio.sleep(0)
            self._until = self._loop.time() + self._slice_s
