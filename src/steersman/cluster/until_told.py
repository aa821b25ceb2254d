"""Runs something until SIGTERM or SIGINT, or until it fails; told before it is ready, it is not begun."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

import uvloop

from steersman.cluster.errors import StartError
from steersman.lib.aio import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable


class Running(Protocol):
    """Entered when it is ready, left when it has ended."""

    failure: BaseException | None
    """Why it could not go on."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...


_R = TypeVar("_R", bound=Running)


def run_until_told(make: Callable[[Callable[[], None]], _R], *, ready: Callable[[_R], None]) -> None:
    """`make(failed)`: in the event loop; whoever is made calls `failed` when it cannot go on. `ready`: told when it
    is. Raises StartError.
    """
    sys.setswitchinterval(0.0005)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main(make, ready))


async def _main(make: Callable[[Callable[[], None]], _R], ready: Callable[[_R], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = make(stop.set)
    if not await _enter_unless(stop, running):
        return
    try:
        ready(running)
        await stop.wait()
    finally:
        await running.__aexit__(None, None, None)
    if running.failure is not None:
        raise StartError(f"stopped: {running.failure}")


async def _enter_unless(stop: asyncio.Event, running: Running) -> bool:
    """Start it; False if it was told to stop before it was ready, and has undone what it had begun."""
    tasks = Tasks(on_crash=lambda _name, _error: None)  # what the start raises is raised here
    start = tasks.start(running.__aenter__(), name="start")
    told = tasks.start(stop.wait(), name="signal")
    try:
        await asyncio.wait((start, told), return_when=asyncio.FIRST_COMPLETED)
        if not start.done():
            start.cancel()
            await asyncio.wait((start,))
        if start.cancelled():
            return False
        start.result()
        return True
    finally:
        await tasks.close()
