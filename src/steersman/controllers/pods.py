"""What controllers ask of pods. Pure.

Upstream: pkg/api/v1/pod/util.go, pkg/controller/controller_utils.go.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from steersman.api.meta.conditions import find_condition, is_condition_true

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
NAME_PREFIX_MAX = 63 - 5
"""Of a generated name: what the API server puts behind it takes the rest."""
_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_terminal(pod: Object) -> bool:
    """Its containers have ended for good."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def is_active(pod: Object) -> bool:
    """It counts as a replica: neither ended nor about to be deleted."""
    return not is_terminal(pod) and not pod["metadata"].get("deletionTimestamp")


def is_terminating(pod: Object) -> bool:
    """Deleted, and its containers have not ended yet."""
    return bool(pod["metadata"].get("deletionTimestamp")) and not is_terminal(pod)


def is_ready(pod: Object) -> bool:
    return is_condition_true(pod, "Ready")


def ready_since(pod: Object) -> datetime | None:
    """None if it is not ready, or nobody noted since when."""
    condition = find_condition(pod, "Ready")
    if condition is None or condition["status"] != "True" or not condition.get("lastTransitionTime"):
        return None
    return datetime.fromisoformat(condition["lastTransitionTime"])


def available_in_s(pod: Object, min_ready_s: int, now: datetime) -> float | None:
    """In how many seconds it will have been ready for long enough: 0 if it has been, None while it is not ready."""
    if not is_ready(pod):
        return None
    if not min_ready_s:
        return 0.0
    since = ready_since(pod)
    if since is None:
        return None
    return max(0.0, (since + timedelta(seconds=min_ready_s) - now).total_seconds())


def name_prefix(owner: str) -> str:
    """What the names of an owner's pods begin with."""
    return f"{owner}-"


def pod_of_template(template: Object, *, owner: str, namespace: str, reference: Object) -> Object:
    """A new pod. `owner`: the name of the one it belongs to; `reference`: its ownerReference."""
    given = template.get("metadata") or {}
    metadata: Object = {
        "generateName": name_prefix(owner),
        "namespace": namespace,
        "ownerReferences": [reference],
        **{field: given[field] for field in ("labels", "annotations", "finalizers") if given.get(field)},
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def plan_deletions(pods: Sequence[Object], related: Iterable[Object], count: int, now: datetime) -> list[Object]:
    """The `count` pods that are best given up, worst loss last.

    In this order: not assigned to a node, not running yet, not ready, of lower deletion cost, on nodes with more ready
    pods of `related`, ready for a shorter time, with more restarts, younger. Times count by their order of magnitude.
    """
    if count >= len(pods):
        return list(pods)
    crowds: dict[str, int] = {}
    for pod in related:
        node = pod["spec"].get("nodeName")
        if node and is_active(pod):
            crowds[node] = crowds.get(node, 0) + 1
    return sorted(pods, key=lambda pod: _loss(pod, crowds, now))[:count]


def in_order_of_loss(pods: Iterable[Object]) -> list[Object]:
    """Those first that are best given up: not assigned to a node, not running yet, not ready, ready for a shorter time,
    with more restarts, younger. Nothing else counts, and times count to the second.
    """
    return sorted(pods, key=_plain_loss)


def _plain_loss(pod: Object) -> tuple[float, ...]:
    spec, status, metadata = pod["spec"], pod.get("status") or {}, pod["metadata"]
    ready = is_ready(pod)
    since = ready_since(pod)
    regular, sidecars = _restarts(pod)
    return (
        bool(spec.get("nodeName")),
        _PHASES.get(status.get("phase", ""), 0),
        ready,
        (-since.timestamp() if since is not None else -math.inf) if ready else 0,
        -regular,
        -sidecars,
        -datetime.fromisoformat(metadata["creationTimestamp"]).timestamp(),
    )


def _loss(pod: Object, crowds: dict[str, int], now: datetime) -> tuple[float | str, ...]:
    spec, status, metadata = pod["spec"], pod.get("status") or {}, pod["metadata"]
    ready = is_ready(pod)
    regular, sidecars = _restarts(pod)
    created = datetime.fromisoformat(metadata["creationTimestamp"])
    return (
        bool(spec.get("nodeName")),
        _PHASES.get(status.get("phase", ""), 0),
        ready,
        deletion_cost(metadata),
        -crowds.get(spec.get("nodeName", ""), 0),
        _magnitude(ready_since(pod) or _EPOCH, now) if ready else 0,
        -regular,
        -sidecars,
        _magnitude(created, now),
        metadata["uid"],
    )


def deletion_cost(metadata: Object) -> int:
    """Of the annotation; 0 for none, or one that cannot be read."""
    text = (metadata.get("annotations") or {}).get(DELETION_COST, "")
    digits = text.removeprefix("-")
    # A number as Go writes it, in 32 bits: no plus sign, no leading zeros.
    if not (digits.isascii() and digits.isdigit()) or (digits != "0" and digits.startswith("0")) or text == "-0":
        return 0
    cost = int(text)
    return cost if -(1 << 31) <= cost < 1 << 31 else 0


def _restarts(pod: Object) -> tuple[int, int]:
    """The most of any ordinary container, and of any sidecar."""
    status = pod.get("status") or {}
    sidecars = {
        container["name"]
        for container in pod["spec"].get("initContainers") or ()
        if container.get("restartPolicy") == "Always"
    }
    regular = max((each["restartCount"] for each in status.get("containerStatuses") or ()), default=0)
    others = (each["restartCount"] for each in status.get("initContainerStatuses") or () if each["name"] in sidecars)
    return regular, max(others, default=0)


def _magnitude(then: datetime, now: datetime) -> int:
    """The binary logarithm of an age in nanoseconds, as upstream rounds it; -1 for what is not past."""
    age_ns = (now - then).total_seconds() * 1e9
    return int(math.log2(age_ns)) if age_ns > 0 else -1
