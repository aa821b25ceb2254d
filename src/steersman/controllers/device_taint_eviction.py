"""device_taint_eviction: delete pods that were given devices with NoExecute taints which they do not tolerate.

Reads: pods, resourceclaims, resourceslices, devicetaintrules. Writes: pods (looked at where they are kept, then status
patched and deleted), devicetaintrules (status), events.
Keys: pods; DeviceTaintRules, for their status, without namespace.
Invariants: a pod that is deleted is the very one that was looked at, uses the device, and is on a node; a rule says
that it was noticed before anything else, and after that what it does every PERIOD_S at most.
Upstream differences: nothing is done for PodGroups (the feature gate DRAWorkloadResourceClaims is off).
Upstream: KEP-5055 (DRA: device taints and tolerations).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.dra.device_taint_rule import DEVICE_TAINT_RULES
from steersman.api.dra.resource_claim import RESOURCE_CLAIMS
from steersman.api.dra.resource_slice import RESOURCE_SLICES
from steersman.api.errors import NotFound
from steersman.api.meta.times import format_time
from steersman.client.client import key_of
from steersman.client.request import Key, PatchType
from steersman.controllers import disruption_target
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.device_taint_status import PERIOD_S, Count, plan_condition, too_early_s
from steersman.controllers.device_taints import (
    Device,
    Eviction,
    claim_eviction,
    device_of,
    evicts,
    execute_taints,
    find_device,
    pod_eviction,
    results_of,
    selects,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object

_SLICES_BY_POOL = "slices by driver and pool"
_CLAIMS_BY_POOL = "claims by driver and pool"
_REASON = "DeviceTaintManagerEviction"


class DeviceTaintEviction(Controller):
    """See the module."""

    name = "device_taint_eviction"
    reads = (PODS, RESOURCE_CLAIMS, RESOURCE_SLICES, DEVICE_TAINT_RULES)
    writes = (
        Writes(PODS, ("delete", "get")),
        Writes(PODS, ("patch",), "status"),
        Writes(DEVICE_TAINT_RULES, ("patch",), "status"),
    )
    workers = 10

    def setup(self) -> None:
        self._scheduled: dict[Key, str] = {}
        """Pods that are going to be evicted, with their uids."""
        self._evicted: dict[str, int] = {}
        """So many pods, by uid of the rule."""
        self.index(RESOURCE_SLICES, _SLICES_BY_POOL, lambda each: (_pool_of(each),))
        self.index(RESOURCE_CLAIMS, _CLAIMS_BY_POOL, _pools_of)
        self.on(PODS, _pod_changed)
        self.on(RESOURCE_CLAIMS, _claim_changed)
        self.on(RESOURCE_SLICES, self._slice_changed)
        self.on(DEVICE_TAINT_RULES, self._rule_changed)

    async def reconcile(self, key: Key) -> Requeue | None:
        return await self._reconcile_pod(key) if key.namespace else await self._reconcile_rule(key)

    # -- pods

    async def _reconcile_pod(self, key: Key) -> Requeue | None:
        pod = self.view.get(PODS, key)
        if pod is None or pod["metadata"].get("deletionTimestamp"):
            self._scheduled.pop(key, None)
            return None
        uid = pod["metadata"]["uid"]
        eviction = self._eviction(pod, self._evicting_rules())
        if eviction is None:
            if self._scheduled.pop(key, None) == uid:
                self.recorder.event(_reference(key, uid), "Normal", _REASON, "Cancelling deletion")
            return None
        self._scheduled[key] = uid
        self._tell_later(eviction)
        wait_s = (eviction.due - self.clock.now()).total_seconds()
        if wait_s > 0:
            return Requeue(after_s=wait_s)
        if await self._evict(key, uid):
            for rule in eviction.rules:
                self._evicted[rule] = self._evicted.get(rule, 0) + 1
            self._tell_later(eviction)
        self._scheduled.pop(key, None)
        return None

    async def _evict(self, key: Key, uid: str) -> bool:
        """Whether it was there. Raises ApiError, TransportError."""
        try:
            pod = await self.client.get(PODS, key)
            if pod["metadata"]["uid"] != uid:
                return False
            if pod["metadata"].get("deletionTimestamp"):
                return True
            self.recorder.event(_reference(key, uid), "Normal", _REASON, "Marking for deletion")
            condition = disruption_target.plan_condition(
                pod,
                timestamp=format_time(self.clock.now()),
                reason="DeletionByDeviceTaintManager",
                message="Device Taint manager: deleting due to NoExecute taint",
                observes=False,
            )
            if condition is not None:
                patch = disruption_target.render_patch(pod, condition)
                await self.client.patch(PODS, key, patch, kind=PatchType.STRATEGIC, subresource="status")
            await self.client.delete(PODS, key, uid=uid)
        except NotFound:
            return False
        return True

    def _eviction(self, pod: Object, rules: Sequence[Object]) -> Eviction | None:
        namespace = pod["metadata"]["namespace"]
        return pod_eviction(
            pod,
            lambda name: self.view.get(RESOURCE_CLAIMS, Key(namespace, name)),
            lambda claim: claim_eviction(claim, self._find, rules),
        )

    def _evicting_rules(self) -> list[Object]:
        return [rule for rule in self.view.list(DEVICE_TAINT_RULES) if evicts(rule)]

    def _find(self, device: Device) -> Object | None:
        slices = self.view.by_index(RESOURCE_SLICES, _SLICES_BY_POOL, _pool(device.driver, device.pool))
        return find_device(slices, device.name)

    # -- rules

    async def _reconcile_rule(self, key: Key) -> Requeue | None:
        rule = self.view.get(DEVICE_TAINT_RULES, key)
        if rule is None:
            return None
        now = self.clock.now()
        wait_s = too_early_s(rule, now)
        if wait_s is not None:
            return Requeue(after_s=wait_s)
        condition = plan_condition(rule, self._count(rule), timestamp=format_time(now))
        if condition is not None:
            applied = {
                "apiVersion": DEVICE_TAINT_RULES.api_version,
                "kind": DEVICE_TAINT_RULES.kind,
                "metadata": {"name": key.name, "uid": rule["metadata"]["uid"]},
                "status": {"conditions": [condition]},
            }
            await self.client.patch(
                DEVICE_TAINT_RULES, key, applied, kind=PatchType.APPLY, subresource="status", force=True
            )
        return None

    def _count(self, rule: Object) -> Count:
        """Goes through all pods: not to be done without need."""
        uid, effect = rule["metadata"]["uid"], rule["spec"]["taint"]["effect"]
        evicted = self._evicted.get(uid, 0)
        if effect not in ("None", "NoExecute"):
            return Count(0, 0, evicted)
        # One without effect is looked at as if it had one, and were alone.
        rules = self._evicting_rules() if effect == "NoExecute" else [rule]
        namespaces = [
            pod["metadata"]["namespace"]
            for pod in self.view.list(PODS)
            if not pod["metadata"].get("deletionTimestamp")
            and (eviction := self._eviction(pod, rules)) is not None
            and uid in eviction.rules
        ]
        count = Count(len(namespaces), len(set(namespaces)), evicted)
        if effect == "NoExecute":
            return count
        return Count(count.pods, count.namespaces, evicted, *self._count_devices(rule))

    def _count_devices(self, rule: Object) -> tuple[int, int]:
        """That it selects: published, allocated."""
        slices = self.view.list(RESOURCE_SLICES)
        latest: dict[str, int] = {}
        for each in slices:
            pool = _pool_of(each)
            latest[pool] = max(latest.get(pool, 0), each["spec"]["pool"].get("generation", 0))
        published = sum(
            selects(rule, Device(each["spec"]["driver"], each["spec"]["pool"]["name"], device["name"]))
            for each in slices
            if each["spec"]["pool"].get("generation", 0) == latest[_pool_of(each)]
            for device in each["spec"].get("devices") or ()
        )
        claims = self.view.list(RESOURCE_CLAIMS)
        allocated = sum(selects(rule, device_of(result)) for claim in claims for result in results_of(claim))
        return published, allocated

    def _tell_later(self, eviction: Eviction) -> None:
        """Have the rules that are its reason say so, but not before more of the kind has happened."""
        if eviction.rules:
            for rule in self.view.list(DEVICE_TAINT_RULES):
                if rule["metadata"]["uid"] in eviction.rules:
                    self.queue.add_after(key_of(rule), PERIOD_S)

    # -- which keys a change concerns

    def _slice_changed(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        if _tainted(old) == _tainted(new):
            return ()
        pools = {_pool_of(each) for each in (old, new) if each is not None}
        return [
            key
            for pool in pools
            for claim in self.view.by_index(RESOURCE_CLAIMS, _CLAIMS_BY_POOL, pool)
            for key in _users(claim)
        ]

    def _rule_changed(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        same = old is not None and new is not None and old["metadata"]["uid"] == new["metadata"]["uid"]
        if new is None and old is not None:
            self._evicted.pop(old["metadata"]["uid"], None)
        if same and old is not None and new is not None and old["spec"] == new["spec"]:
            return []
        keys = [key_of(new)] if new is not None else []
        if any(rule is not None and evicts(rule) for rule in (old, new)):
            keys += [key for claim in self.view.list(RESOURCE_CLAIMS) if results_of(claim) for key in _users(claim)]
        return keys


def _pool(driver: str, pool: str) -> str:
    return f"{driver}/{pool}"


def _pool_of(resource_slice: Object) -> str:
    return _pool(resource_slice["spec"]["driver"], resource_slice["spec"]["pool"]["name"])


def _pools_of(claim: Object) -> Iterable[str]:
    return {_pool(result["driver"], result["pool"]) for result in results_of(claim)}


def _users(claim: Object) -> list[Key]:
    """The pods that a claim is reserved for."""
    users = (claim.get("status") or {}).get("reservedFor") or ()
    namespace = claim["metadata"]["namespace"]
    return [Key(namespace, each["name"]) for each in users if not each.get("apiGroup") and each["resource"] == "pods"]


def _pod_changed(old: Object | None, new: Object | None) -> Iterable[Key]:
    if old is not None and new is not None and _relevant(old) == _relevant(new):
        return ()
    present = new if new is not None else old
    assert present is not None
    return (key_of(present),)


def _relevant(pod: Object) -> tuple[object, ...]:
    status = pod.get("status") or {}
    return (
        pod["metadata"]["uid"],
        pod["spec"].get("nodeName"),
        status.get("resourceClaimStatuses"),
        status.get("extendedResourceClaimStatus"),
    )


def _claim_changed(old: Object | None, new: Object | None) -> Iterable[Key]:
    return {key for claim in (old, new) if claim is not None for key in _users(claim)}


def _tainted(resource_slice: Object | None) -> object:
    """All of a slice that decides about pods."""
    if resource_slice is None:
        return None
    spec = resource_slice["spec"]
    taints = {each["name"]: execute_taints(each) for each in spec.get("devices") or ()}
    return _pool_of(resource_slice), spec["pool"].get("generation", 0), taints


def _reference(key: Key, uid: str) -> Object:
    return {"kind": "Pod", "apiVersion": "v1", "namespace": key.namespace, "name": key.name, "uid": uid}
