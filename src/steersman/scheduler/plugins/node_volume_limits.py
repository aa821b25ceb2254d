"""NodeVolumeLimits: a node takes as many volumes of a CSI driver as its CSINode says; where a driver wants it, only
nodes on which it is installed take any.

A volume counts once, however many pods of the node use it, and also while it is only attached. A claim without a volume
counts as the one that it will get.
Upstream: pkg/scheduler/framework/plugins/nodevolumelimits. Upstream differences: none known.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from steersman.api.core.claim_class import class_of_claim
from steersman.api.core.pod_claims import is_for_pod
from steersman.scheduler.csi_migration import handle_of, migrated, migrated_plugin
from steersman.scheduler.events import (
    ATTACHMENT_DELETED,
    CLAIM_ADDED,
    CSI_NODE_ADDED,
    CSI_NODE_UPDATED,
    POD_DELETED,
    Event,
)
from steersman.scheduler.framework import SKIP, Cycle, Plugin, PluginError, Refusal, Skip
from steersman.scheduler.storage import is_used_by, uses_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts, Mask, Snapshot
    from steersman.scheduler.storage import Storage

    Volume: TypeAlias = tuple[str, str, bool]
    """Its driver, and its handle; or, if it is not there yet, its claim."""
    _Row: TypeAlias = tuple[int, int, list[str], Amounts]

_UNLIMITED = -1
_ROWS_MAX = 256


class NodeVolumeLimits(Plugin):
    """See the module."""

    name = "NodeVolumeLimits"
    helped_by = frozenset({CSI_NODE_ADDED, CSI_NODE_UPDATED, POD_DELETED, CLAIM_ADDED, ATTACHMENT_DELETED})

    def __init__(self, *, storage: Storage) -> None:
        self._storage = storage
        self._rows: dict[tuple[str, str], _Row] = {}

    def may_help(self, event: Event, pod: PodInfo) -> bool:
        old, new = event.old, event.new
        if event.kind == CSI_NODE_UPDATED and old is not None and new is not None:
            before = limits(old)
            return any(limit > before.get(driver, 0) for driver, limit in limits(new).items())
        if event.kind == POD_DELETED and old is not None:
            placed = old["spec"].get("nodeName") or (old.get("status") or {}).get("nominatedNodeName")
            return bool(placed) and _counts(old["spec"])
        if event.kind == CLAIM_ADDED and new is not None:
            return is_used_by(new, pod)
        if event.kind == ATTACHMENT_DELETED and old is not None:
            kinds = [kind for volume in pod.spec.get("volumes") or () if (kind := migrated(volume)) is not None]
            return any(not use.made for use in uses_of(pod)) or any(
                kind.driver == old["spec"].get("attacher") for kind in kinds
            )
        return True

    def pre_filter(self, cycle: Cycle) -> Skip | None:
        return None if _counts(cycle.pod.spec) else SKIP

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        snapshot, pod = cycle.snapshot, cycle.pod
        for use in uses_of(pod):
            if self._storage.claim(pod.key[0], use.name) is None:
                claim = f"{pod.key[0]}/{use.name}"
                reason = f'looking up PVC {claim}: persistentvolumeclaim "{use.name}" not found'
                yield Refusal(~snapshot.none(), reason)
                return
        wanted = set(self._volumes(pod))
        if not wanted:
            return
        lacking = snapshot.none()
        for driver in sorted({volume[0] for volume in wanted}):
            if ((self._storage.csi_driver(driver) or {}).get("spec") or {}).get("preventPodSchedulingIfMissing"):
                without = self._row(snapshot, "installed", driver, lambda node, name: int(name in drivers(node))) == 0
                yield Refusal(without & ~lacking, f"{driver} CSI driver is not installed on the node", preemptable=True)
                lacking |= without
        yield Refusal(self._exceeded(cycle, wanted, ~lacking), "node(s) exceed max volume count", preemptable=True)

    def _exceeded(self, cycle: Cycle, wanted: set[Volume], nodes: Mask) -> Mask:
        """Which of `nodes` would have too many; counted exactly only where there may be."""
        snapshot, left = cycle.snapshot, nodes if cycle.left is None else nodes & cycle.left
        exceeded, more = snapshot.none(), Counter(volume[0] for volume in wanted)
        most = self._most_in_use(snapshot)
        for driver, number in more.items():
            limit = self._row(snapshot, "limit", driver, lambda node, name: limits(node).get(name, _UNLIMITED))
            doubtful = left & (limit != _UNLIMITED) & ~exceeded & ((most < 0) | (most + number > limit))
            for column in np.flatnonzero(doubtful):
                used = {volume for pod in snapshot.pods[column].values() for volume in self._volumes(pod)}
                attached = set(self._attached(snapshot.names[column])) - used
                there = sum(volume[0] == driver for volume in (*used, *attached))
                new = sum(volume[0] == driver for volume in wanted - used)
                exceeded[column] = new > 0 and there + new > limit[column]
        return exceeded

    def _most_in_use(self, snapshot: Snapshot) -> Amounts:
        """How many volumes each node has at most; negative if that is not known without looking."""
        some = snapshot.count((self.name, 1), lambda pod: _counts(pod.spec))
        several = snapshot.count((self.name, 2), lambda pod: _counts(pod.spec, at_least=2))
        attached = self._storage.attached
        if attached:
            some = some + np.fromiter((attached.get(name, 0) for name in snapshot.names), np.int64, len(snapshot))
        return np.where(several > 0, -1, some)

    def _row(self, snapshot: Snapshot, what: str, driver: str, of: Callable[[Object | None, str], int]) -> Amounts:
        """A number of each node by its CSINode; kept until a node or a CSINode changes."""
        changes, key = self._storage.csi_node_changes, (what, driver)
        known = self._rows.get(key)
        # A trial shares its names with the snapshot that it is of.
        if known is not None and known[:2] == (changes, snapshot.version) and known[2] is snapshot.names:
            return known[3]
        if len(self._rows) >= _ROWS_MAX:
            self._rows.clear()
        found = (of(self._storage.csi_node(name), driver) for name in snapshot.names)
        row = np.fromiter(found, np.int64, len(snapshot))
        self._rows[key] = (changes, snapshot.version, snapshot.names, row)
        return row

    # -- volumes

    def _volumes(self, pod: PodInfo) -> Iterator[Volume]:
        """That a pod takes on a node which leaves to CSI drivers what it should."""
        for use in uses_of(pod):
            claim = self._storage.claim(pod.key[0], use.name)
            if claim is None:
                continue
            if use.made and not is_for_pod(claim, pod.pod):
                namespace, name = pod.key
                told = f"PVC {namespace}/{use.name} was not created for pod {namespace}/{name} (pod is not owner)"
                raise PluginError(told)
            volume = self._volume_of(claim)
            if volume is not None:
                yield volume
        for volume in pod.spec.get("volumes") or ():
            kind = migrated(volume)
            if kind is not None and (handle := handle_of(kind, volume, {})):
                yield kind.driver, handle, True

    def _volume_of(self, claim: Object) -> Volume | None:
        volume = self._storage.volume(claim["spec"].get("volumeName") or "")
        if volume is None:
            return self._promised(claim)
        source = volume["spec"].get("csi")
        if source is not None:
            return source["driver"], source["volumeHandle"], True
        kind = migrated(volume["spec"])
        handle = handle_of(kind, volume["spec"], volume["metadata"].get("labels") or {}) if kind is not None else ""
        return (kind.driver, handle, True) if kind is not None and handle else None

    def _promised(self, claim: Object) -> Volume | None:
        """The volume that a claim will get from the provisioner of its class."""
        storage_class = self._storage.storage_class(class_of_claim(claim))
        if storage_class is None:
            return None
        kind = migrated_plugin(storage_class["provisioner"])
        driver = kind.driver if kind is not None else storage_class["provisioner"]
        return driver, f"{claim['metadata']['namespace']}/{claim['metadata']['name']}", False

    def _attached(self, node: str) -> Iterator[Volume]:
        for attachment in self._storage.attachments(node):
            spec = attachment["spec"]
            volume = self._storage.volume((spec.get("source") or {}).get("persistentVolumeName") or "")
            source = volume["spec"].get("csi") if volume is not None else None
            if source is not None and spec.get("attacher"):
                yield spec["attacher"], source["volumeHandle"], True


def limits(csi_node: Object | None) -> Mapping[str, int]:
    """How many volumes of each driver that has a limit a node can take."""
    listed = ((csi_node or {}).get("spec") or {}).get("drivers") or ()
    counts = ((each["name"], (each.get("allocatable") or {}).get("count")) for each in listed)
    return {name: count for name, count in counts if count is not None}


def drivers(csi_node: Object | None) -> frozenset[str]:
    """Those that are installed on a node."""
    return frozenset(each["name"] for each in ((csi_node or {}).get("spec") or {}).get("drivers") or ())


def _counts(pod_spec: Object, at_least: int = 1) -> bool:
    """Whether a pod may have so many volumes that count."""
    kinds = ("persistentVolumeClaim", "ephemeral")
    found = 0
    for volume in pod_spec.get("volumes") or ():
        found += any(volume.get(kind) is not None for kind in kinds) or migrated(volume) is not None
    return found >= at_least
