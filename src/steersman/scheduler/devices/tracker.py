"""tracker: devices, claims and classes of a cluster as the scheduler knows them, kept current by events. Pure.

Two things are known here before the API says so: claims as they were last written (`assume`), until a newer state is
told; and allocations that are decided on but not written yet (`reserve`), until they are written or given up.
Upstream: dynamicresources/dra_manager.go, allocateddevices.go, resourceslice/tracker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.scheduler.devices.allocated import Allocated, devices_of
from steersman.scheduler.devices.claims import allocation_of
from steersman.scheduler.devices.extended_resources import ANNOTATION, classes_by_resource
from steersman.scheduler.devices.model import read_slice
from steersman.scheduler.devices.pools import Inventory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.types import Object


class Tracker:
    """Objects are read-only. The handlers are told (None, new), (old, new), (old, None), as informers do it."""

    def __init__(self) -> None:
        self.allocated = Allocated()
        self.inventory = Inventory()
        self._told: dict[tuple[str, str], Object] = {}
        self._assumed: dict[tuple[str, str], Object] = {}
        self._pending: dict[str, Object] = {}
        """Allocations by the uid of their claim."""
        self._charged: dict[str, Object] = {}
        self._special: dict[str, tuple[str, str]] = {}
        """Claims for extended resources, by the uid of their pod."""
        self._slices: dict[str, Object] = {}
        self._rules: dict[str, Object] = {}
        self._classes: dict[str, Object] = {}
        self._by_resource: Mapping[str, Object] | None = None

    # -- claims

    def claim(self, namespace: str, name: str) -> Object | None:
        """As it is known last."""
        key = (namespace, name)
        return self._assumed.get(key) or self._told.get(key)

    def special_claim(self, pod_uid: str) -> Object | None:
        """The one that was made for the extended resources of a pod."""
        key = self._special.get(pod_uid)
        return self.claim(*key) if key is not None else None

    def claim_changed(self, old: Object | None, new: Object | None) -> None:
        """Handler."""
        some = new if new is not None else old
        assert some is not None
        key = (some["metadata"]["namespace"], some["metadata"]["name"])
        before = self.claim(*key)
        assumed = self._assumed.get(key)
        if assumed is not None and (new is None or _version(new) >= _version(assumed)):
            del self._assumed[key]
        if new is None:
            self._told.pop(key, None)
        else:
            self._told[key] = new
        self._settle(key, before)

    def assume(self, claim: Object, *, made: bool = False) -> None:
        """What the API answered when it was written. `made`: it is a new one, of which nothing has been told yet."""
        key = (claim["metadata"]["namespace"], claim["metadata"]["name"])
        told, before = self._told.get(key), self.claim(*key)
        if made if told is None else _version(told) < _version(claim):
            self._assumed[key] = claim
            self._settle(key, before)

    def pending(self, uid: str) -> Object | None:
        """The allocation of a claim that is on its way."""
        return self._pending.get(uid)

    def reserve(self, uid: str, allocation: Object) -> None:
        """Devices are taken from now on."""
        self._pending[uid] = allocation
        self._charge(uid, self._charged.get(uid, allocation))

    def release(self, uid: str) -> None:
        """It is written, or will not be."""
        pending = self._pending.pop(uid, None)
        if pending is not None and self._charged.get(uid) is pending:
            self._charge(uid, None)

    # -- devices and classes

    def slice_changed(self, old: Object | None, new: Object | None) -> None:
        """Handler."""
        if new is None:
            assert old is not None
            name = old["metadata"]["name"]
            self._slices.pop(name, None)
            self.inventory.remove(name)
        else:
            self._slices[new["metadata"]["name"]] = new
            self.inventory.add(read_slice(new, self._rules.values()))

    def rule_changed(self, old: Object | None, new: Object | None) -> None:
        """Handler: what DeviceTaintRules select is read again."""
        for rule in (old, new):
            if rule is not None:
                self._rules.pop(rule["metadata"]["name"], None)
        if new is not None:
            self._rules[new["metadata"]["name"]] = new
        rules = [rule["spec"].get("deviceSelector") for rule in (old, new) if rule is not None]
        selectors = [selector for selector in rules if selector is not None]
        for each in tuple(self._slices.values()):
            if any(_selects(selector, each["spec"]) for selector in selectors):
                self.inventory.add(read_slice(each, self._rules.values()))

    def class_changed(self, old: Object | None, new: Object | None) -> None:
        """Handler."""
        self._by_resource = None
        if new is None:
            assert old is not None
            self._classes.pop(old["metadata"]["name"], None)
        else:
            self._classes[new["metadata"]["name"]] = new

    def device_class(self, name: str) -> Object | None:
        return self._classes.get(name)

    def class_of_resource(self, resource: str) -> Object | None:
        """The class that stands for an extended resource."""
        if self._by_resource is None:
            self._by_resource = classes_by_resource(self._classes.values())
        return self._by_resource.get(resource)

    # -- inside

    def _settle(self, key: tuple[str, str], before: Object | None) -> None:
        """Charge what a claim has now in place of what it had."""
        now = self.claim(*key)
        if before is not None and (now is None or now["metadata"]["uid"] != before["metadata"]["uid"]):
            uid = before["metadata"]["uid"]
            self._charge(uid, self._pending.get(uid))
            for owner in _owners(before):
                self._special.pop(owner, None)
        if now is not None:
            uid = now["metadata"]["uid"]
            self._charge(uid, allocation_of(now) or self._pending.get(uid))
            for owner in _owners(now):
                self._special[owner] = key

    def _charge(self, uid: str, allocation: Object | None) -> None:
        charged = self._charged.get(uid)
        if charged is allocation:
            return
        if charged is not None:
            self.allocated.charge(self._charged.pop(uid), back=True)
        if allocation is not None:
            self._charged[uid] = allocation
            self.allocated.charge(allocation)
        for each in (charged, allocation):
            for pool, devices in devices_of(each).items():
                self.inventory.touched(pool, devices)


def _version(obj: Object) -> int:
    return int(obj["metadata"].get("resourceVersion") or 0)


def _owners(claim: Object) -> list[str]:
    """Uids of the pods for whose extended resources a claim was made."""
    metadata = claim["metadata"]
    if (metadata.get("annotations") or {}).get(ANNOTATION) != "true":
        return []
    return [each["uid"] for each in metadata.get("ownerReferences") or () if each.get("controller")]


def _selects(selector: Object, spec: Object) -> bool:
    return selector.get("driver") in (None, spec["driver"]) and selector.get("pool") in (None, spec["pool"]["name"])
