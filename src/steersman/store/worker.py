"""One thread that does blocking work in the order it was handed over, for an owner on an event loop.

The thread reports each result to the loop by one wake-up. When it has had nothing to do for a moment it calls `idle`.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from steersman.store.interface import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")


class Worker:
    """`idle(waited)` is asked after every job (waited False) and after a quiet moment (True): does housekeeping
    remain?
    """

    __slots__ = ("_closed", "_idle", "_idle_s", "_jobs", "_loop", "_thread")

    def __init__(self, *, name: str, idle: Callable[[bool], bool], idle_s: float) -> None:
        self._closed = False
        self._idle = idle
        self._idle_s = idle_s
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], Callable[[Any, Exception | None], None]] | None] = (
            queue.SimpleQueue()
        )
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[], Any], done: Callable[[Any, Exception | None], None]) -> None:
        """Run `work` in the thread, then `done(result, None)` or `done(None, error)` on the loop.

        Raises StoreUnavailable after `close`.
        """
        if self._closed:
            raise StoreUnavailable("the store has stopped")
        self._jobs.put((work, done))

    async def run(self, work: Callable[[], _T]) -> _T:
        """Run `work` in the thread and wait for it; a caller that gives up does not stop it."""
        future: asyncio.Future[_T] = self._loop.create_future()

        def done(result: _T, error: Exception | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.submit(work, done)
        return await future

    async def close(self) -> None:
        """Finish all jobs, then end the thread."""
        self._closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        more = False
        while True:
            try:
                job = self._jobs.get(timeout=self._idle_s if more else None)
            except queue.Empty:
                more = self._idle(True)
                continue
            if job is None:
                return
            work, done = job
            result: Any = None
            failure: Exception | None = None
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - the top of a job; handed to whoever waits
                failure = error
            with contextlib.suppress(RuntimeError):  # the loop was closed without stopping the store
                self._loop.call_soon_threadsafe(done, result, failure)
            more = self._idle(False)
