"""usage: from samples of a metric to the number of replicas at which it would be as wanted. Pure.

Amounts are integers in thousandths. Pods that cannot be judged never turn growth into shrinking or the reverse: those
without a sample count as idle where pods would be added, as busy where they would be removed.
Upstream: pkg/controller/podautoscaler/replica_calculator.go.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from steersman.api.core.pod_resources import is_pod_level, pod_requests
from steersman.api.meta.conditions import find_condition
from steersman.api.meta.quantity import parse
from steersman.controllers.pods import is_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from steersman.api.meta.types import Object

REPLICAS_MAX = (1 << 31) - 1
_INT64_MAX = (1 << 63) - 1


class MetricError(Exception):
    """There is no number; the message says why, as upstream words it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a pod uses."""

    value: int
    at: datetime
    window: timedelta
    """Over which it was measured."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Ratios so near to 1 are left alone."""

    down: float = 0.1
    up: float = 0.1

    def covers(self, ratio: float) -> bool:
        return 1.0 - self.down <= ratio <= 1.0 + self.up


@dataclass(frozen=True, slots=True)
class WarmUp:
    """While a pod starts, its use of CPU says little."""

    cpu: timedelta = timedelta(minutes=5)
    """So long after its start a pod's use of CPU is judged only if it is ready, and has been for a whole sample."""
    readiness: timedelta = timedelta(seconds=30)
    """A pod that became unready so soon after its start has never been ready."""


USUAL_WARM_UP = WarmUp()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many replicas; what is used now, per pod or in total; the same in percent of what is requested."""

    replicas: int
    usage: int
    utilization: int | None = None


@dataclass(frozen=True, slots=True)
class Groups:
    """Names of pods."""

    ready: int
    unready: frozenset[str]
    missing: frozenset[str]
    """Without a sample."""
    ignored: frozenset[str]


def group_pods(
    pods: Iterable[Object],
    samples: Mapping[str, Sample],
    resource: str,
    now: datetime,
    warm_up: WarmUp = USUAL_WARM_UP,
) -> Groups:
    """`resource`: empty for what is none."""
    ready = 0
    unready, missing, ignored = set(), set(), set()
    for pod in pods:
        name, phase = pod["metadata"]["name"], (pod.get("status") or {}).get("phase")
        if pod["metadata"].get("deletionTimestamp") or phase == "Failed":
            ignored.add(name)
        elif phase == "Pending":
            unready.add(name)
        elif name not in samples:
            missing.add(name)
        elif resource == "cpu" and _is_warming_up(pod, samples[name], now, warm_up):
            unready.add(name)
        else:
            ready += 1
    return Groups(ready, frozenset(unready), frozenset(missing), frozenset(ignored))


def judge_utilization(
    pods: Sequence[Object],
    samples: Mapping[str, Sample],
    *,
    resource: str,
    container: str,
    target: int,
    present: int,
    tolerance: Tolerance,
    now: datetime,
    warm_up: WarmUp = USUAL_WARM_UP,
) -> Verdict:
    """`target`: percent of the requests. `container`: empty for whole pods. Raises MetricError."""
    groups, values = _judged(pods, samples, resource, now, warm_up)
    requests = {pod["metadata"]["name"]: request_of(pod, resource, container) for pod in pods}

    def utilization(values: Mapping[str, int]) -> tuple[int, int]:
        known = [name for name in values if name in requests]
        requested = sum(requests[name] for name in known)
        if not requested:
            raise MetricError("no metrics returned matched known pods")
        used = sum(values[name] for name in known)
        return used * 100 // requested, used // len(known)

    percent, usage = utilization(values)
    busy = max(100, target)
    replicas = _settle(
        values,
        groups,
        present=present,
        ratio_of=lambda values: utilization(values)[0] / target,
        busy=lambda name: requests[name] * busy // 100,
        tolerance=tolerance,
    )
    return Verdict(replicas, usage, percent)


def judge_average(
    pods: Sequence[Object],
    samples: Mapping[str, Sample],
    *,
    resource: str,
    target: int,
    present: int,
    tolerance: Tolerance,
    now: datetime,
    warm_up: WarmUp = USUAL_WARM_UP,
) -> Verdict:
    """`target`: per pod. Raises MetricError."""
    groups, values = _judged(pods, samples, resource, now, warm_up)

    def average(values: Mapping[str, int]) -> int:
        return sum(values.values()) // len(values)

    usage = average(values)
    replicas = _settle(
        values,
        groups,
        present=present,
        ratio_of=lambda values: average(values) / target,
        busy=lambda _name: target,
        tolerance=tolerance,
    )
    return Verdict(replicas, usage)


def judge_total(pods: Sequence[Object], usage: int, *, target: int, present: int, tolerance: Tolerance) -> Verdict:
    """Of something else than pods, which they share. Without any pods its amount alone counts. Raises MetricError."""
    ratio = usage / target
    if present == 0:
        return Verdict(_whole(ratio), usage)
    if tolerance.covers(ratio):
        return Verdict(present, usage)
    if not pods:
        raise MetricError(
            "unable to calculate ready pods: no pods returned by selector while calculating replica count"
        )
    ready = sum((pod.get("status") or {}).get("phase") == "Running" and is_ready(pod) for pod in pods)
    return Verdict(_whole(ratio * ready), usage)


def judge_share(usage: int, *, target: int, present: int, tolerance: Tolerance) -> Verdict:
    """Likewise, with a target per pod; the verdict tells the usage per pod."""
    fits = present > 0 and tolerance.covers(usage / (target * present))
    replicas = present if fits else _whole(usage / target)
    return Verdict(replicas, math.ceil(usage / present) if present else 0)


def total_of(values: Iterable[int]) -> int:
    return min(sum(values), _INT64_MAX)


def request_of(pod: Object, resource: str, container: str) -> int:
    """Of the pod, or of one of its containers. Raises MetricError."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    whole = (spec.get("resources") or {}).get("requests") or {}
    if not container and any(map(is_pod_level, whole)):
        amount = pod_requests(spec, overhead=True).get(resource)
        if amount is None:
            raise MetricError(f"missing pod-level request for {resource} in Pod {name}")
        return amount.milli_value()
    sidecars = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    asked = [each for each in (*spec["containers"], *sidecars) if container in ("", each["name"])]
    if not asked and container:
        raise MetricError(f"container {container} not found in Pod {name}")
    total = 0
    for each in asked:
        given = ((each.get("resources") or {}).get("requests") or {}).get(resource)
        if given is None:
            raise MetricError(f"missing request for {resource} in container {each['name']} of Pod {name}")
        total += parse(given).milli_value()
    return total


def _judged(
    pods: Sequence[Object], samples: Mapping[str, Sample], resource: str, now: datetime, warm_up: WarmUp
) -> tuple[Groups, dict[str, int]]:
    if not pods:
        raise MetricError("no pods returned by selector while calculating replica count")
    groups = group_pods(pods, samples, resource, now, warm_up)
    without = groups.ignored | groups.unready
    values = {name: sample.value for name, sample in samples.items() if name not in without}
    if not values:
        raise MetricError("did not receive metrics for targeted pods (pods might be unready)")
    return groups, values


def _settle(
    values: dict[str, int],
    groups: Groups,
    *,
    present: int,
    ratio_of: Callable[[Mapping[str, int]], float],
    busy: Callable[[str], int],
    tolerance: Tolerance,
) -> int:
    ratio = ratio_of(values)
    starts_more = bool(groups.unready) and ratio > 1
    if not starts_more and not groups.missing:
        return present if tolerance.covers(ratio) else _whole(ratio * groups.ready)
    if ratio < 1:
        values = values | {name: busy(name) for name in groups.missing}
    elif ratio > 1:
        values = values | dict.fromkeys(groups.missing, 0)
    if starts_more:
        values = values | dict.fromkeys(groups.unready, 0)
    again = ratio_of(values)
    replicas = _whole(again * len(values))
    turns = (ratio < 1 < again) or (again < 1 < ratio)
    overshoots = (again < 1 and replicas > present) or (again > 1 and replicas < present)
    return present if tolerance.covers(again) or turns or overshoots else replicas


def _whole(replicas: float) -> int:
    return REPLICAS_MAX if replicas > REPLICAS_MAX else math.ceil(replicas)


def _is_warming_up(pod: Object, sample: Sample, now: datetime, warm_up: WarmUp) -> bool:
    condition, started_at = find_condition(pod, "Ready"), pod["status"].get("startTime")
    if condition is None or not started_at:
        return True
    started = datetime.fromisoformat(started_at)
    changed = condition.get("lastTransitionTime")
    since = datetime.fromisoformat(changed) if changed else started
    unready = condition["status"] == "False"
    if started + warm_up.cpu > now:
        return unready or sample.at < since + sample.window
    return unready and started + warm_up.readiness > since
