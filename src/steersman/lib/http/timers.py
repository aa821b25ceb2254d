"""One coarse timer for thousands of connections.

Each entry sits in the slot of the tick at which it wants to be looked at. Whoever is active only notes the tick; when
its slot comes
up it says at which tick it wants to be looked at next. So activity costs one attribute, and a tick costs only what is
due.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Timed(Protocol):
    """An entry of the wheel."""

    due_tick: int

    def check(self, tick: int) -> int:
        """Do what is due at `tick`; return the tick of the next look (later than `tick`), 0 to leave the wheel."""


class Wheel:
    """Ticks every `tick_s` seconds while it has entries; `on_tick` runs first at each tick, and when the wheel
    starts turning.
    """

    __slots__ = ("_handle", "_on_tick", "_slots", "tick", "tick_s")

    def __init__(self, *, tick_s: float, on_tick: Callable[[], None]) -> None:
        self.tick = 0
        self.tick_s = tick_s
        self._on_tick = on_tick
        self._slots: dict[int, set[Timed]] = {}
        self._handle: asyncio.TimerHandle | None = None

    def ticks(self, seconds: float) -> int:
        """A duration in ticks: never shorter than asked for, at most one tick longer."""
        return int(seconds / self.tick_s) + 1

    def add(self, entry: Timed, due_tick: int) -> None:
        """Have `entry` looked at, at `due_tick`, or at the next tick if that has passed; an earlier wish of it is
        forgotten.
        """
        self.discard(entry)
        due_tick = max(due_tick, self.tick + 1)
        entry.due_tick = due_tick
        self._slots.setdefault(due_tick, set()).add(entry)
        if self._handle is None:
            self._on_tick()
            self._handle = asyncio.get_running_loop().call_later(self.tick_s, self.turn)

    def discard(self, entry: Timed) -> None:
        """Forget `entry`."""
        slot = self._slots.get(entry.due_tick)
        if slot is not None:
            slot.discard(entry)
            if not slot:
                del self._slots[entry.due_tick]

    def close(self) -> None:
        """Stop turning."""
        self._slots.clear()
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def turn(self) -> None:
        """One tick; called by the loop's timer."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self.tick = tick = self.tick + 1
        self._on_tick()
        for entry in self._slots.pop(tick, ()):
            due_tick = entry.check(tick)
            if due_tick > tick:
                entry.due_tick = due_tick
                self._slots.setdefault(due_tick, set()).add(entry)
        if self._slots and self._handle is None:
            self._handle = asyncio.get_running_loop().call_later(self.tick_s, self.turn)
