"""Something that is done for every extension server, again and again: when its APIService changes, and after a while.

Each APIService has a task of its own, so that none waits for another's server.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.lib.aio import Tasks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from steersman.apiserver.aggregation.registrations import Registration, Registrations


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """When it is done again without a change: after success, and after failures in a row, ever less often."""

    again_s: float
    retry_s: float
    retry_s_max: float

    def after(self, failures: int) -> float:
        if not failures:
            return self.again_s
        return min(self.retry_s * 2.0 ** min(failures - 1, 32), self.retry_s_max)


class Rounds:
    """`do` tells whether it succeeded, and does not raise; `forget` is told the name of what has gone."""

    def __init__(
        self,
        *,
        name: str,
        registrations: Registrations,
        do: Callable[[Registration], Awaitable[bool]],
        forget: Callable[[str], None],
        intervals: Intervals,
    ) -> None:
        self._name = name
        self._registrations = registrations
        self._do = do
        self._forget = forget
        self._intervals = intervals
        self._changed: dict[str, asyncio.Event] = {}
        self._tasks = Tasks()
        self._running = False

    def start(self) -> None:
        self._running = True
        self._registrations.listen(self._note)
        for registration in self._registrations.remote():
            self._note(registration.name)

    async def stop(self) -> None:
        self._running = False
        await self._tasks.close()

    def _note(self, name: str) -> None:
        if not self._running:
            return
        changed = self._changed.get(name)
        if changed is not None:
            changed.set()
        elif self._current(name) is not None:
            changed = self._changed[name] = asyncio.Event()
            self._tasks.start(self._follow(name, changed), name=f"{self._name} {name}")

    def _current(self, name: str) -> Registration | None:
        found = self._registrations.get(name)
        return found if found is not None and found.backend is not None else None

    async def _follow(self, name: str, changed: asyncio.Event) -> None:
        failures = 0
        try:
            while (registration := self._current(name)) is not None:
                changed.clear()
                failures = 0 if await self._do(registration) else failures + 1
                try:
                    async with asyncio.timeout(self._intervals.after(failures)):
                        await changed.wait()
                except TimeoutError:
                    pass
        finally:
            del self._changed[name]
        self._forget(name)
