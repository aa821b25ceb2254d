"""presence: which pods of a DaemonSet are missing, and which are too many. Pure.

Invariants: a node has one pod, or two while a surge replaces the old one; a failed pod is deleted and, once it is gone,
made again, not more often than `failures` allows.
Upstream: manage, podsShouldBeOnNode.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.controllers.daemonset.amounts import allows_surge
from steersman.controllers.daemonset.pods import HASH, oldest_first
from steersman.controllers.pods import available_in_s, is_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.controllers.daemonset.placement import Fit, Placement


@dataclass(slots=True)
class Steps:
    """What to do."""

    create: list[str] = field(default_factory=list)
    """Nodes that a pod is made for."""
    delete: list[Object] = field(default_factory=list)
    tell: list[tuple[str, str, str]] = field(default_factory=list)
    """Events: type, reason, message."""
    failed: list[str] = field(default_factory=list)
    """Nodes whose failed pod is among those to delete."""
    retry_s: list[float] = field(default_factory=list)
    """When failed pods may be deleted that may not yet."""

    def __bool__(self) -> bool:
        return bool(self.create or self.delete)


def plan_presence(
    daemon_set: Object,
    nodes: Iterable[Object],
    pods: Mapping[str, list[Object]],
    placement: Placement,
    *,
    content_hash: str,
    backoff_s: Callable[[str], float],
    now: datetime,
) -> Steps:
    """`pods`: of each node, see `by_node`; `backoff_s`: for how long a failed pod of a node must stay yet."""
    steps = Steps()
    known = set()
    for node in nodes:
        name = node["metadata"]["name"]
        known.add(name)
        _plan_node(
            steps,
            daemon_set,
            name,
            pods.get(name),
            placement.fit(node),
            content_hash=content_hash,
            backoff_s=backoff_s,
            now=now,
        )
    # A pod that waits for a node which is gone will never be assigned: nobody else cleans that up.
    for name, waiting in pods.items():
        if name not in known:
            steps.delete += [pod for pod in waiting if not pod["spec"].get("nodeName")]
    return steps


def _plan_node(
    steps: Steps,
    daemon_set: Object,
    node: str,
    pods: list[Object] | None,
    fit: Fit,
    *,
    content_hash: str,
    backoff_s: Callable[[str], float],
    now: datetime,
) -> None:
    if fit.starts and pods is None:
        steps.create.append(node)
    elif fit.stays:
        running = _running(steps, node, pods or [], backoff_s(node))
        if not allows_surge(daemon_set):
            steps.delete += oldest_first(running)[1:]
        elif not running:
            if fit.starts:
                steps.create.append(node)
        else:
            steps.delete += _beyond_surge(running, content_hash, daemon_set["spec"].get("minReadySeconds", 0), now)
    elif pods is not None:
        steps.delete += [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]


def _running(steps: Steps, node: str, pods: Iterable[Object], backoff_s: float) -> list[Object]:
    """Those that neither ended nor are being deleted; what has ended is deleted."""
    running = []
    for pod in pods:
        metadata = pod["metadata"]
        if metadata.get("deletionTimestamp"):
            continue
        what = f"daemon pod {metadata['namespace']}/{metadata['name']} on node {node}"
        match (pod.get("status") or {}).get("phase"):
            case "Failed" if backoff_s > 0:
                steps.retry_s.append(backoff_s)
            case "Failed" if node in steps.failed:
                pass  # one at a time
            case "Failed":
                # Kubelets that refuse a pod refuse the next one as well: a fight that needs pauses.
                steps.failed.append(node)
                steps.tell.append(("Warning", "FailedDaemonPod", f"Found failed {what}, will try to kill it"))
                steps.delete.append(pod)
            case "Succeeded":
                steps.tell.append(("Normal", "SucceededDaemonPod", f"Found succeeded {what}, will try to delete it"))
                steps.delete.append(pod)
            case _:
                running.append(pod)
    return running


def _beyond_surge(running: Iterable[Object], content_hash: str, min_ready_s: int, now: datetime) -> list[Object]:
    """Two may stay: an old one that is ready, until the new one has become available."""
    fresh: Object | None = None
    old: Object | None = None
    surplus = []
    for pod in oldest_first(running):
        is_fresh = (pod["metadata"].get("labels") or {}).get(HASH) == content_hash
        if is_fresh and fresh is None:
            fresh = pod
        elif not is_fresh and old is None:
            old = pod
        else:
            surplus.append(pod)
    if fresh is not None and old is not None and (not is_ready(old) or available_in_s(fresh, min_ready_s, now) == 0):
        surplus.append(old)
    return surplus
