"""UIDs and timestamps for new objects: chance and time are injected, so that a run can be repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from datetime import datetime

    from steersman.lib.clock import Clock


class Identifiers:
    """Makes what every new object needs."""

    def __init__(self, *, clock: Clock, rng: random.Random) -> None:
        self.clock = clock
        self.rng = rng
        self._second: datetime | None = None
        self._stamp = ""

    def uid(self) -> str:
        """A random UUID (RFC 9562 version 4)."""
        bits = self.rng.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62) | 0x4 << 76 | 0x2 << 62
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def timestamp(self, now: datetime) -> str:
        """RFC 3339 in whole seconds, UTC."""
        second = now.replace(microsecond=0)
        if second != self._second:
            self._second = second
            self._stamp = second.strftime("%Y-%m-%dT%H:%M:%SZ")
        return self._stamp
