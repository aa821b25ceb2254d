"""loop: places pods, one after the other, as long as it runs.

    informers > queue, snapshot > one cycle > assumed > bound by a task of its own > shown by the informer
                  ^                  |                         |
                  +--- refused ------+------- not bound -------+
                          |
                          others leave a node that is nominated for it, by a task of its own

Reads: pods (those that have not ended), nodes. Writes: see outcomes.
Invariants: a cycle does not wait, so nothing changes under it; a pod counts on its node from the decision on; what is
terminating, bound, or another scheduler's is not touched.
Upstream: pkg/scheduler (schedule_one, eventhandlers).
"""

from __future__ import annotations

import asyncio
import logging
from time import perf_counter
from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.errors import ApiError, Conflict, NotFound
from steersman.client.errors import TransportError
from steersman.lib.aio import Pacer, Tasks, loop_time
from steersman.lib.metrics import Registry
from steersman.scheduler import metrics
from steersman.scheduler.binding import Binder, NotBound
from steersman.scheduler.cycle import decide, follow_up
from steersman.scheduler.events import POD_DELETED, Event, event_of
from steersman.scheduler.evictions import Evictions, remaining
from steersman.scheduler.explanation import explain
from steersman.scheduler.extenders import Extenders, joined
from steersman.scheduler.framework import Aftermath, PluginError
from steersman.scheduler.messages import NO_NODES, fit_error
from steersman.scheduler.metrics import SchedulerMetrics
from steersman.scheduler.nominations import Nominations, nominated_of
from steersman.scheduler.outcomes import SCHEDULER_ERROR, UNSCHEDULABLE, Outcomes
from steersman.scheduler.placements import Placements, same
from steersman.scheduler.pod_info import read_pod, scheduler_of
from steersman.scheduler.queue import BACKOFF_S, BACKOFF_S_MAX, SchedulingQueue
from steersman.scheduler.score_log import score_lines
from steersman.scheduler.snapshot import Snapshot
from steersman.scheduler.underway import CalledOff, Underway

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from random import Random
    from typing import Any

    from steersman.api.meta.types import Object
    from steersman.client.informer import Informer, Informers
    from steersman.scheduler.cycle import Decision, Profile
    from steersman.scheduler.explanation import Explanation
    from steersman.scheduler.extenders import Answers
    from steersman.scheduler.framework import Cycle, Eviction, Plugin
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.queue import Waiting

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
        underway: Underway | None = None,
        writes: Tasks | None = None,
        backoff_s: float = BACKOFF_S,
        backoff_s_max: float = BACKOFF_S_MAX,
        measured: SchedulerMetrics | None = None,
        extenders: Extenders | None = None,
    ) -> None:
        """`profiles`: by the scheduler name that pods ask for. `others`: by plural name, what else may help a refused
        pod when it changes. `underway`: where plugins hold up and call off pods that are not bound yet. `writes`: runs
        what is under way, of plugins as well; closed at the end of `run`. `backoff_s`: of a pod that is refused for the
        first time, doubled each time up to `backoff_s_max`. `measured`: counts what it does.
        `extenders`: webhooks that have a say.
        """
        self._profiles = profiles
        self._outcomes = outcomes
        self._rng = rng
        self.queue = SchedulingQueue(profiles=profiles, backoff_s=backoff_s, backoff_s_max=backoff_s_max)
        self.snapshot = Snapshot()
        self._placements = Placements(snapshot=self.snapshot)
        self._extenders = extenders or Extenders()
        self._metrics = measured or SchedulerMetrics(registry=Registry())
        self._metrics.follow(self.queue, self.snapshot, self._placements)
        self._nominations = Nominations()
        self._underway = underway or Underway()
        self._evictions = Evictions(outcomes=outcomes, underway=self._underway)
        self._binders = {
            name: Binder(profile=profile, outcomes=outcomes, underway=self._underway)
            for name, profile in profiles.items()
        }
        self._writes = writes or Tasks()
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
                elif self._extenders.asked_about(waiting.pod):
                    await self._consult(waiting)
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

    def explain(self, pod: Object) -> Explanation:
        """What would be decided for a pod, bound or not, as things are; nothing comes of it. Its scheduler name is that
        of a profile.
        """
        profile, node = self._profiles[scheduler_of(pod)], pod["spec"].get("nodeName", "")
        free = {name: value for name, value in pod["spec"].items() if name != "nodeName"}  # else it asks for that node
        info = read_pod(pod | {"spec": free})
        held_back = tuple(
            (plugin.name, told) for plugin in profile.at("pre_enqueue") if (told := plugin.pre_enqueue(info))
        )
        self.snapshot.remove_pod(info, node)
        try:
            decision = decide(info, self.snapshot, profile, self._rng, nominated=self._nominations.at_least(info))
            return explain(decision, self.snapshot.names, held_back=held_back)
        finally:
            if node and info.uid in self._placements:
                self.snapshot.add_pod(read_pod(pod), node)

    # -- one pod

    async def _consult(self, waiting: Waiting) -> None:
        """Decide, ask extenders about the nodes that are left, and decide again by what they say."""
        pod, profile = waiting.pod, self._profiles[scheduler_of(waiting.pod.pod)]
        self.queue.witness(waiting)
        try:
            decision = decide(pod, self.snapshot, profile, self._rng, nominated=self._nominations.at_least(pod))
            columns = () if decision.candidates is None else decision.candidates
            nodes = [self.snapshot.nodes[column] for column in columns]
            answers = await self._extenders.consult(pod, nodes) if nodes else None
        except PluginError as error:
            self._logger.warning("%s/%s: cannot be decided: %s", *pod.key, error)
            self._nominations.drop(pod.uid)
            self._errored(waiting, str(error))
            return
        if self.queue.get(pod.uid) is waiting:  # else it went in the meantime
            self._schedule(waiting, answers)

    def _schedule(self, waiting: Waiting, answers: Answers | None = None) -> None:
        pod = waiting.pod
        profile, nominated = self._profiles[scheduler_of(pod.pod)], self._nominations.at_least(pod)
        if answers is not None:
            profile = joined(profile, answers, ("filter", "pre_score", "score"))
        started = perf_counter()
        try:
            decision = decide(pod, self.snapshot, profile, self._rng, nominated=nominated)
            self._metrics.algorithm.observe(perf_counter() - started)
            if decision.node is None:
                self._refused(waiting, decision, profile)
                return
        except Exception as error:
            known = isinstance(error, PluginError)
            self._logger.warning("%s/%s: cannot be decided: %s", *pod.key, error, exc_info=not known)
            self._nominations.drop(pod.uid)
            self._errored(waiting, str(error))
            return
        if self._logger.isEnabledFor(logging.DEBUG):
            for line in score_lines(waiting.pod, decision):
                self._logger.debug("%s", line)
        assert decision.cycle is not None
        self._nominations.drop(pod.uid)
        self._placements.assume(pod, decision.node)
        self._reserve(waiting, decision.cycle, decision.node)

    def _reserve(self, waiting: Waiting, cycle: Cycle, node: str) -> None:
        binder = self._binders[scheduler_of(waiting.pod.pod)]
        try:
            binder.reserve(cycle, node)
            preparing = binder.prepares(cycle, node)
        except NotBound as error:
            self._not_bound(waiting, binder, cycle, node, error)
            return
        if binder.waits(cycle):
            self.queue.witness(waiting)
        if preparing or binder.waits(cycle):
            # Others go on meanwhile, however many wait: it writes little.
            self._writes.start(self._prepare(waiting, binder, cycle, node, preparing), name="prepare")
        else:
            self._write(self._bind(waiting, binder, cycle, node), name="bind")

    def _refused(self, waiting: Waiting, decision: Decision, profile: Profile) -> None:
        pod = waiting.pod
        if not decision.snapshot_nodes:
            after, message = Aftermath(nominated=""), NO_NODES
        else:
            after = follow_up(decision, profile)
            message = fit_error(decision, after.message)
        self._attempted(waiting, metrics.UNSCHEDULABLE)
        self.queue.failed(waiting, decision.refused_by, loop_time(), witnessed=self.queue.witnessed(waiting))
        kept = nominated_of(pod.pod) or self._nominations.node_of(pod.uid)
        self._nominations.set(pod, kept if after.nominated is None else after.nominated)
        if after.eviction is not None and remaining(after.eviction):
            self._metrics.preemptions.inc()
            self._metrics.evicts(len(after.eviction.victims))
            self.queue.hold(waiting)
            self._write(self._evict(waiting, message, after.eviction), name="evict")
        else:
            self._write(self._tell(pod, UNSCHEDULABLE, message, after.nominated), name="refuse")

    async def _evict(self, waiting: Waiting, message: str, eviction: Eviction) -> None:
        """The pod waits until its victims are leaving: before, it would only choose others."""
        pod, done = waiting.pod, False
        try:
            await self._tell(pod, UNSCHEDULABLE, message, eviction.node)
            below = self._nominations.below(pod, eviction.node)
            done = await self._evictions.carry_out(eviction, pod, below=below)
        finally:
            self.queue.release(waiting, loop_time(), retry=not done)

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
            self._attempted(waiting, metrics.SCHEDULED)
            self._metrics.placed(loop_time() - waiting.came, waiting.attempts)
            self.queue.remove(cycle.pod.uid)
            binder.bound(cycle, node)

    def _not_bound(self, waiting: Waiting, binder: Binder, cycle: Cycle, node: str, error: NotBound) -> None:
        """Whatever it is, the pod must not stay where it is not."""
        pod, cause = cycle.pod, error.__cause__
        witnessed = self.queue.witnessed(waiting)  # which its own leaving is no part of
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
            self._attempted(waiting, metrics.UNSCHEDULABLE)
            self.queue.failed(waiting, (error.by,), loop_time(), witnessed=witnessed)
            self._write(self._tell(waiting.pod, UNSCHEDULABLE, str(error), ""), name="refuse")

    def _errored(self, waiting: Waiting, message: str, reason: str = SCHEDULER_ERROR) -> None:
        if self.queue.get(waiting.pod.uid) is waiting:
            self._attempted(waiting, metrics.ERROR if reason == SCHEDULER_ERROR else metrics.UNSCHEDULABLE)
            self.queue.errored(waiting, loop_time())
            self._write(self._tell(waiting.pod, reason, message, ""), name="refuse")

    def _attempted(self, waiting: Waiting, result: str) -> None:
        self._metrics.attempted(result, waiting.pod.scheduler, loop_time() - waiting.taken)

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
            self._no_longer_waits(old)
            self._happened(self._placements.gone(old))
            self._underway.gone(_uid(old))
            old = None
        if new is None:
            return
        if new["spec"].get("nodeName"):
            self.queue.remove(_uid(new))
            self._nominations.drop(_uid(new))
            self._happened(self._placements.bound(new))
        elif "deletionTimestamp" in new["metadata"] or scheduler_of(new) not in self._profiles:
            self._no_longer_waits(new)
        elif _uid(new) not in self._placements or self.queue.get(_uid(new)) is not None:
            self._waits(old, new)  # else it is bound, and this is from before

    def _waits(self, old: Object | None, new: Object) -> None:
        uid = _uid(new)
        known = self.queue.get(uid)
        if known is not None and same(known.pod.pod, new):
            known.pod.pod = new
        else:
            self.queue.add(read_pod(new), loop_time())
            self._wake.set()
        waiting = self.queue.get(uid)
        if waiting is None or uid in self._placements:
            return
        self._nominations.seen(old, waiting.pod)
        if old is not None and nominated_of(old) not in ("", nominated_of(new)):
            self._yields(old, waiting.pod.priority)

    def _no_longer_waits(self, pod: Object) -> None:
        uid = _uid(pod)
        waiting, node = self.queue.get(uid), self._nominations.node_of(uid)
        self.queue.remove(uid)
        self._nominations.drop(uid)
        if waiting is not None and node:
            self._yields(pod, waiting.pod.priority)

    def _yields(self, pod: Object, priority: int) -> None:
        """A node is no longer nominated for a pod: for all who had to reckon with it, that is as if it had left."""
        if self.queue.happened(Event(POD_DELETED, pod, None), loop_time(), priority_max=priority):
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
