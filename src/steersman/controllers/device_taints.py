"""device_taints: which pods have to go because of NoExecute taints on devices that they were given. Pure.

A taint stands with the device in its ResourceSlice, or in a DeviceTaintRule that selects the device. A pod has to go
when the first taint that it does not tolerate says so: at once, or when the time is up for which it is tolerated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from steersman.api.core.tolerations import matches
from steersman.api.meta.times import parse_time
from steersman.controllers.ownership import controller_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from steersman.api.meta.types import Object

NO_EXECUTE = "NoExecute"


class Device(NamedTuple):
    """The full name of one."""

    driver: str
    pool: str
    name: str


@dataclass(frozen=True, slots=True)
class Eviction:
    """Of a pod, or of all pods that use a claim."""

    due: datetime
    rules: frozenset[str]
    """The uids of the DeviceTaintRules that are a reason for it."""


def device_of(result: Object) -> Device:
    """Of an entry of a claim's allocation."""
    return Device(result["driver"], result["pool"], result["device"])


def results_of(claim: Object) -> list[Object]:
    """The devices that a claim was given; none if it is not allocated."""
    allocation = (claim.get("status") or {}).get("allocation") or {}
    return list((allocation.get("devices") or {}).get("results") or ())


def execute_taints(device: Object) -> list[Object]:
    """Of a device in a slice."""
    return [taint for taint in device.get("taints") or () if taint["effect"] == NO_EXECUTE]


def find_device(slices: Iterable[Object], name: str) -> Object | None:
    """In the slices of a pool, of which those of the latest generation count."""
    pool = list(slices)
    latest = max((each["spec"]["pool"].get("generation", 0) for each in pool), default=0)
    for each in pool:
        if each["spec"]["pool"].get("generation", 0) == latest:
            for device in each["spec"].get("devices") or ():
                if device["name"] == name:
                    found: Object = device
                    return found
    return None


def selects(rule: Object, device: Device) -> bool:
    """Whether a DeviceTaintRule is about a device. A rule without selector is about none."""
    selector = rule["spec"].get("deviceSelector")
    if selector is None:
        return False
    wanted = (selector.get("driver"), selector.get("pool"), selector.get("device"))
    return all(want is None or want == has for want, has in zip(wanted, device, strict=True))


def evicts(rule: Object) -> bool:
    return bool(rule["spec"]["taint"]["effect"] == NO_EXECUTE)


def claim_eviction(claim: Object, find: Callable[[Device], Object | None], rules: Iterable[Object]) -> Eviction | None:
    """When pods that use the claim have to go; None: never. `rules`: those that evict."""
    due: datetime | None = None
    causes: set[str] = set()
    for result in results_of(claim):
        device = device_of(result)
        for taint, rule in _taints(device, find(device), rules):
            moment = _moment(taint, result.get("tolerations") or ())
            if moment is None:
                continue
            due = moment if due is None else min(due, moment)
            if rule:
                causes.add(rule)
    return Eviction(due, frozenset(causes)) if due is not None else None


def _taints(device: Device, found: Object | None, rules: Iterable[Object]) -> Iterator[tuple[Object, str]]:
    for taint in execute_taints(found) if found is not None else ():
        yield taint, ""
    for rule in rules:
        if selects(rule, device):
            yield rule["spec"]["taint"], rule["metadata"]["uid"]


def _moment(taint: Object, tolerations: Iterable[Object]) -> datetime | None:
    """When a taint is tolerated no longer; None: it always is."""
    seconds: list[int] = []
    for toleration in tolerations:
        # Unlike those of pods, tolerations of other effects, or of all, do not keep a pod where it is.
        if toleration.get("effect") == NO_EXECUTE and matches(toleration, taint):
            if toleration.get("tolerationSeconds") is None:
                return None
            seconds.append(max(0, toleration["tolerationSeconds"]))
    return parse_time(taint["timeAdded"]) + timedelta(seconds=min(seconds, default=0))


def claims_of(pod: Object) -> Iterator[tuple[str, bool]]:
    """The names of a pod's claims that exist, and whether the pod has to own them."""
    status = pod.get("status") or {}
    made = {each["name"]: each.get("resourceClaimName") for each in status.get("resourceClaimStatuses") or ()}
    for entry in pod["spec"].get("resourceClaims") or ():
        if entry.get("resourceClaimName"):
            yield entry["resourceClaimName"], False
        elif name := made.get(entry["name"]):
            yield name, True
    if name := (status.get("extendedResourceClaimStatus") or {}).get("resourceClaimName"):
        yield name, True


def pod_eviction(
    pod: Object, find_claim: Callable[[str], Object | None], eviction_of: Callable[[Object], Eviction | None]
) -> Eviction | None:
    """When a pod has to go; None: never. `find_claim`: by name, in the pod's namespace."""
    if not pod["spec"].get("nodeName"):
        return None
    uid = pod["metadata"]["uid"]
    whole: Eviction | None = None
    for name, must_own in claims_of(pod):
        claim = find_claim(name)
        if claim is None or not any(each["uid"] == uid for each in claim["status"].get("reservedFor") or ()):
            continue
        owner = controller_of(claim)
        if must_own and (owner is None or owner["uid"] != uid):
            continue
        part = eviction_of(claim)
        if part is not None:
            whole = part if whole is None else Eviction(min(whole.due, part.due), whole.rules | part.rules)
    return whole
