"""Wall time as an injected collaborator, so that a whole control plane can run under another clock.

Monotonic time is the event loop's (`steersman.lib.aio.loop_time`); a Clock is only for what is written down or compared
with what was.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time of day."""

    def now(self) -> datetime:
        """The current moment, always with time zone UTC."""


class SystemClock:
    """The machine's clock."""

    __slots__ = ()

    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is told to move; for tests."""

    __slots__ = ("_now",)

    def __init__(self, *, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Move on (or back, if negative) by `seconds`; returns the new time."""
        self._now += timedelta(seconds=seconds)
        return self._now

    def set(self, moment: datetime) -> None:
        """Jump to `moment`, which must carry a time zone."""
        self._now = moment.astimezone(UTC)
