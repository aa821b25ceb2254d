"""VolumeRestrictions: a ReadWriteOncePod claim is for one pod in the cluster, some kinds of disks for one per node.

Upstream: pkg/scheduler/framework/plugins/volumerestrictions. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steersman.scheduler.events import CLAIM_ADDED, NODE_ADDED, POD_DELETED, Event
from steersman.scheduler.framework import SKIP, Cycle, Plugin, Refusal, Rejected, Skip
from steersman.scheduler.storage import is_used_by, uses_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Mask, Snapshot
    from steersman.scheduler.storage import Storage

_DISKS = ("gcePersistentDisk", "awsElasticBlockStore", "iscsi", "rbd")
_DISK_TAKEN = "node(s) had no available disk"
_CLAIM_TAKEN = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
)


class VolumeRestrictions(Plugin):
    """See the module."""

    name = "VolumeRestrictions"
    helped_by = frozenset({POD_DELETED, NODE_ADDED, CLAIM_ADDED})

    def __init__(self, *, storage: Storage) -> None:
        self._storage = storage

    def may_help(self, event: Event, pod: PodInfo) -> bool:
        if event.kind == CLAIM_ADDED:
            return event.new is None or is_used_by(event.new, pod, made=False)
        if event.kind != POD_DELETED or event.old is None:
            return True
        if event.old["metadata"].get("namespace") != pod.key[0]:
            return False
        volumes = event.old["spec"].get("volumes") or ()
        claims = {(each.get("persistentVolumeClaim") or {}).get("claimName") for each in volumes}
        return conflict(disks_of(pod), _disks(volumes)) or any(
            use.name in claims for use in uses_of(pod) if not use.made
        )

    def pre_filter(self, cycle: Cycle) -> Rejected | Skip | None:
        pod, once = cycle.pod, list[str]()
        for use in uses_of(pod):
            if use.made:
                continue
            claim = self._storage.claim(pod.key[0], use.name)
            if claim is None:
                return Rejected(f'persistentvolumeclaim "{use.name}" not found')
            if "ReadWriteOncePod" in (claim["spec"].get("accessModes") or ()):
                once.append(use.name)
        cycle.memo[self.name] = once
        return None if once or disks_of(pod) else SKIP

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        snapshot, wanted = cycle.snapshot, disks_of(cycle.pod)
        clashes = snapshot.none()
        if wanted:
            holders = np.flatnonzero(snapshot.count(self.name, lambda pod: bool(disks_of(pod))))
            for column in holders:
                clashes[column] = any(conflict(wanted, disks_of(pod)) for pod in snapshot.pods[column].values())
            yield Refusal(clashes, _DISK_TAKEN, preemptable=True)
        once = cycle.memo[self.name]
        assert isinstance(once, list)
        for name in once:
            taken = _in_use(snapshot, cycle.pod.key[0], name) & ~clashes
            clashes |= taken
            yield Refusal(taken, _CLAIM_TAKEN, preemptable=True)


def _in_use(snapshot: Snapshot, namespace: str, name: str) -> Mask:
    """For which nodes a claim has a pod: here, or on any other node as it is."""

    def uses(pod: PodInfo) -> bool:
        return pod.key[0] == namespace and any(use.name == name and not use.made for use in uses_of(pod))

    key = (VolumeRestrictions.name, namespace, name)
    now = snapshot.elsewhere.count(key, uses)
    used: Mask = now.sum() - now + snapshot.count(key, uses) > 0
    return used


def disks_of(pod: PodInfo) -> Sequence[Object]:
    """Volumes that cannot be used freely by several pods of a node."""
    known = pod.memo.get(VolumeRestrictions.name)
    if not isinstance(known, tuple):
        known = pod.memo[VolumeRestrictions.name] = _disks(pod.spec.get("volumes") or ())
    return known


def _disks(volumes: Iterable[Object]) -> tuple[Object, ...]:
    return tuple(volume for volume in volumes if any(volume.get(kind) is not None for kind in _DISKS))


def conflict(wanted: Iterable[Object], taken: Sequence[Object]) -> bool:
    """Whether two pods with these volumes cannot be on one node."""
    return any(_same_disk(one, other) for one in wanted for other in taken)


def _same_disk(one: Object, other: Object) -> bool:
    for kind in _DISKS:
        mine, theirs = one.get(kind), other.get(kind)
        if mine is None or theirs is None or not _is_same(kind, mine, theirs):
            continue
        if kind == "awsElasticBlockStore" or not (mine.get("readOnly") and theirs.get("readOnly")):
            return True
    return False


def _is_same(kind: str, one: Object, other: Object) -> bool:
    if kind == "gcePersistentDisk":
        return bool(one["pdName"] == other["pdName"])
    if kind == "awsElasticBlockStore":
        return bool(one["volumeID"] == other["volumeID"])
    if kind == "iscsi":
        return bool(one["iqn"] == other["iqn"])
    shared = not set(one.get("monitors") or ()).isdisjoint(other.get("monitors") or ())
    return shared and (one.get("pool"), one.get("image")) == (other.get("pool"), other.get("image"))
