"""DynamicResources: see the package.

Reads: resourceclaims, resourceslices, deviceclasses, devicetaintrules. Writes: see commitment.
Invariants: from the decision on the devices of a claim are taken; they are given back if the pod is not bound and
nothing was written yet.
Upstream: pkg/scheduler/framework/plugins/dynamicresources. Upstream differences: of several claims that could be given
up for a pod the first is, not any. PodGroups, and devices that are cpu or memory of their node, are not there (their
features are off).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from steersman.scheduler.devices.claims import ClaimError, allocation_of, claim_names, claims_of, reserved_for
from steersman.scheduler.devices.conditions import has_conditions
from steersman.scheduler.devices.extended_resources import ANNOTATION, is_served
from steersman.scheduler.devices.recall import Recall
from steersman.scheduler.devices.results import render_allocation
from steersman.scheduler.devices.search import Allocator
from steersman.scheduler.events import NODE_ADDED, NODE_UPDATED, SELF_UPDATED, Action, Event, Kind
from steersman.scheduler.framework import (
    SKIP,
    Aftermath,
    Cycle,
    Plugin,
    PluginError,
    Refusal,
    Rejected,
    Skip,
    normalised,
)
from steersman.scheduler.plugins.dynamic_resources.judgement import Judgement, missing_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

    from numpy.typing import NDArray

    from steersman.api.meta.types import Object
    from steersman.lib.clock import Clock
    from steersman.scheduler.cycle import Decision
    from steersman.scheduler.devices.selectors import Selectors
    from steersman.scheduler.devices.tracker import Tracker
    from steersman.scheduler.plugins.dynamic_resources.commitment import Commitment
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts

IN_MEMORY = "<extended-resources>"
"""The name of a claim for extended resources that is not written yet: no claim can have it."""
_CLAIMS = "resourceclaims"
_ADDED_OR_UPDATED = (Action.ADDED, Action.UPDATED)


@dataclass(slots=True)
class _Memo:
    """What one cycle knows of its pod. `claims`, `special`: see Judgement; as they were written, once they are."""

    judgement: Judgement
    claims: list[Object]
    special: Object | None
    allocations: dict[str, Object] = field(default_factory=dict)
    """That were decided on, by the uid of the claim."""
    mappings: Sequence[Object] = ()
    taken: list[str] = field(default_factory=list)
    """Claims whose devices are taken by this pod's decision, and by nothing that is written."""


class DynamicResources(Plugin):
    """See the module."""

    name = "DynamicResources"
    pre_binds_in_parallel = True
    helped_by = frozenset(
        {
            NODE_ADDED,
            NODE_UPDATED,
            SELF_UPDATED,
            *(Kind(_CLAIMS, action) for action in Action),
            *(Kind(plural, action) for plural in ("deviceclasses", "resourceslices") for action in _ADDED_OR_UPDATED),
            *(Kind("devicetaintrules", action) for action in (Action.UPDATED, Action.DELETED)),
        }
    )

    def __init__(
        self,
        *,
        tracker: Tracker,
        selectors: Selectors,
        commitment: Commitment,
        clock: Clock,
        rng: Random,
        timeout_s: float,
    ) -> None:
        """`timeout_s`: for how long devices are waited for that have conditions."""
        self._tracker = tracker
        self._selectors = selectors
        self._recall = Recall(news=tracker.inventory.news)
        self._commitment = commitment
        self._clock = clock
        self._rng = rng
        self._timeout_s = timeout_s

    # -- waiting

    def may_help(self, event: Event, pod: PodInfo) -> bool:
        if event.kind.resource == _CLAIMS:
            return self._claim_may_help(event, pod)
        if event.kind == SELF_UPDATED:
            return event.new is not None and not self._waits_for(event.new)
        if event.kind == NODE_UPDATED and event.old is not None and event.new is not None:
            return _reach(event.old) != _reach(event.new)
        return True

    def pre_enqueue(self, pod: PodInfo) -> str:
        return self._waits_for(pod.pod) if pod.spec.get("resourceClaims") else ""

    # -- deciding

    def pre_filter(self, cycle: Cycle) -> Rejected | Skip | None:
        pod = cycle.pod
        cycle.memo[self.name] = None  # it was asked
        try:
            claims = claims_of(pod.pod, self._tracker.claim)
        except ClaimError as error:
            return Rejected(str(error))
        extended = self._extended(pod)
        special = self._special(pod.pod) if extended else None
        if not claims and special is None:
            return SKIP
        for claim in (*claims, special):
            if claim is None or allocation_of(claim) is not None:
                continue
            metadata = claim["metadata"]
            if self._tracker.pending(metadata["uid"]) is not None:
                what = f"resource claim {metadata['namespace']}/{metadata['name']}"
                return Rejected(f"{what} is in the process of being allocated")
            reason = missing_class(claim, self._tracker.device_class) if claim is not special else ""
            if reason:
                return Rejected(reason)
        judgement = Judgement(
            pod_spec=pod.spec,
            claims=tuple(claims),
            special=special,
            extended=extended,
            tracker=self._tracker,
            allocator=Allocator(allocated=self._tracker.allocated, selectors=self._selectors),
            recall=self._recall,
            now=self._clock.now(),
            timeout_s=self._timeout_s,
        )
        cycle.memo[self.name] = _Memo(judgement, claims, special)
        return None

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        left = cycle.left if cycle.left is not None else ~cycle.snapshot.none()
        for reason, nodes in _memo(cycle).judgement.refused(cycle.snapshot, left):
            yield Refusal(nodes, reason)

    def post_filter(self, decision: Decision) -> Aftermath:
        assert decision.cycle is not None
        if self.name not in decision.cycle.memo:
            # Another plugin had refused the pod before. Nothing can be done then, and upstream has these words for it.
            raise PluginError("not found")
        memo = decision.cycle.memo[self.name]
        if not isinstance(memo, _Memo):
            return Aftermath()
        pod = decision.cycle.pod
        for at in sorted(memo.judgement.unavailable):
            claim = memo.claims[at]
            users = {each["uid"] for each in claim["status"].get("reservedFor") or ()}
            if users <= {pod.uid}:
                self._commitment.deallocate(claim)
                return Aftermath("deallocation of ResourceClaim completed")
        if memo.special is not None and memo.special["metadata"]["name"] != IN_MEMORY:
            self._commitment.delete(memo.special)
            return Aftermath("deletion of ResourceClaim completed")
        return Aftermath()

    def score(self, cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        memo = cycle.memo.get(self.name)
        raw = np.zeros(len(feasible), np.int64)
        if isinstance(memo, _Memo) and memo.judgement.has_alternatives:
            nodes = cycle.snapshot.nodes
            raw[:] = [memo.judgement.score(nodes[column]) for column in feasible]
        return normalised(raw)

    # -- carrying out

    def reserve(self, cycle: Cycle, node: str) -> str:
        memo = cycle.memo.get(self.name)
        if not isinstance(memo, _Memo):
            return ""
        outcome = memo.judgement.of(cycle.snapshot.nodes[cycle.snapshot.index[node]])
        if outcome.reason:
            raise PluginError("claim allocation not found for node")
        memo.mappings = outcome.mappings
        if outcome.special is not None:
            memo.special = outcome.special
        for wanted, allotments in zip(outcome.wanted, outcome.allotments, strict=True):
            uid = wanted.claim["metadata"]["uid"]
            allocation = render_allocation(wanted, allotments, node=node, new_uid=self._new_uid)
            memo.allocations[uid] = allocation
            memo.taken.append(uid)
            self._tracker.reserve(uid, allocation)
        return ""

    def unreserve(self, cycle: Cycle, _node: str) -> None:
        memo = cycle.memo.get(self.name)
        if not isinstance(memo, _Memo):
            return
        self._let_go(memo)
        pod = cycle.pod.pod
        for claim in memo.claims:
            if allocation_of(claim) is not None and reserved_for(pod, claim):
                self._commitment.unreserve(claim, pod)
        if memo.special is not None and memo.special["metadata"]["name"] != IN_MEMORY:
            self._commitment.delete(memo.special)

    def pre_bind_pre_flight(self, cycle: Cycle, _node: str) -> Skip | None:
        return None if isinstance(cycle.memo.get(self.name), _Memo) else SKIP

    async def pre_bind(self, cycle: Cycle, node: str) -> str:
        memo, pod = _memo(cycle), cycle.pod
        for at, claim in enumerate(memo.claims):
            if not reserved_for(pod.pod, claim):
                allocation = memo.allocations.get(claim["metadata"]["uid"])
                memo.claims[at] = bound = await self._commitment.bind(claim, allocation, pod.pod)
                self._tracker.assume(bound)
        if memo.special is not None and memo.mappings:
            await self._bind_special(memo, memo.special, pod)
        self._let_go(memo)
        waiting = [claim for claim in (*memo.claims, memo.special) if claim is not None and has_conditions(claim)]
        if waiting:
            await self._commitment.wait(waiting, pod, node)
        return ""

    # -- inside

    async def _bind_special(self, memo: _Memo, claim: Object, pod: PodInfo) -> None:
        allocation = memo.allocations[claim["metadata"]["uid"]]
        memo.special = await self._commitment.create(claim)
        memo.special = await self._commitment.bind(memo.special, allocation, pod.pod)
        self._tracker.assume(memo.special, made=True)
        await self._commitment.tell_pod(pod, memo.special, memo.mappings)

    def _let_go(self, memo: _Memo) -> None:
        for uid in memo.taken:
            self._tracker.release(uid)
        memo.taken.clear()

    def _waits_for(self, pod: Object) -> str:
        try:
            claims_of(pod, self._tracker.claim)
        except ClaimError as error:
            return str(error)
        return ""

    def _claim_may_help(self, event: Event, pod: PodInfo) -> bool:
        old, new = event.old, event.new
        freed = old is not None and allocation_of(old) is not None and (new is None or allocation_of(new) is None)
        if new is None:
            return freed
        if self._waits_for(pod.pod):
            return False
        if freed:
            return True
        metadata = new["metadata"]
        used = metadata["namespace"] == pod.key[0] and metadata["name"] in claim_names(pod.pod)
        return used and (old is None or (old.get("status") or {}) != (new.get("status") or {}))

    def _extended(self, pod: PodInfo) -> dict[str, int]:
        """What a pod asks for of extended resources, if a class stands for any of them."""
        if not any(
            amount and self._tracker.class_of_resource(name) is not None for name, amount in pod.requests.items()
        ):
            return {}
        return {name: amount for name, amount in pod.requests.items() if amount and is_served(name)}

    def _special(self, pod: Object) -> Object:
        """The claim for a pod's extended resources: the one that is there, or what will be one."""
        metadata = pod["metadata"]
        known = self._tracker.special_claim(metadata["uid"])
        if known is not None:
            return known
        owner = {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": metadata["name"],
            "uid": metadata["uid"],
            "controller": True,
        }
        return {
            "metadata": {
                "namespace": metadata["namespace"],
                "name": IN_MEMORY,
                "uid": self._new_uid(),
                "generateName": f"{metadata['name']}-extended-resources-",
                "ownerReferences": [owner],
                "annotations": {ANNOTATION: "true"},
            },
            "spec": {},
        }

    def _new_uid(self) -> str:
        return str(UUID(int=self._rng.getrandbits(128), version=4))


def _memo(cycle: Cycle) -> _Memo:
    memo = cycle.memo[DynamicResources.name]
    assert isinstance(memo, _Memo)
    return memo


def _reach(node: Object) -> tuple[object, object]:
    return node["metadata"].get("labels"), (node.get("status") or {}).get("allocatable")
