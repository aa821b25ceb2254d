"""rollout: which pods of a DaemonSet give way to a new template, in such numbers that enough are available. Pure.

Invariants: what is not available is replaced without being counted as a loss; without a surge no more are unavailable
than maxUnavailable says, with one no more than maxSurge nodes have two pods for this reason; pods that are being
deleted are not counted, so that updates go on when nodes are down. Nodes with more pods than that are left to
`presence`.
Upstream: rollingUpdate, updatedDesiredNodeCounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.controllers.daemonset.amounts import surge_max, unavailable_max
from steersman.controllers.daemonset.pods import is_updated, template_generation
from steersman.controllers.daemonset.presence import Steps
from steersman.controllers.pods import available_in_s

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.controllers.daemonset.placement import Placement


@dataclass(frozen=True, slots=True)
class _Node:
    """A node that has a pod, or should have one."""

    name: str
    fits: bool
    crowded: bool
    """It has several pods of a kind."""
    fresh: Object | None
    old: Object | None
    fresh_available: bool
    old_available: bool


def plan_rollout(
    daemon_set: Object,
    nodes: Iterable[Object],
    pods: Mapping[str, list[Object]],
    placement: Placement,
    *,
    content_hash: str,
    now: datetime,
) -> Steps:
    """For a DaemonSet of strategy RollingUpdate. `pods`: of each node, see `by_node`."""
    fitting = {node["metadata"]["name"]: placement.fit(node).starts for node in nodes}
    wanted = sum(fitting.values())
    unavailable, surge = unavailable_max(daemon_set, wanted), surge_max(daemon_set, wanted)
    if wanted and not unavailable and not surge:
        unavailable = 1  # validation lets nobody wish for neither
    states = list(_states(daemon_set, fitting, pods, content_hash, now))
    if not surge:
        return _replace(states, unavailable)
    return _surge([state for state in states if state.name in fitting], surge, wanted)


def _states(
    daemon_set: Object,
    fitting: Mapping[str, bool],
    pods: Mapping[str, list[Object]],
    content_hash: str,
    now: datetime,
) -> Iterator[_Node]:
    generation = template_generation(daemon_set)
    min_ready_s = daemon_set["spec"].get("minReadySeconds", 0)
    for name in [*pods, *(name for name, fits in fitting.items() if fits and name not in pods)]:
        present = [pod for pod in pods.get(name, ()) if not pod["metadata"].get("deletionTimestamp")]
        fresh = [pod for pod in present if is_updated(pod, content_hash, generation)]
        old = [pod for pod in present if not is_updated(pod, content_hash, generation)]
        yield _Node(
            name=name,
            fits=fitting.get(name, False),
            crowded=len(fresh) > 1 or len(old) > 1,
            fresh=fresh[0] if fresh else None,
            old=old[0] if old else None,
            fresh_available=bool(fresh) and available_in_s(fresh[0], min_ready_s, now) == 0,
            old_available=bool(old) and available_in_s(old[0], min_ready_s, now) == 0,
        )


def _replace(nodes: Sequence[_Node], unavailable_limit: int) -> Steps:
    """Delete old pods: `presence` makes new ones when they are gone."""
    steps = Steps()
    candidates = []
    unavailable = 0
    for node in nodes:
        if node.crowded or (node.old is None) == (node.fresh is None):
            unavailable += 1
        elif node.old is None:
            unavailable += not node.fresh_available
        elif not node.old_available:
            steps.delete.append(node.old)
            unavailable += 1
        else:
            candidates.append(node.old)
    steps.delete += candidates[: max(0, unavailable_limit - unavailable)]
    return steps


def _surge(nodes: Sequence[_Node], surge_limit: int, wanted: int) -> Steps:
    """Make new pods beside old ones, and delete those when the new ones are available."""
    steps = Steps()
    candidates: list[str] = []
    misplaced: list[Object] = []
    surging = 0
    for node in nodes:
        if node.crowded:
            surging += 1
        elif node.old is None:
            continue  # there is nothing to replace
        elif node.fresh is not None:
            if node.fresh_available:
                steps.delete.append(node.old)
            else:
                surging += 1
        elif not node.fits:
            (misplaced if node.old_available else steps.delete).append(node.old)
        elif not node.old_available:
            steps.create.append(node.name)
        else:
            candidates.append(node.name)
    # Whoever allows a surge expects that nothing is lost: a pod on a node that does not fit any more goes when there
    # are enough others.
    available = sum(
        node.old_available if node.old is not None else node.fresh_available for node in nodes if not node.crowded
    )
    steps.delete += misplaced[: max(0, available - wanted)]
    steps.create += candidates[: max(0, surge_limit - surging)]
    return steps
