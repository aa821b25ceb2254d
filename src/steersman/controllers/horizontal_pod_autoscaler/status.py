"""status: what an autoscaler says of itself, put together while it is worked on. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.meta.conditions import condition, set_condition
from steersman.api.meta.times import format_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object

ABLE, ACTIVE, LIMITED, TO_ZERO = "AbleToScale", "ScalingActive", "ScalingLimited", "ScaledToZero"


class Draft:
    """The status to write: the present one, until told otherwise."""

    def __init__(self, autoscaler: Object, *, now: datetime) -> None:
        self._autoscaler = autoscaler
        self._now = format_time(now)
        self._before: Object = autoscaler.get("status") or {}
        self._status = dict(self._before)

    def say(self, kind: str, status: str, reason: str, message: str) -> None:
        """Set a condition."""
        holder = {"status": self._status}
        set_condition(holder, condition(kind, status, reason, message), self._now)

    def is_true(self, kind: str) -> bool:
        return any(each["type"] == kind and each["status"] == "True" for each in self._status.get("conditions") or ())

    def count(
        self, present: int, desired: int | None, metrics: Sequence[Object | None] | None, *, rescaled: bool = False
    ) -> None:
        """Replicas now and as they shall be (None: as before), and of each metric what is known, if anything."""
        counted: Object = {
            "desiredReplicas": self._before.get("desiredReplicas", 0) if desired is None else desired,
            "currentMetrics": None if metrics is None else [each or {"type": ""} for each in metrics],
            "observedGeneration": self._autoscaler["metadata"].get("generation", 0),
        }
        if present:
            counted["currentReplicas"] = present
        kept = {name: self._status[name] for name in ("conditions", "lastScaleTime") if self._status.get(name)}
        self._status = kept | counted | ({"lastScaleTime": self._now} if rescaled else {})

    @property
    def changed(self) -> Object | None:
        """None if it says all that already."""
        before = {name: value for name, value in self._before.items() if value}
        after = {name: value for name, value in self._status.items() if value}
        return None if before == after else self._status
