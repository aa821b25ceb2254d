"""Taints and labels that follow from a node's state. Pure.

NoSchedule taints say what the conditions say, and whether the node is cordoned. Of the NoExecute taints for nodes that
are not ready and that cannot be reached a node has one at most. Other taints are left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object

_PREFIX = "node.kubernetes.io/"
_OF_CONDITIONS = {
    ("Ready", "False"): f"{_PREFIX}not-ready",
    ("Ready", "Unknown"): f"{_PREFIX}unreachable",
    ("MemoryPressure", "True"): f"{_PREFIX}memory-pressure",
    ("DiskPressure", "True"): f"{_PREFIX}disk-pressure",
    ("NetworkUnavailable", "True"): f"{_PREFIX}network-unavailable",
    ("PIDPressure", "True"): f"{_PREFIX}pid-pressure",
}
_UNSCHEDULABLE = f"{_PREFIX}unschedulable"
_OURS = frozenset((*_OF_CONDITIONS.values(), _UNSCHEDULABLE))
NOT_READY: Object = {"key": f"{_PREFIX}not-ready", "effect": "NoExecute"}
UNREACHABLE: Object = {"key": f"{_PREFIX}unreachable", "effect": "NoExecute"}
_SAME_LABELS = {"beta.kubernetes.io/os": "kubernetes.io/os", "beta.kubernetes.io/arch": "kubernetes.io/arch"}
"""Labels of old, and those that they repeat."""


def taints_of(node: Object) -> list[Object]:
    return list(node["spec"].get("taints") or ())


def has_taint(node: Object, taint: Object) -> bool:
    """One with its key and effect."""
    return _has(taints_of(node), taint)


def plan_no_schedule(node: Object, *, timestamp: str) -> list[Object] | None:
    """All taints that the node should have; None if it has them."""
    conditions = (node.get("status") or {}).get("conditions") or ()
    keys = [_OF_CONDITIONS.get((each["type"], each["status"])) for each in conditions]
    if node["spec"].get("unschedulable"):
        keys.append(_UNSCHEDULABLE)
    wanted: list[Object] = [{"key": key, "effect": "NoSchedule"} for key in dict.fromkeys(keys) if key]
    ours = [each for each in taints_of(node) if each["effect"] == "NoSchedule" and each["key"] in _OURS]
    add = [each for each in wanted if not _has(ours, each)]
    remove = [each for each in ours if not _has(wanted, each)]
    return plan_swap(node, add=add, remove=remove, timestamp=timestamp)


def plan_swap(
    node: Object, *, add: Sequence[Object] = (), remove: Sequence[Object] = (), timestamp: str
) -> list[Object] | None:
    """All taints of a node with `add` (as of now) and without `remove`; None if nothing changes."""
    old = taints_of(node)
    new = [each for each in old if not _has(remove, each)]
    new += [each | {"timeAdded": timestamp} for each in add if not _has(old, each)]
    return None if new == old else new


def execute_taint(status: str | None) -> tuple[Object, Object] | None:
    """The NoExecute taint for a status of Ready, and the one that it excludes; None for a node that is ready."""
    if status == "False":
        return NOT_READY, UNREACHABLE
    if status == "Unknown":
        return UNREACHABLE, NOT_READY
    return None


def plan_labels(node: Object) -> dict[str, str]:
    """The labels of old that are missing or say something else."""
    labels = node["metadata"].get("labels") or {}
    return {old: labels[new] for old, new in _SAME_LABELS.items() if new in labels and labels.get(old) != labels[new]}


def _has(taints: Iterable[Object], taint: Object) -> bool:
    """Whether one is the same but for value and time."""
    return any(each["key"] == taint["key"] and each["effect"] == taint["effect"] for each in taints)
