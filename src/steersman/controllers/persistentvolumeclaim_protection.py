"""persistentvolumeclaim_protection: a claim that a scheduled pod uses stays; a bound one tells since when none does.

Reads: persistent volume claims, pods (looked at where they are kept before). Writes: persistent volume claims (update),
their status (update).
Keys: claims.
Invariants: every claim carries the finalizer until it is being deleted and no pod that has a node uses it, not even one
that no cache knows yet; whether it is used by its condition counts pods without a node too, and none that has ended.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.core.pod_claims import named_claims
from steersman.api.errors import NotFound
from steersman.api.meta.conditions import find_condition
from steersman.api.meta.times import format_time
from steersman.client.request import Key
from steersman.controllers.base import Controller, Writes
from steersman.controllers.pod_claims import BY_CLAIM, claims_of, mentions
from steersman.controllers.pods import is_terminal
from steersman.controllers.protection import needs_finalizer, protected, released, wants_to_go

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object

FINALIZER = "kubernetes.io/pvc-protection"
UNUSED = "Unused"
_USED = ("False", "PodUsingPVC", "A pod is currently referencing this PVC")
_IDLE = ("True", "NoPodsUsingPVC", "No pods are currently referencing this PVC")


class PersistentVolumeClaimProtection(Controller):
    """See the module."""

    name = "persistentvolumeclaim_protection"
    account = "pvc-protection-controller"
    reads = (PERSISTENT_VOLUME_CLAIMS, PODS)
    writes = (
        Writes(PERSISTENT_VOLUME_CLAIMS, ("update",)),
        Writes(PERSISTENT_VOLUME_CLAIMS, ("update",), subresource="status"),
        Writes(PODS, ("list",)),
    )

    def setup(self) -> None:
        self.index(PODS, BY_CLAIM, claims_of)
        self.on(PERSISTENT_VOLUME_CLAIMS)
        self.on(PODS, concerned)

    async def reconcile(self, key: Key) -> None:
        claim = self.view.get(PERSISTENT_VOLUME_CLAIMS, key)
        if claim is None:
            return
        try:
            if tells_use(claim):
                used = await self._is_used(key, claim, keeps_busy)
                told = plan_condition(claim, used=used, timestamp=format_time(self.clock.now()))
                if told is not None:
                    claim = await self.client.update_status(PERSISTENT_VOLUME_CLAIMS, told)
            if wants_to_go(claim, FINALIZER):
                if not await self._is_used(key, claim, holds):
                    await self.client.update(PERSISTENT_VOLUME_CLAIMS, released(claim, FINALIZER))
            elif needs_finalizer(claim, FINALIZER):
                await self.client.update(PERSISTENT_VOLUME_CLAIMS, protected(claim, FINALIZER))
        except NotFound:
            return

    async def _is_used(self, key: Key, claim: Object, uses: Callable[[Object, Object], bool]) -> bool:
        """The cache may lack a pod, but not one that uses the claim and is gone: then its change is on its way."""
        if any(uses(pod, claim) for pod in self.view.by_index(PODS, BY_CLAIM, str(key))):
            return True
        if uses is keeps_busy and _says(claim, _IDLE):
            return False
        pods = await self.client.list(PODS, namespace=key.namespace)
        return any(uses(pod, claim) for pod in pods["items"])


def concerned(old: Object | None, new: Object | None) -> list[Key]:
    """The claims of a pod."""
    pods = [pod for pod in (old, new) if pod is not None]
    return list({Key(pod["metadata"]["namespace"], name) for pod in pods for name in named_claims(pod)})


def holds(pod: Object, claim: Object) -> bool:
    """Whether a claim must stay because of a pod: where it has a node, its volumes may be mounted."""
    metadata = pod["metadata"]
    shut_down = metadata.get("deletionTimestamp") and metadata.get("deletionGracePeriodSeconds") == 0
    return bool(pod["spec"].get("nodeName")) and mentions(pod, claim, made=not shut_down)


def keeps_busy(pod: Object, claim: Object) -> bool:
    """Whether a claim is used, as its condition tells."""
    return not is_terminated(pod) and mentions(pod, claim)


def is_terminated(pod: Object) -> bool:
    """It has ended, or it is being deleted and none of its containers runs."""
    if is_terminal(pod):
        return True
    if not pod["metadata"].get("deletionTimestamp"):
        return False
    status = pod.get("status") or {}
    kinds = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    states = [each.get("state") or {} for kind in kinds for each in status.get(kind) or ()]
    return all(state.get("terminated") or state.get("waiting") for state in states)


def tells_use(claim: Object) -> bool:
    return not claim["metadata"].get("deletionTimestamp") and (claim.get("status") or {}).get("phase") == "Bound"


def plan_condition(claim: Object, *, used: bool, timestamp: str) -> Object | None:
    """The claim with the condition that it should have; None if it has it."""
    known = find_condition(claim, UNUSED)
    if known is not None and (known["status"] == "True") is not used:
        return None
    status, reason, message = _USED if used else _IDLE
    condition = {
        "type": UNUSED,
        "status": status,
        "lastTransitionTime": timestamp,
        "reason": reason,
        "message": message,
    }
    before = (claim.get("status") or {}).get("conditions") or []
    conditions = [condition if each is known else each for each in before]
    if known is None:
        conditions.append(condition)
    return claim | {"status": claim["status"] | {"conditions": conditions}}


def _says(claim: Object, what: tuple[str, str, str]) -> bool:
    known = find_condition(claim, UNUSED)
    return known is not None and known["status"] == what[0]
