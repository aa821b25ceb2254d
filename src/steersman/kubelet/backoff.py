"""How long a container, or an image, that keeps failing waits. Pure.

The first failure is followed by a retry at once; then 10 s, doubled each time up to 5 minutes; what went well for twice
the longest wait begins anew. Upstream: client-go flowcontrol.Backoff as the kubelet uses it.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST_S, LONGEST_S = 10.0, 300.0


@dataclass(slots=True)
class Backoff:
    """Of one thing. Times are monotonic seconds."""

    delay_s: float = 0.0
    since_s: float = 0.0

    def waits_until(self, failed_s: float) -> float | None:
        """Until when a retry waits after a failure at `failed_s`; None: not at all."""
        if not self.delay_s or failed_s - self.since_s > 2 * LONGEST_S:
            return None
        return failed_s + self.delay_s

    def next(self, failed_s: float, now_s: float) -> None:
        """A retry is made: the next failure waits longer."""
        fresh = not self.delay_s or failed_s - self.since_s > 2 * LONGEST_S
        self.delay_s = FIRST_S if fresh else min(2 * self.delay_s, LONGEST_S)
        self.since_s = now_s


def go_duration(seconds: float) -> str:
    """Whole seconds as Go writes a duration: 10s, 1m20s, 5m0s."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
