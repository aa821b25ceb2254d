"""The timer wheel."""

from __future__ import annotations

from steersman.lib.http.timers import Wheel


class Entry:
    def __init__(self, *answers: int) -> None:
        self.due_tick = 0
        self.answers = list(answers)
        self.checked: list[int] = []

    def check(self, tick: int) -> int:
        self.checked.append(tick)
        return self.answers.pop(0) if self.answers else 0


async def test_the_wheel_looks_at_entries_when_they_are_due_and_stops_when_it_is_empty() -> None:
    ticks = []
    wheel = Wheel(tick_s=1000, on_tick=lambda: ticks.append(wheel.tick))
    once, again, gone = Entry(), Entry(7, 8), Entry()
    wheel.add(once, 2)
    wheel.add(again, 3)
    wheel.add(gone, 3)
    wheel.add(once, 4)
    wheel.discard(gone)
    for _ in range(8):
        wheel.turn()
    assert (once.checked, again.checked, gone.checked) == ([4], [3, 7, 8], [])
    assert ticks == list(range(9))
    assert wheel._handle is None


async def test_durations_are_never_shortened() -> None:
    wheel = Wheel(tick_s=1.0, on_tick=lambda: None)
    assert [wheel.ticks(seconds) for seconds in (0, 0.5, 1, 32)] == [1, 1, 2, 33]
