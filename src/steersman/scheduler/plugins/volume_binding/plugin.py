"""VolumeBinding: see the package.

Reads: persistentvolumes, persistentvolumeclaims, storageclasses, csinodes, csidrivers, csistoragecapacities, nodes.
Writes: see commitment.
Upstream: pkg/scheduler/framework/plugins/volumebinding. Upstream differences: of volumes of one size the first by name
is taken; pods without claims are not scored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from steersman.api.core.claim_class import class_of_claim
from steersman.api.core.pod_claims import is_for_pod
from steersman.client.request import Key
from steersman.scheduler.csi_migration import MIGRATED_PLUGINS
from steersman.scheduler.events import (
    CAPACITY_ADDED,
    CAPACITY_UPDATED,
    CLAIM_ADDED,
    CLAIM_UPDATED,
    CSI_DRIVER_UPDATED,
    CSI_NODE_ADDED,
    CSI_NODE_UPDATED,
    NODE_ADDED,
    NODE_UPDATED,
    STORAGE_CLASS_ADDED,
    STORAGE_CLASS_UPDATED,
    VOLUME_ADDED,
    VOLUME_UPDATED,
    Event,
)
from steersman.scheduler.framework import SKIP, Cycle, Plugin, Refusal, Rejected, Skip
from steersman.scheduler.plugins.volume_binding.commitment import Reserved, is_fully_bound
from steersman.scheduler.plugins.volume_binding.reach import Reach
from steersman.scheduler.plugins.volume_binding.scoring import scores
from steersman.scheduler.plugins.volume_binding.search import Found, search, volume_limit
from steersman.scheduler.storage import is_used_by, uses_of, waits_for_consumer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from steersman.api.meta.types import Object
    from steersman.scheduler.plugins.volume_binding.commitment import Commitment
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts
    from steersman.scheduler.storage import Storage


@dataclass(slots=True)
class _Memo:
    """What one cycle knows of the claims of its pod."""

    bound: list[Object]
    delayed: list[Object]
    found: Found | None = None
    reserved: Reserved | None = None


class VolumeBinding(Plugin):
    """See the module."""

    name = "VolumeBinding"
    pre_binds_in_parallel = True
    helped_by = frozenset({
        *(STORAGE_CLASS_ADDED, STORAGE_CLASS_UPDATED, CLAIM_ADDED, CLAIM_UPDATED, VOLUME_ADDED, VOLUME_UPDATED),
        *(NODE_ADDED, NODE_UPDATED, CSI_NODE_ADDED, CSI_NODE_UPDATED, CSI_DRIVER_UPDATED),
        *(CAPACITY_ADDED, CAPACITY_UPDATED),
    })  # fmt: skip

    def __init__(self, *, storage: Storage, commitment: Commitment, table: Sequence[int]) -> None:
        """`table`: what it is worth if so many per cent of a storage are used, 0 to 100."""
        self._storage = storage
        self._commitment = commitment
        self._table = np.array(table, np.int64)

    def may_help(self, event: Event, pod: PodInfo) -> bool:
        old, new = event.old, event.new
        if new is None:
            return True
        if event.kind in (CLAIM_ADDED, CLAIM_UPDATED):
            return is_used_by(new, pod)
        if old is None or event.kind == VOLUME_UPDATED:
            return True
        if event.kind == STORAGE_CLASS_UPDATED:
            return bool(old.get("allowedTopologies") != new.get("allowedTopologies"))
        if event.kind == NODE_UPDATED:
            return bool(old["metadata"].get("labels") != new["metadata"].get("labels"))
        if event.kind == CSI_NODE_UPDATED:
            return _migrated_plugins(old) != _migrated_plugins(new)
        if event.kind == CAPACITY_UPDATED:
            before, after = volume_limit(old), volume_limit(new)
            return after is not None and (before is None or after > before)
        volumes = pod.spec.get("volumes") or ()  # a driver that counts capacities no more
        counted = old["spec"].get("storageCapacity") and not new["spec"].get("storageCapacity")
        name = new["metadata"]["name"]
        return bool(counted) and any((each.get("csi") or {}).get("driver") == name for each in volumes)

    # -- in a cycle

    def pre_filter(self, cycle: Cycle) -> Rejected | Skip | None:
        pod = cycle.pod
        if not uses_of(pod):
            return SKIP
        for use in uses_of(pod):
            reason = _unusable(self._storage.claim(pod.key[0], use.name), pod, use.name, made=use.made)
            if reason:
                return Rejected(reason)
        memo = _Memo([], [])
        for use in uses_of(pod):
            claim = self._storage.claims.get(Key(pod.key[0], use.name))
            assert claim is not None
            if is_fully_bound(claim):
                memo.bound.append(claim)
            elif not claim["spec"].get("volumeName") and self._waits(claim):
                memo.delayed.append(claim)
            else:
                return Rejected("pod has unbound immediate PersistentVolumeClaims")
        cycle.memo[self.name] = memo
        return None

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        memo, snapshot = _memo(cycle), cycle.snapshot
        assert memo is not None
        reach = Reach(snapshot=snapshot, storage=self._storage)
        found = search(memo.bound, memo.delayed, reach=reach, storage=self._storage, none=snapshot.none())
        memo.found = found
        yield Refusal(found.elsewhere, "node(s) didn't match PersistentVolume's node affinity")
        yield Refusal(found.no_volume, "node(s) didn't find available persistent volumes to bind")
        yield Refusal(found.no_space, "node(s) did not have enough free storage")
        yield Refusal(found.missing, "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)")

    def score(self, cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        """0 for a pod that chooses no volumes by its node: it has a score all the same, as upstream."""
        memo = _memo(cycle)
        if memo is None or not memo.delayed or memo.found is None:
            return np.zeros(len(feasible), np.int64)
        return scores(memo.found, feasible, self._table)

    # -- on the way to the node

    def reserve(self, cycle: Cycle, node: str) -> str:
        memo = _memo(cycle)
        if memo is None or not memo.delayed:
            return ""
        assert memo.found is not None
        column = cycle.snapshot.index[node]
        memo.reserved = self._commitment.reserve(memo.found.bindings(column), memo.found.made(column), node)
        return ""

    def unreserve(self, cycle: Cycle, _node: str) -> None:
        memo = _memo(cycle)
        if memo is not None and memo.reserved is not None:
            self._commitment.give_up(memo.reserved)

    def pre_bind_pre_flight(self, cycle: Cycle, _node: str) -> Skip | None:
        memo = _memo(cycle)
        return None if memo is not None and memo.reserved is not None else SKIP

    async def pre_bind(self, cycle: Cycle, node: str) -> str:
        memo = _memo(cycle)
        assert memo is not None
        assert memo.reserved is not None
        await self._commitment.carry_out(memo.reserved, node)
        return ""

    def _waits(self, claim: Object) -> bool:
        """Whether a claim is bound when it is known where its pod goes."""
        storage_class = self._storage.storage_class(class_of_claim(claim))
        return storage_class is not None and waits_for_consumer(storage_class)


def _memo(cycle: Cycle) -> _Memo | None:
    memo = cycle.memo.get(VolumeBinding.name)
    return memo if isinstance(memo, _Memo) else None


def _unusable(claim: Object | None, pod: PodInfo, name: str, *, made: bool) -> str:
    """Why a pod has to wait whatever the nodes are like."""
    if claim is None and made:
        return f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
    if claim is None:
        return f'persistentvolumeclaim "{name}" not found'
    if (claim.get("status") or {}).get("phase") == "Lost":
        volume = claim["spec"].get("volumeName", "")
        return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume}"'
    if "deletionTimestamp" in claim["metadata"]:
        return f'persistentvolumeclaim "{name}" is being deleted'
    if made and not is_for_pod(claim, pod.pod):
        namespace = pod.key[0]
        return f"PVC {namespace}/{name} was not created for pod {namespace}/{pod.key[1]} (pod is not owner)"
    return ""


def _migrated_plugins(csi_node: Object) -> str:
    text: str = (csi_node["metadata"].get("annotations") or {}).get(MIGRATED_PLUGINS, "")
    return text
