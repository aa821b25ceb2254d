"""evictions: makes pods leave a node so that a more important one gets in.

    nominations of less important pods for the node are taken back > all victims but the last > the last

A victim that is not bound yet is only called off; it goes back into the queue.
Writes: see outcomes.
Upstream: pkg/scheduler/framework/preemption/executor.go.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from steersman.api.errors import ApiError
from steersman.client.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.scheduler.framework import Eviction
    from steersman.scheduler.outcomes import Outcomes
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.underway import Underway

PLUGIN = "DefaultPreemption"
"""On whose behalf victims are called off."""


class Evictions:
    """See the module."""

    def __init__(self, *, outcomes: Outcomes, underway: Underway) -> None:
        self._outcomes = outcomes
        self._underway = underway
        self._logger = logging.getLogger(__name__)

    async def carry_out(self, eviction: Eviction, pod: PodInfo, *, below: Iterable[PodInfo] = ()) -> bool:
        """Make room for `pod`. Whether that worked; if not, the log says why. `below`: the less important pods that the
        node is nominated for.
        """
        await asyncio.gather(*(self._take_back(each) for each in below))
        *others, last = remaining(eviction)
        done = await asyncio.gather(*(self._evict(each, pod, eviction.node) for each in others))
        return all(done) and await self._evict(last, pod, eviction.node)

    async def _take_back(self, pod: PodInfo) -> None:
        try:
            await self._outcomes.nominate(pod, "")
        except (ApiError, TransportError) as error:
            # It finds out when it is tried next.
            self._logger.info("%s/%s: its nomination cannot be taken back: %s", *pod.key, error)

    async def _evict(self, victim: PodInfo, pod: PodInfo, node: str) -> bool:
        if self._call_off(victim):
            self._outcomes.evicted(victim, pod, node, bound=False)
            return True
        try:
            await self._outcomes.evict(victim, pod, node)
        except (ApiError, TransportError) as error:
            self._logger.warning("%s/%s: cannot be made to leave %s: %s", *victim.key, node, error)
            return False
        return True

    def _call_off(self, victim: PodInfo) -> bool:
        waits = any(each.uid == victim.uid for each in self._underway.waiting())
        return self._underway.preempt(victim.uid, PLUGIN, "preempted" if waits else f"preempted by {PLUGIN}")


def remaining(eviction: Eviction) -> tuple[PodInfo, ...]:
    """The victims that are not being deleted already."""
    return tuple(each for each in eviction.victims if not each.pod["metadata"].get("deletionTimestamp"))
