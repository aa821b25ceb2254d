"""What a peer may make us do for nothing: so much at once, and so much per second; and whom we have told to stop."""

from __future__ import annotations

from collections import deque


class Allowance:
    """Refills with time up to a limit, and says when it is used up. Time is given as ticks of the server's wheel."""

    __slots__ = ("_left", "_max", "_per_tick", "_tick")

    def __init__(self, *, at_once: int, per_tick: int) -> None:
        self._max = self._left = at_once
        self._per_tick = per_tick
        self._tick = 0

    def spend(self, tick: int, amount: int = 1) -> bool:
        """Take `amount`; False when there is not so much left."""
        if tick != self._tick:
            self._left = min(self._max, self._left + (tick - self._tick) * self._per_tick)
            self._tick = tick
        if amount > self._left:
            return False
        self._left -= amount
        return True


class RecentIds:
    """The last of many numbers."""

    __slots__ = ("_known", "_max", "_order")

    def __init__(self, ids_max: int) -> None:
        self._max = ids_max
        self._known: set[int] = set()
        self._order: deque[int] = deque()

    def add(self, number: int) -> None:
        """Remember `number`, and forget the oldest when there are too many."""
        if number in self._known:
            return
        self._known.add(number)
        self._order.append(number)
        if len(self._order) > self._max:
            self._known.discard(self._order.popleft())

    def __contains__(self, number: int) -> bool:
        return number in self._known
