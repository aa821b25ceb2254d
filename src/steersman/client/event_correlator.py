"""What becomes of an event before it is sent: counted with its equals, combined with its like, or left out. Pure.

    equal but for time       one Event whose count grows
    equal but for message    from the tenth different one within ten minutes on, one Event for all that follow
    too many of an object    left out: 25 at once, then one every five minutes

Upstream: client-go tools/record (EventCorrelator). Difference: intervals are measured in monotonic time.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

    from steersman.api.meta.types import Object

REMEMBERED_MAX = 4096
"""Of each: counts, combinations, budgets. The one that was not used for longest is forgotten."""
SIMILAR_MAX = 10
SIMILAR_S = 600.0
BURST_MAX = 25
REFILL_PER_S = 1 / 300
COMBINED = "(combined from similar events): "

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


class Source(NamedTuple):
    """Who speaks: a component, and the node it is on (empty for those that are on none)."""

    component: str
    host: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event on its way. `regarding`: an ObjectReference. Times are as they are written."""

    name: str
    namespace: str
    regarding: Object
    source: Source
    type: str
    reason: str
    message: str
    first_time: str
    last_time: str
    count: int = 1
    annotations: tuple[tuple[str, str], ...] = ()

    def about(self) -> tuple[str, ...]:
        """Whom it is about, and who says so."""
        regarding = self.regarding
        names = ("kind", "namespace", "name", "uid", "apiVersion")
        return (*self.source, *(regarding.get(name, "") for name in names), self.type)


@dataclass(slots=True)
class _Similar:
    messages: dict[str, None]
    """In the order in which they came first."""
    last: float


@dataclass(slots=True)
class _Budget:
    tokens: float
    at: float


class Correlator:
    """Remembers what was said lately. `now`: monotonic seconds."""

    def __init__(self) -> None:
        self._similar: _Recent[tuple[str, ...], _Similar] = _Recent(REMEMBERED_MAX)
        self._said: _Recent[tuple[str, ...], Happening] = _Recent(REMEMBERED_MAX)
        self._budgets: _Recent[tuple[str, ...], _Budget] = _Recent(REMEMBERED_MAX)

    def correlate(self, happening: Happening, *, now: float) -> Happening | None:
        """What to send: an Event that exists already if `count` is more than 1. None: nothing."""
        combined, key = self._combine(happening, now)
        counted = self._count(combined, key)
        return counted if self._affords(counted, now) else None

    def _combine(self, happening: Happening, now: float) -> tuple[Happening, tuple[str, ...]]:
        """The event itself, or the one that stands for all like it; and what it is counted under."""
        like = (*happening.about(), happening.reason)
        similar = self._similar.get(like)
        if similar is None or now - similar.last > SIMILAR_S:
            similar = _Similar({}, now)
            self._similar.set(like, similar)
        similar.messages[happening.message] = None
        similar.last = now
        if len(similar.messages) < SIMILAR_MAX:
            return happening, (*like, happening.regarding.get("fieldPath", ""), happening.message)
        del similar.messages[next(iter(similar.messages))]
        return replace(happening, message=COMBINED + happening.message, annotations=()), like

    def _count(self, happening: Happening, key: tuple[str, ...]) -> Happening:
        before = self._said.get(key)
        if before is not None:
            happening = replace(happening, name=before.name, first_time=before.first_time, count=before.count + 1)
        self._said.set(key, happening)
        return happening

    def _affords(self, happening: Happening, now: float) -> bool:
        key = happening.about()
        budget = self._budgets.get(key)
        if budget is None:
            budget = _Budget(BURST_MAX, now)
            self._budgets.set(key, budget)
        budget.tokens = min(budget.tokens + (now - budget.at) * REFILL_PER_S, BURST_MAX)
        budget.at = now
        if budget.tokens < 1:
            return False
        budget.tokens -= 1
        return True


class _Recent(Generic[K, V]):
    """A map that forgets what was not used for longest."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def set(self, key: K, value: V) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._size_max:
            self._values.popitem(last=False)
