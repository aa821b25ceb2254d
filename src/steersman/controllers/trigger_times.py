"""trigger_times: since when endpoints should have been as they are written now, for measuring how long that takes.

The time of a write is the earliest of those of what changed since the last round: of a pod the last change of its
readiness, of a service its creation.
Upstream: k8s.io/endpointslice util/trigger_time_tracker.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.meta.conditions import find_condition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.client.request import Key


@dataclass(frozen=True, slots=True)
class _Seen:
    service: str
    pods: dict[str, str]
    """By name."""


class TriggerTimes:
    """Of one controller. Times are as objects carry them, and compare as text."""

    def __init__(self) -> None:
        self._seen: dict[Key, _Seen] = {}

    def observe(self, key: Key, service: Object, pods: Iterable[Object]) -> str:
        """Take note of a service and its pods; the time of what is new of them, empty if nothing is."""
        known = self._seen.get(key)
        created: str = service["metadata"].get("creationTimestamp") or ""
        times = {pod["metadata"]["name"]: time for pod in pods if (time := _readiness_changed(pod))}
        self._seen[key] = _Seen(created, times)
        if known is None:
            return created
        fresh = [time for name, time in times.items() if time > known.pods.get(name, "")]
        if created > known.service:
            fresh.append(created)
        return min(fresh, default="")

    def forget(self, key: Key) -> None:
        """The service is no more."""
        self._seen.pop(key, None)


def _readiness_changed(pod: Object) -> str:
    condition = find_condition(pod, "Ready") or {}
    time: str = condition.get("lastTransitionTime") or ""
    return time
