"""rollout: which pods of a StatefulSet give way to a new template, from the highest ordinal down. Pure.

Invariants: those below the partition stay; no more are unavailable than maxUnavailable says; with parallel management
those that are not available anyway go first, and beyond the limit.
Upstream: updateStatefulSetAfterInvariantEstablished.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.rolling import scaled_amount
from steersman.controllers.pods import available_in_s
from steersman.controllers.statefulset.identity import revision_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object

PARALLEL = "Parallel"


def plan_rollout(stateful_set: Object, replicas: Sequence[Object], revision: str, now: datetime) -> list[Object]:
    """The pods to delete, in order. `replicas`: the pod of each ordinal; `revision`: the one that they should be of."""
    spec = stateful_set["spec"]
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") != "RollingUpdate":
        return []
    rolling = strategy.get("rollingUpdate") or {}
    min_ready_s = spec.get("minReadySeconds", 0)
    downwards = list(reversed(replicas[rolling.get("partition", 0) :]))
    outdated = [
        pod for pod in downwards if revision_of(pod) != revision and not pod["metadata"].get("deletionTimestamp")
    ]
    budget = unavailable_max(rolling, len(replicas)) - sum(is_unavailable(pod, min_ready_s, now) for pod in replicas)
    if spec.get("podManagementPolicy") != PARALLEL:
        return outdated[: max(0, budget)]
    # Were the budget spent on good pods, the bad ones further down would come on top of it.
    lost = [pod for pod in outdated if is_unavailable(pod, min_ready_s, now)]
    good = [pod for pod in outdated if not is_unavailable(pod, min_ready_s, now)]
    return lost + good[: max(0, budget)]


def unavailable_max(rolling: Object, replicas: int) -> int:
    """Of so many; at least one."""
    return max(1, scaled_amount(rolling.get("maxUnavailable", 1), replicas, up=False))


def is_unavailable(pod: Object, min_ready_s: int, now: datetime) -> bool:
    """Not there yet, not ready for long enough, or about to go."""
    return bool(pod["metadata"].get("deletionTimestamp")) or available_in_s(pod, min_ready_s, now) != 0
