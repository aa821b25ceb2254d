"""queue: the pods that wait to be placed, and which of them is next. Pure: the time is given.

    add > active ------> pop > placed, or failed > parked (by the plugins that refused it)
            ^                            |            |  an event that may help one of those plugins
            +-- backoff (1 s ... 10 s) <-+------------+

A pod that pre_enqueue refuses is parked from the start, by the plugin that did. One that is held, because room is being
made for it, stays parked until it is released. While nothing is active, pods that back
off are taken before their time, except those that met an error.
Invariants: a pod is in one place only; whatever is parked leaves it by an event, or after PARKED_S_MAX.
Upstream: pkg/scheduler/backend/queue. Upstream differences: a cycle never waits, so that no event can come in one, and
none is kept for it; only for pods that wait for the permission of plugins.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING

from steersman.scheduler.events import SELF_UPDATED, Action, Event
from steersman.scheduler.framework import implements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from steersman.scheduler.cycle import Profile
    from steersman.scheduler.framework import Plugin
    from steersman.scheduler.pod_info import PodInfo

BACKOFF_S, BACKOFF_S_MAX = 1.0, 10.0
PARKED_S_MAX = 300.0
_WITNESSED_MAX = 10_000
"""What comes after so many events in one wait is not kept: most likely one of them helps."""
FLUSH_S = 30.0
"""How often it is looked for pods that are parked too long."""


class Place(Enum):
    """Where a pod is."""

    OUT = "out"
    """Taken by `pop`, or removed."""
    ACTIVE = "active"
    BACKOFF = "backoff"
    PARKED = "parked"


_QUEUES = {Place.ACTIVE: "active", Place.BACKOFF: "backoff", Place.PARKED: "unschedulable"}
_ACTIONS = {Action.ADDED: "Add", Action.UPDATED: "Update", Action.DELETED: "Delete"}
FAILED = "ScheduleAttemptFailure"


@dataclass(slots=True, eq=False)
class Waiting:
    """One pod that waits. `since`: when it came, or failed last. `failures`: in a row of their kind."""

    pod: PodInfo
    since: float
    place: Place = Place.OUT
    failures: int = 0
    errors: int = 0
    refused_by: frozenset[str] = frozenset()
    """Plugins; if none is named, any event may help."""
    held: bool = False
    """It is parked, whatever happens, until it is released. `missed`: something happened meanwhile."""
    missed: bool = False
    ticket: int = 0
    """Of its one valid entry in a heap."""
    came: float = 0.0
    """When it was first here."""
    attempts: int = 0
    taken: float = 0.0
    """When it was taken last."""
    ready_at: float = 0.0
    """When it need not back off any more."""


@dataclass(slots=True)
class _Heap:
    """Pods in an order; what left is dropped when it comes up."""

    place: Place
    entries: list[tuple[tuple[float, ...], int, Waiting]] = field(default_factory=list)

    def push(self, order: tuple[float, ...], waiting: Waiting) -> None:
        heapq.heappush(self.entries, (order, waiting.ticket, waiting))

    def first(self) -> Waiting | None:
        while self.entries:
            _, ticket, waiting = self.entries[0]
            if waiting.place is self.place and waiting.ticket == ticket:
                return waiting
            heapq.heappop(self.entries)
        return None


class SchedulingQueue:
    """See the module."""

    def __init__(
        self, *, profiles: Mapping[str, Profile], backoff_s: float = BACKOFF_S, backoff_s_max: float = BACKOFF_S_MAX
    ) -> None:
        """`profiles`: by the scheduler name that pods ask for; every pod asks for one of them."""
        self._plugins = {name: {each.name: each for each in profile.plugins} for name, profile in profiles.items()}
        self._namesakes: dict[str, list[Plugin]] = {}
        for plugins in self._plugins.values():
            for plugin in plugins.values():
                self._namesakes.setdefault(plugin.name, []).append(plugin)
        self._gates = {
            name: tuple(each for each in profile.at("pre_enqueue") if implements(each, "pre_enqueue"))
            for name, profile in profiles.items()
        }
        self._backoff_s = backoff_s
        self._backoff_s_max = backoff_s_max
        self._waiting: dict[str, Waiting] = {}
        self._active = _Heap(Place.ACTIVE)
        self._backoff = _Heap(Place.BACKOFF)
        self._errors = _Heap(Place.BACKOFF)
        self._parked: dict[frozenset[str], dict[str, Waiting]] = {}
        self._witnesses: dict[str, list[Event]] = {}
        self._tickets = count(1)
        self._flush_at: float | None = None
        self.incoming: dict[tuple[str, str], int] = {}
        """How often a pod came to a queue ("active", "backoff", "unschedulable"), and why, in upstream's words."""

    def __len__(self) -> int:
        return len(self._waiting)

    def get(self, uid: str) -> Waiting | None:
        """One that waits, or has been taken and is neither placed nor failed yet."""
        return self._waiting.get(uid)

    # -- pods

    def add(self, pod: PodInfo, now: float) -> None:
        """A pod that is new, or has changed so that it may be placed now though it could not before."""
        known = self._waiting.get(pod.uid)
        if known is None:
            known = self._waiting[pod.uid] = Waiting(pod, now, came=now)
            self._enqueue(known, now, "PodAdd")
            return
        old, known.pod = known.pod, pod
        if known.place is Place.PARKED:
            if self._helps(Event(SELF_UPDATED, old.pod, pod.pod), known):
                self._enqueue(known, now, "PodUpdate")
        elif known.place is Place.ACTIVE and old.priority != pod.priority:
            self._enqueue(known, now, "PodUpdate")

    def remove(self, uid: str) -> None:
        """A pod that is placed, or gone; one that is not here is no error."""
        self._witnesses.pop(uid, None)
        known = self._waiting.pop(uid, None)
        if known is not None:
            self._leave(known)

    def pop(self, now: float) -> Waiting | None:
        """The next to be tried: highest priority first, then who waits for longest. It counts as waiting until
        `failed` or `remove`.
        """
        self.flush(now)
        waiting = self._active.first() or self._backoff.first()
        if waiting is not None:
            self._leave(waiting)
            waiting.attempts += 1
            waiting.taken = now
        return waiting

    def failed(
        self, waiting: Waiting, refused_by: Iterable[str], now: float, *, witnessed: Iterable[Event] = ()
    ) -> None:
        """No node can take it, as these plugins say. `witnessed`: what happened after they were asked."""
        if self._waiting.get(waiting.pod.uid) is not waiting:
            return  # it went in the meantime
        waiting.since, waiting.failures, waiting.errors = now, waiting.failures + 1, 0
        waiting.ready_at = self._ready_at(now, waiting.failures)
        self._park(waiting, frozenset(refused_by), now, FAILED)
        helped_by = next((event for event in witnessed if self._helps(event, waiting)), None)
        if helped_by is not None:
            self._enqueue(waiting, now, _word(helped_by))

    def witness(self, waiting: Waiting) -> None:
        """From now on keep what happens, for a pod that has been taken and waits for others to decide."""
        self._witnesses[waiting.pod.uid] = []

    def witnessed(self, waiting: Waiting) -> Sequence[Event]:
        """What has happened since; no more is kept."""
        return self._witnesses.pop(waiting.pod.uid, ())

    def errored(self, waiting: Waiting, now: float) -> None:
        """Something went wrong that has nothing to do with the cluster: it is tried again."""
        if self._waiting.get(waiting.pod.uid) is not waiting:
            return
        self._witnesses.pop(waiting.pod.uid, None)  # it is tried again, whatever happened
        waiting.since, waiting.errors = now, waiting.errors + 1
        waiting.ready_at = self._ready_at(now, waiting.errors)
        waiting.refused_by = frozenset()
        self._enqueue(waiting, now, FAILED)

    def hold(self, waiting: Waiting) -> None:
        """Keep a pod that has just failed where it is."""
        if self._waiting.get(waiting.pod.uid) is waiting:
            waiting.held, waiting.missed = True, False

    def release(self, waiting: Waiting, now: float, *, retry: bool = False) -> None:
        """It may be tried again when something happens, or because something has. `retry`: in any case, as after an
        error.
        """
        if not waiting.held:
            return
        waiting.held = False
        if waiting.place is not Place.PARKED:
            return
        if retry:
            self._leave(waiting)
            self.errored(waiting, now)
        elif waiting.missed:
            self._enqueue(waiting, now, FAILED)

    # -- for those who look on

    def counts(self) -> dict[str, int]:
        """How many pods wait, by where. "gated": that were never tried, since they may not be queued yet."""
        found = dict.fromkeys((*_QUEUES.values(), "gated"), 0)
        for waiting in self._waiting.values():
            if waiting.place is not Place.OUT:
                gated = waiting.place is Place.PARKED and not waiting.attempts
                found["gated" if gated else _QUEUES[waiting.place]] += 1
        return found

    def refused(self) -> dict[tuple[str, str], int]:
        """How many pods wait that a plugin refused, by plugin and profile."""
        found: dict[tuple[str, str], int] = {}
        for waiting in self._waiting.values():
            for name in waiting.refused_by:
                key = (name, waiting.pod.scheduler)
                found[key] = found.get(key, 0) + 1
        return found

    # -- events and time

    def happened(
        self, event: Event, now: float, *, about: Iterable[str] | None = None, priority_max: int | None = None
    ) -> int:
        """Wake what an event may help; how many that are. `about`: uids of the only pods that it concerns;
        `priority_max`: it concerns none that are more important.
        """
        for events in self._witnesses.values():
            if len(events) < _WITNESSED_MAX:
                events.append(event)
        woken = [
            waiting
            for refused_by, parked in self._parked.items()
            if self._matters(event, refused_by)
            for waiting in (parked.values() if about is None else map(parked.get, about))
            if waiting is not None
            and (priority_max is None or waiting.pod.priority <= priority_max)
            and self._helps(event, waiting)
        ]
        why = _word(event) if woken else ""
        for waiting in woken:
            self._enqueue(waiting, now, why)
        return len(woken)

    def flush(self, now: float) -> None:
        """Let go what has backed off, or been parked, for long enough."""
        for heap in (self._backoff, self._errors):
            while (first := heap.first()) is not None and first.ready_at <= now:
                self._activate(first, "BackoffComplete")
        if self._flush_at is not None and self._flush_at <= now:
            stale = [each for parked in self._parked.values() for each in parked.values()]
            for waiting in stale:
                if now - waiting.since > PARKED_S_MAX:
                    self._enqueue(waiting, now, "UnschedulableTimeout")
            self._flush_at = now + FLUSH_S if self._parked else None

    def next_at(self) -> float | None:
        """When `pop` is worth another try, if nothing happens before."""
        times = [first.ready_at for heap in (self._backoff, self._errors) if (first := heap.first()) is not None]
        if self._flush_at is not None:
            times.append(self._flush_at)
        return min(times, default=None)

    # -- inside

    def _ready_at(self, since: float, tries: int) -> float:
        """A whole second, so that among equals priority decides."""
        return math.floor(since + min(self._backoff_s * 2.0 ** (min(tries, 30) - 1), self._backoff_s_max))

    def _enqueue(self, waiting: Waiting, now: float, why: str) -> None:
        """Into active or backoff, unless it is held or a plugin keeps it from being queued."""
        if waiting.held:
            waiting.missed = True
            if waiting.place is not Place.PARKED:
                self._park(waiting, waiting.refused_by, now, why)
            return
        for plugin in self._gates[waiting.pod.scheduler]:
            if plugin.pre_enqueue(waiting.pod):
                self._park(waiting, frozenset((plugin.name,)), now, why)
                return
        if waiting.ready_at <= now:
            self._activate(waiting, why)
            return
        self._enter(waiting, Place.BACKOFF, why)
        heap = self._errors if waiting.errors else self._backoff
        heap.push((waiting.ready_at, -waiting.pod.priority), waiting)

    def _activate(self, waiting: Waiting, why: str) -> None:
        self._enter(waiting, Place.ACTIVE, why)
        self._active.push((-waiting.pod.priority, waiting.since), waiting)

    def _park(self, waiting: Waiting, refused_by: frozenset[str], now: float, why: str) -> None:
        self._enter(waiting, Place.PARKED, why)
        waiting.refused_by = refused_by
        self._parked.setdefault(refused_by, {})[waiting.pod.uid] = waiting
        if self._flush_at is None:
            self._flush_at = now + FLUSH_S

    def _enter(self, waiting: Waiting, place: Place, why: str) -> None:
        self._leave(waiting)
        key = (_QUEUES[place], why)
        self.incoming[key] = self.incoming.get(key, 0) + 1
        waiting.place, waiting.ticket = place, next(self._tickets)

    def _leave(self, waiting: Waiting) -> None:
        if waiting.place is Place.PARKED:
            parked = self._parked[waiting.refused_by]
            del parked[waiting.pod.uid]
            if not parked:
                del self._parked[waiting.refused_by]
        waiting.place = Place.OUT

    def _matters(self, event: Event, refused_by: frozenset[str]) -> bool:
        """Whether an event of this kind can help anybody whom these refused."""
        if not refused_by or not refused_by <= self._namesakes.keys():
            return True  # whoever is no plugin does not say what would help
        return any(_cares(plugin, event) for name in refused_by for plugin in self._namesakes[name])

    def _helps(self, event: Event, waiting: Waiting) -> bool:
        plugins = self._plugins[waiting.pod.scheduler]
        if not waiting.refused_by or not waiting.refused_by <= plugins.keys():
            return True
        asked = [plugin for name in waiting.refused_by if _cares(plugin := plugins[name], event)]
        return any(plugin.may_help(event, waiting.pod) for plugin in asked)


def _word(event: Event) -> str:
    """What happened, as upstream calls it."""
    resource, action = event.kind
    kind = "AssignedPod" if resource == "pods" else resource.removesuffix("s").capitalize()
    return f"{kind}{_ACTIONS[action]}"


def _cares(plugin: Plugin, event: Event) -> bool:
    return plugin.helped_by is None or event.kind in plugin.helped_by
