"""loop: places pods, one after the other, as long as it runs.

    informers > queue, snapshot > one cycle > assumed > bound by a task of its own > shown by the informer
                  ^                  |                         |
                  +--- refused ------+------- not bound -------+

Reads: pods (those that have not ended), nodes. Writes: see outcomes.
Invariants: a cycle does not wait, so nothing changes under it; a pod counts on its node from the decision on; what is
terminating, bound, or another scheduler's is not touched.
Upstream: pkg/scheduler (schedule_one, eventhandlers).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.errors import ApiError, Conflict, NotFound
from steersman.client.errors import TransportError
from steersman.lib.aio import Pacer, Tasks, loop_time
from steersman.scheduler.binding import Binder, NotBound
from steersman.scheduler.cycle import decide
from steersman.scheduler.events import event_of
from steersman.scheduler.framework import Aftermath, PluginError
from steersman.scheduler.messages import NO_NODES, fit_error
from steersman.scheduler.outcomes import SCHEDULER_ERROR, UNSCHEDULABLE, Outcomes
from steersman.scheduler.placements import Placements, same
from steersman.scheduler.pod_info import read_pod, scheduler_of
from steersman.scheduler.queue import BACKOFF_S, BACKOFF_S_MAX, SchedulingQueue
from steersman.scheduler.snapshot import Snapshot
from steersman.scheduler.underway import CalledOff, Underway

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from random import Random
    from typing import Any, TypeAlias

    from steersman.api.meta.types import Object
    from steersman.client.informer import Informer, Informers
    from steersman.scheduler.cycle import Decision, Profile
    from steersman.scheduler.events import Event
    from steersman.scheduler.framework import Cycle, Plugin
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.queue import Waiting

    PostFilter: TypeAlias = Callable[[Waiting, Decision, Snapshot], Aftermath]

NOT_ENDED = "status.phase!=Succeeded,status.phase!=Failed"
WRITES_MAX = 100
"""Bindings and refusals that are under way at a time."""
STOP_S = 1.0
"""For how long what is under way may go on when it is told to stop."""


class Scheduler:
    """Of one process. Wishes for its informers when it is made; `run` places pods."""

    def __init__(
        self,
        *,
        profiles: Mapping[str, Profile],
        informers: Informers,
        outcomes: Outcomes,
        rng: Random,
        others: Mapping[str, Informer] | None = None,
        post_filter: PostFilter | None = None,
        underway: Underway | None = None,
        backoff_s: float = BACKOFF_S,
        backoff_s_max: float = BACKOFF_S_MAX,
    ) -> None:
        """`profiles`: by the scheduler name that pods ask for. `others`: by plural name, what else may help a refused
        pod when it changes. `post_filter`: asked what can be done for a pod that no node can take. `underway`: where
        plugins hold up and call off pods that are not bound yet. `backoff_s`: of a pod that is refused for the first
        time, doubled each time up to `backoff_s_max`.
        """
        self._profiles = profiles
        self._outcomes = outcomes
        self._rng = rng
        self._post_filter = post_filter
        self.queue = SchedulingQueue(profiles=profiles, backoff_s=backoff_s, backoff_s_max=backoff_s_max)
        self.snapshot = Snapshot()
        self._placements = Placements(snapshot=self.snapshot)
        self._underway = underway or Underway()
        self._binders = {
            name: Binder(profile=profile, outcomes=outcomes, underway=self._underway)
            for name, profile in profiles.items()
        }
        self._writes = Tasks()
        self._writing = 0
        self._wake = asyncio.Event()
        self._logger = logging.getLogger(__name__)
        self._pods = informers.of_at_least(PODS, fields=NOT_ENDED)
        self._pods.add_handler(self._pod_told)
        informers.of(NODES).add_handler(self._node_changed)
        for plural, informer in (others or {}).items():
            informer.add_handler(self._note(plural))

    async def run(self) -> None:
        """Until cancelled; the informers are in step by now."""
        pacer = Pacer()
        try:
            while True:
                await pacer.pause()
                waiting = self.queue.pop(loop_time()) if self._writing < WRITES_MAX else None
                if waiting is None:
                    await self._wait()
                else:
                    self._schedule(waiting)
        finally:
            try:
                async with asyncio.timeout(STOP_S):
                    await self._writes.wait()
            except TimeoutError:
                pass
            await self._writes.close()

    async def _wait(self) -> None:
        """Until something happened, or the time has come for a pod that waits."""
        at = self.queue.next_at() if self._writing < WRITES_MAX else None
        timer = asyncio.get_running_loop().call_at(at, self._wake.set) if at is not None else None
        await self._wake.wait()
        self._wake.clear()
        if timer is not None:
            timer.cancel()

    # -- one pod

    def _schedule(self, waiting: Waiting) -> None:
        profile = self._profiles[scheduler_of(waiting.pod.pod)]
        try:
            decision = decide(waiting.pod, self.snapshot, profile, self._rng)
            if decision.node is None:
                self._refused(waiting, decision)
                return
        except Exception as error:
            known = isinstance(error, PluginError)
            self._logger.warning("%s/%s: cannot be decided: %s", *waiting.pod.key, error, exc_info=not known)
            self._errored(waiting, str(error))
            return
        assert decision.cycle is not None
        self._placements.assume(waiting.pod, decision.node)
        self._reserve(waiting, decision.cycle, decision.node)

    def _reserve(self, waiting: Waiting, cycle: Cycle, node: str) -> None:
        binder = self._binders[scheduler_of(waiting.pod.pod)]
        try:
            binder.reserve(cycle, node)
            preparing = binder.prepares(cycle, node)
        except NotBound as error:
            self._not_bound(waiting, binder, cycle, node, error)
            return
        if preparing or binder.waits(cycle):
            # Others go on meanwhile, however many wait: it writes little.
            self._writes.start(self._prepare(waiting, binder, cycle, node, preparing), name="prepare")
        else:
            self._write(self._bind(waiting, binder, cycle, node), name="bind")

    def _refused(self, waiting: Waiting, decision: Decision) -> None:
        pod = waiting.pod
        if not decision.snapshot_nodes:
            after, message = Aftermath(), NO_NODES
        else:
            after = self._post_filter(waiting, decision, self.snapshot) if self._post_filter else Aftermath()
            message = fit_error(decision, after.message)
        self.queue.failed(waiting, decision.refused_by, loop_time())
        self._write(self._tell(pod, UNSCHEDULABLE, message, after.nominated), name="refuse")

    async def _prepare(
        self, waiting: Waiting, binder: Binder, cycle: Cycle, node: str, plugins: Sequence[Plugin]
    ) -> None:
        try:
            await binder.prepare(cycle, node, plugins)
        except NotBound as error:
            self._not_bound(waiting, binder, cycle, node, error)
        else:
            self._write(self._bind(waiting, binder, cycle, node), name="bind")

    async def _bind(self, waiting: Waiting, binder: Binder, cycle: Cycle, node: str) -> None:
        try:
            await binder.bind(cycle, node)
        except NotBound as error:
            self._not_bound(waiting, binder, cycle, node, error)
        else:
            self.queue.remove(cycle.pod.uid)
            binder.bound(cycle, node)

    def _not_bound(self, waiting: Waiting, binder: Binder, cycle: Cycle, node: str, error: NotBound) -> None:
        """Whatever it is, the pod must not stay where it is not."""
        pod, cause = cycle.pod, error.__cause__
        binder.unreserve(cycle, node)
        happened = self._placements.forget(pod)
        if happened is None:
            return  # it is bound, whatever we were answered, or gone
        if cause is None or isinstance(cause, Conflict | NotFound | CalledOff):
            self._logger.info("%s/%s: not bound to %s: %s", *pod.key, node, error)  # it has changed meanwhile
        else:
            known = isinstance(cause, ApiError | TransportError | PluginError)
            self._logger.warning("%s/%s: not bound to %s: %s", *pod.key, node, error, exc_info=not known)
        self._happened(happened)
        if not (error.refused and error.by):
            self._errored(waiting, str(error), UNSCHEDULABLE if error.refused else SCHEDULER_ERROR)
        elif self.queue.get(pod.uid) is waiting:
            self.queue.failed(waiting, (error.by,), loop_time())
            self._write(self._tell(waiting.pod, UNSCHEDULABLE, str(error), ""), name="refuse")

    def _errored(self, waiting: Waiting, message: str, reason: str = SCHEDULER_ERROR) -> None:
        if self.queue.get(waiting.pod.uid) is waiting:
            self.queue.errored(waiting, loop_time())
            self._write(self._tell(waiting.pod, reason, message, ""), name="refuse")

    async def _tell(self, pod: PodInfo, reason: str, message: str, nominated: str | None = None) -> None:
        try:
            await self._outcomes.refuse(pod, reason, message, nominated=nominated)
        except (ApiError, TransportError) as error:
            # The pod waits all the same, and is told again when it is tried again; most likely it is gone.
            self._logger.info("%s/%s: cannot be told why it waits: %s", *pod.key, error)

    def _write(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        self._writing += 1
        self._writes.start(self._counted(work), name=name)

    async def _counted(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            self._writing -= 1
            self._wake.set()

    # -- what happens

    def _node_changed(self, old: Object | None, new: Object | None) -> None:
        self._happened(self._placements.node_changed(old, new))

    def _pod_told(self, old: Object | None, new: Object | None) -> None:
        """What has ended is as good as gone."""
        if old is not None and _ended(old):
            old = None
        if new is not None and _ended(new):
            new = None
        self._pod_changed(old, new)

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        if old is not None and (new is None or _uid(old) != _uid(new)):
            self.queue.remove(_uid(old))
            self._happened(self._placements.gone(old))
            self._underway.gone(_uid(old))
        if new is None:
            return
        if new["spec"].get("nodeName"):
            self.queue.remove(_uid(new))
            self._happened(self._placements.bound(new))
        elif "deletionTimestamp" in new["metadata"] or scheduler_of(new) not in self._profiles:
            self.queue.remove(_uid(new))
        elif _uid(new) not in self._placements or self.queue.get(_uid(new)) is not None:
            self._waits(new)  # else it is bound, and this is from before

    def _waits(self, pod: Object) -> None:
        known = self.queue.get(_uid(pod))
        if known is not None and same(known.pod.pod, pod):
            known.pod.pod = pod
            return
        self.queue.add(read_pod(pod), loop_time())
        self._wake.set()

    def _note(self, plural: str) -> Callable[[Object | None, Object | None], None]:
        return lambda old, new: self._happened(event_of(plural, old, new))

    def _happened(self, event: Event | None) -> None:
        if event is not None and self.queue.happened(event, loop_time()):
            self._wake.set()


def _ended(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def _uid(obj: Object) -> str:
    uid: str = obj["metadata"]["uid"]
    return uid
