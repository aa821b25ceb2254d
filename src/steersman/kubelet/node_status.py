"""The Node that a kubelet registers, and what it tells of it. Pure. Upstream: pkg/kubelet/nodestatus/setters.go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.types import Object

KUBELET_PORT = 10250
IMAGES_MAX = 50
_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)
"""Ready is last: others rely on it."""
_PRESSED = {
    "MemoryPressure": ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available"),
    "DiskPressure": ("KubeletHasDiskPressure", "kubelet has disk pressure"),
    "PIDPressure": ("KubeletHasInsufficientPID", "kubelet has insufficient PID available"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a kubelet finds out about its machine."""

    addresses: Sequence[str]
    """IPs, the primary one first."""
    hostname: str
    capacity: Mapping[str, str]
    allocatable: Mapping[str, str]
    info: Mapping[str, str]
    """nodeInfo: versions and identifiers."""
    architecture: str = "amd64"
    operating_system: str = "linux"
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Object] = ()


def render_node(name: str, machine: Machine, *, images: Mapping[str, int], now: str) -> Object:
    """The object that is registered, ready from the beginning."""
    labels = {
        "beta.kubernetes.io/arch": machine.architecture,
        "beta.kubernetes.io/os": machine.operating_system,
        "kubernetes.io/arch": machine.architecture,
        "kubernetes.io/hostname": machine.hostname,
        "kubernetes.io/os": machine.operating_system,
    }
    spec: Object = {"taints": list(machine.taints)} if machine.taints else {}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {**labels, **machine.labels},
            "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
        },
        "spec": spec,
        "status": render_status(machine, images=images, old={}, now=now),
    }


def render_status(
    machine: Machine, *, images: Mapping[str, int], old: Object, now: str, pressures: Sequence[str] = ()
) -> Object:
    """All that a kubelet tells, heartbeat included. `pressures`: types of conditions that hold."""
    known = {condition["type"]: condition for condition in old.get("conditions") or ()}
    conditions = []
    for kind, status, reason, message in _CONDITIONS:
        if kind in pressures:
            status, (reason, message) = "True", _PRESSED[kind]
        before = known.get(kind)
        since = now if before is None or before["status"] != status else before["lastTransitionTime"]
        conditions.append(
            {
                "type": kind,
                "status": status,
                "lastHeartbeatTime": now,
                "lastTransitionTime": since,
                "reason": reason,
                "message": message,
            }
        )
    largest = sorted(images.items(), key=lambda item: (-item[1], item[0]))[:IMAGES_MAX]
    addresses = [{"type": "InternalIP", "address": address} for address in machine.addresses]
    return {
        "addresses": [*addresses, {"type": "Hostname", "address": machine.hostname}],
        "capacity": dict(machine.capacity),
        "allocatable": dict(machine.allocatable),
        "conditions": conditions,
        "daemonEndpoints": {"kubeletEndpoint": {"Port": KUBELET_PORT}},
        "images": [{"names": [name], "sizeBytes": size} for name, size in largest],
        "nodeInfo": {
            **machine.info,
            "architecture": machine.architecture,
            "operatingSystem": machine.operating_system,
        },
    }


def status_changes(old: Object, new: Object) -> Object:
    """The fields of a status that differ, heartbeats alone not counting; empty: nothing to be told before its time."""
    return {name: value for name, value in new.items() if _comparable(name, old.get(name)) != _comparable(name, value)}


def _comparable(name: str, value: object) -> object:
    if name == "conditions" and isinstance(value, list):
        return [{key: text for key, text in item.items() if key != "lastHeartbeatTime"} for item in value]
    return value or None
