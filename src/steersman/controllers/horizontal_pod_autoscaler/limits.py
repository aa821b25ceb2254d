"""limits: from the replicas that metrics ask for to those that there will be: bounds, rates, stabilisation. Pure.

Upstream: normalizeDesiredReplicas and its kin in pkg/controller/podautoscaler/horizontal.go.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

SHRINK_WINDOW_S = 300
"""Unless spec.behavior says otherwise the most that was asked for in this time is kept."""
_MEMORY = timedelta(hours=1)
"""No window or period may be longer."""
_FACTOR_MAX, _STEP_MIN = 2, 4
"""Without spec.behavior: at most twice as many at a time, or that many."""
_INT32_MIN, _INT32_MAX = -(1 << 31), (1 << 31) - 1
_IN_RANGE = ("False", "DesiredWithinRange", "the desired count is within the acceptable range")
_TOO_MANY = ("TooManyReplicas", "the desired replica count is more than the maximum replica count")
_TOO_FEW = ("TooFewReplicas", "the desired replica count is less than the minimum replica count")
_TOO_FAST_UP = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
_TOO_FAST_DOWN = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")
_READY = ("ReadyForNewScale", "recommended size matches current size")
_KEPT_UP = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
)
_KEPT_DOWN = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
)

Noted = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class History:
    """Of one autoscaler: what was asked for, and by how much it grew and shrank its target, each with its time."""

    asked: tuple[Noted, ...] = ()
    grown: tuple[Noted, ...] = ()
    shrunk: tuple[Noted, ...] = ()

    def with_asked(self, replicas: int, now: datetime, memory: timedelta = _MEMORY) -> History:
        return replace(self, asked=(*_recent(self.asked, now, memory), (now, replicas)))

    def with_change(self, before: int, after: int, now: datetime) -> History:
        change = (now, abs(after - before))
        if after > before:
            return replace(self, grown=(*_recent(self.grown, now), change))
        return replace(self, shrunk=(*_recent(self.shrunk, now), change))


@dataclass(frozen=True, slots=True)
class Limited:
    """`able`: reason and message of AbleToScale, `limited`: status, reason and message of ScalingLimited."""

    replicas: int
    able: tuple[str, str]
    limited: tuple[str, str, str]
    history: History


def plan_limited(
    spec: Object,
    asked: int,
    *,
    present: int,
    minimum: int,
    history: History,
    now: datetime,
    shrink_window_s: float = SHRINK_WINDOW_S,
) -> Limited:
    """`spec`: of the autoscaler; `shrink_window_s`: where that says none. What is asked for becomes history."""
    maximum, behavior = spec["maxReplicas"], spec.get("behavior")
    memory = max(_MEMORY, timedelta(seconds=shrink_window_s))
    if behavior is None:
        kept = max((asked, *_within(history.asked, shrink_window_s, now)))
        able = _KEPT_DOWN
        replicas, limited = _bounded(kept, present, minimum, maximum)
    else:
        kept = _stabilised(behavior, asked, present, history, now, shrink_window_s)
        able = _KEPT_UP if asked >= present else _KEPT_DOWN
        replicas, limited = _paced(behavior, kept, present, minimum, maximum, history, now)
    return Limited(replicas, _READY if kept == asked else able, limited, history.with_asked(asked, now, memory))


def _bounded(wanted: int, present: int, minimum: int, maximum: int) -> tuple[int, tuple[str, str, str]]:
    step_max = max(_FACTOR_MAX * present, _STEP_MIN)
    if wanted < minimum:
        return minimum, ("True", *_TOO_FEW)
    if wanted > min(maximum, step_max):
        return min(maximum, step_max), ("True", *(_TOO_FAST_UP if maximum > step_max else _TOO_MANY))
    return wanted, _IN_RANGE


def _stabilised(
    behavior: Object, asked: int, present: int, history: History, now: datetime, shrink_window_s: float
) -> int:
    """As few more as were asked for in the whole window for growth, as few less as in that for shrinking."""
    up_s = behavior["scaleUp"].get("stabilizationWindowSeconds") or 0
    down_s = behavior["scaleDown"].get("stabilizationWindowSeconds")
    lowest = min((asked, *_within(history.asked, up_s, now)))
    highest = max((asked, *_within(history.asked, shrink_window_s if down_s is None else down_s, now)))
    return min(max(present, lowest), highest)


def _paced(
    behavior: Object, wanted: int, present: int, minimum: int, maximum: int, history: History, now: datetime
) -> tuple[int, tuple[str, str, str]]:
    if wanted > present:
        pace = max(growth_limit(behavior["scaleUp"], present, history, now), present)
        allowed, why = (pace, _TOO_FAST_UP) if maximum > pace else (maximum, _TOO_MANY)
        if wanted > allowed:
            return allowed, ("True", *why)
    elif wanted < present:
        pace = min(shrink_limit(behavior["scaleDown"], present, history, now), present)
        allowed, why = (pace, _TOO_FAST_DOWN) if minimum < pace else (minimum, _TOO_FEW)
        if wanted < allowed:
            return allowed, ("True", *why)
    return wanted, _IN_RANGE


def growth_limit(rules: Object, present: int, history: History, now: datetime) -> int:
    """The most that the policies allow now."""
    select = rules.get("selectPolicy", "Max")
    if select == "Disabled":
        return present
    limits = []
    for policy, before in _periods(rules, present, history, now):
        value = policy["value"]
        limits.append(before + value if policy["type"] == "Pods" else math.ceil(before * (1 + value / 100)))
    return min(limits, default=_INT32_MAX) if select == "Min" else max(limits, default=_INT32_MIN)


def shrink_limit(rules: Object, present: int, history: History, now: datetime) -> int:
    """The fewest that the policies allow now."""
    select = rules.get("selectPolicy", "Max")
    if select == "Disabled":
        return present
    limits = []
    for policy, before in _periods(rules, present, history, now):
        value = policy["value"]
        limits.append(before - value if policy["type"] == "Pods" else int(before * (1 - value / 100)))
    return max(limits, default=_INT32_MIN) if select == "Min" else min(limits, default=_INT32_MAX)


def _periods(rules: Object, present: int, history: History, now: datetime) -> list[tuple[Object, int]]:
    """Each policy, with the replicas that there were when its period began."""
    periods = []
    for policy in rules.get("policies") or ():
        seconds = policy["periodSeconds"]
        before = present - sum(_within(history.grown, seconds, now)) + sum(_within(history.shrunk, seconds, now))
        periods.append((policy, before))
    return periods


def _within(noted: Sequence[Noted], seconds: float, now: datetime) -> list[int]:
    cutoff = now - timedelta(seconds=seconds)
    return [number for at, number in noted if at > cutoff]


def _recent(noted: Sequence[Noted], now: datetime, memory: timedelta = _MEMORY) -> tuple[Noted, ...]:
    return tuple(each for each in noted if each[0] >= now - memory)
