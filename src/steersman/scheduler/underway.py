"""underway: pods between their decision and their binding that somebody may still hold up, let go or call off.

A pod is here while it waits for the permission of plugins, or for what plugins prepare for it. Who asked it to wait
(`allow`, `reject`), whoever needs its place (`preempt`) and its deletion (`reject`) end that.
Upstream: pkg/scheduler/framework/runtime (waiting_pods_map, pods_in_prebind_map).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.api.schema.scalars import canonical_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.scheduler.pod_info import PodInfo

PERMIT_S_MAX = 15 * 60.0


class CalledOff(Exception):
    """Somebody needs the place of a pod that was being prepared for its node, or it is gone."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Why a pod does not go on. `error`: that says nothing about the node, and the pod is tried again."""

    plugin: str
    message: str
    error: bool = False


@dataclass(slots=True, eq=False)
class _Held:
    pod: PodInfo
    pending: dict[str, asyncio.TimerHandle] = field(default_factory=dict)
    """By the plugins that have not permitted it yet."""
    verdict: asyncio.Future[Withheld | None] | None = None
    """While it waits for them."""
    preparing: asyncio.Task[None] | None = None
    """The task that is stopped when it is called off."""
    called_off: str = ""


class Underway:
    """See the module. Of all profiles of one scheduler."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def waiting(self) -> tuple[PodInfo, ...]:
        """Pods that wait for permission."""
        return tuple(held.pod for held in self._held.values() if held.verdict is not None)

    # -- by plugins, and by the loop

    def allow(self, uid: str, plugin: str) -> None:
        """A plugin that asked a pod to wait lets it go; it goes when all have."""
        held = self._held.get(uid)
        if held is None:
            return
        timer = held.pending.pop(plugin, None)
        if timer is not None:
            timer.cancel()
        if not held.pending:
            _settle(held, None)

    def reject(self, uid: str, plugin: str, message: str) -> bool:
        """A pod that waits for permission does not get it. Whether there was one."""
        held = self._held.get(uid)
        return held is not None and _settle(held, Withheld(plugin, message))

    def preempt(self, uid: str, plugin: str, message: str) -> bool:
        """A pod that is not bound yet has to give way; it is tried again. False: there is no such pod, or too late."""
        held = self._held.get(uid)
        if held is None:
            return False
        if held.preparing is not None:
            if not held.called_off:
                held.called_off = message
                held.preparing.cancel()
            return True
        return _settle(held, Withheld(plugin, message, error=True))

    def gone(self, uid: str) -> None:
        """A pod that was deleted: nobody need wait for it."""
        if not self.reject(uid, "", "removed"):
            self.preempt(uid, "", "pod does not exist any more")

    # -- by who binds

    def holds(self, pod: PodInfo) -> bool:
        """Whether a pod waits for permission, or has not yet heard that it got it."""
        return pod.uid in self._held

    def hold(self, pod: PodInfo, waits_s: Mapping[str, float]) -> None:
        """From now on a pod waits for these plugins, each for so long at most."""
        loop = asyncio.get_running_loop()
        held = self._held[pod.uid] = _Held(pod, verdict=loop.create_future())
        for plugin, wait_s in waits_s.items():
            wait_s = min(wait_s, PERMIT_S_MAX)
            message = f"rejected due to timeout after waiting {canonical_duration(f'{wait_s:f}s')} at plugin {plugin}"
            held.pending[plugin] = loop.call_later(wait_s, self.reject, pod.uid, plugin, message)

    def release(self, pod: PodInfo) -> None:
        """Nobody waits for a pod's permission any more."""
        held = self._held.get(pod.uid)
        if held is not None:
            self._drop(held)

    async def permitted(self, pod: PodInfo) -> Withheld | None:
        """Wait for a pod that is held; why it may not go on. One that is not held may."""
        held = self._held.get(pod.uid)
        if held is None or held.verdict is None:
            return None
        try:
            return await held.verdict
        finally:
            self._drop(held)

    def preparing(self, pod: PodInfo) -> _Preparing:
        """A context in which a pod can be called off; it raises CalledOff then."""
        return _Preparing(self, _Held(pod))

    def _drop(self, held: _Held) -> None:
        for timer in held.pending.values():
            timer.cancel()
        if self._held.get(held.pod.uid) is held:
            del self._held[held.pod.uid]


@dataclass(slots=True)
class _Preparing:
    underway: Underway
    held: _Held

    async def __aenter__(self) -> None:
        self.held.preparing = asyncio.current_task()
        self.underway._held[self.held.pod.uid] = self.held

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.underway._drop(self.held)
        if self.held.called_off and self.held.preparing is not None:
            self.held.preparing.uncancel()
            if isinstance(error, asyncio.CancelledError):
                raise CalledOff(self.held.called_off) from error


def _settle(held: _Held, verdict: Withheld | None) -> bool:
    if held.verdict is None or held.verdict.done():
        return False
    held.verdict.set_result(verdict)
    for timer in held.pending.values():
        timer.cancel()
    return True
