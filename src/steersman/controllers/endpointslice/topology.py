"""topology: hints by shares of zones: in a service with the annotation topology-mode Auto the endpoints that serve a
zone are as many as its share of CPUs.

A zone's endpoints serve the zone, as far as its share allows; what it has too much serves zones that have too few. No
endpoint has hints if any would get a fifth more than its share, or if too little is known.
Upstream: k8s.io/endpointslice topologycache (KEP-2433). Difference: where upstream takes any zone, the order is that of
names.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.meta import quantity
from steersman.api.meta.conditions import is_condition_true
from steersman.controllers.endpointslice.packing import ZONE
from steersman.controllers.endpointslice.traffic_distribution import remove_hints, with_hints
from steersman.controllers.slices import Changes, is_endpoint_ready

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.request import Key

OVERLOAD = 0.2
_ANNOTATIONS = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode")
"""The older one comes first."""
_EXCLUDED = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_ENABLED = "Topology Aware Hints has been enabled"
_DISABLED = "Topology Aware Hints has been disabled"
_NO_NODES = "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
_NO_ZONE = "One or more endpoints do not have a zone specified"
_TOO_FEW = "Insufficient number of endpoints"
_OVERLOADED = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"


@dataclass(frozen=True, slots=True)
class Told:
    """An event for the service."""

    type: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class _Share:
    """How many endpoints a zone should have."""

    minimum: int
    desired: float


class Topology:
    """Remembers which services have hints, and how many endpoints serve each zone."""

    def __init__(self) -> None:
        self._ratios: dict[str, float] = {}
        self._hinted: dict[Key, dict[str, dict[str, int]]] = {}
        """Endpoints by zone, by address family."""
        self._enabled: set[Key] = set()

    def set_nodes(self, nodes: Iterable[Object]) -> None:
        self._ratios = compute_ratios(nodes)

    def overloaded(self) -> list[Key]:
        """The services in which some zone has too few endpoints now."""
        return [
            key
            for key, families in self._hinted.items()
            if any(_is_overloaded(counts, self._ratios) for counts in families.values())
        ]

    def forget(self, key: Key) -> None:
        """The service is no more."""
        self._hinted.pop(key, None)
        self._enabled.discard(key)

    def drop(self, key: Key, address_type: str) -> None:
        """Slices of this family are gone."""
        families = self._hinted.get(key, {})
        families.pop(address_type, None)
        if not families:
            self._hinted.pop(key, None)
        self._enabled.discard(key)

    def disable(self, key: Key, address_type: str) -> list[Told]:
        """The service does not ask for shares (any more)."""
        told = [_warning(_DISABLED, address_type)] if key in self._enabled else []
        self.drop(key, address_type)
        return told

    def hint(
        self, key: Key, address_type: str, changes: Changes, existing: Sequence[Object]
    ) -> tuple[Changes, list[Told]]:
        """`changes` to the `existing` slices with hints, or without any, which the event tells."""
        ready = [
            endpoint
            for each in (*changes.create, *changes.update, *changes.untouched(existing))
            for endpoint in each.get("endpoints") or ()
            if is_endpoint_ready(endpoint)
        ]
        shares, reason = compute_shares(self._ratios, len(ready))
        made = changes
        counts: dict[str, int] = {}
        if not reason:
            made, counts, reason = _distribute(changes, existing, shares, len(ready))
        if reason:
            self.drop(key, address_type)
            return remove_hints(changes, existing), [_warning(reason, address_type)]
        told = [] if key in self._enabled else [_told("Normal", "Enabled", _ENABLED, address_type)]
        self._hinted.setdefault(key, {})[address_type] = counts
        self._enabled.add(key)
        return made, told


def wants_shares(service: Object) -> bool:
    annotations = service["metadata"].get("annotations") or {}
    mode = next((annotations[name] for name in _ANNOTATIONS if name in annotations), "")
    return mode in ("Auto", "auto")


def compute_ratios(nodes: Iterable[Object]) -> dict[str, float]:
    """The part of the cluster's CPUs that each zone has; empty if there are not two, or a node's are not known."""
    cpus: dict[str, int] = {}
    for node in nodes:
        labels = node["metadata"].get("labels") or {}
        if any(label in labels for label in _EXCLUDED) or not is_condition_true(node, "Ready"):
            continue
        cpu = ((node.get("status") or {}).get("allocatable") or {}).get("cpu", 0)
        milli = quantity.parse(cpu).milli_value()
        zone = labels.get(ZONE)
        if not zone or not milli:
            return {}
        cpus[zone] = cpus.get(zone, 0) + milli
    total = sum(cpus.values())
    return {zone: cpu / total for zone, cpu in sorted(cpus.items())} if len(cpus) > 1 else {}


def compute_shares(ratios: Mapping[str, float], count: int) -> tuple[dict[str, _Share], str]:
    """Of `count` endpoints; or why there can be none."""
    if not ratios:
        return {}, _NO_NODES
    numbers = f"({count} endpoints, {len(ratios)} zones)"
    if len(ratios) > count:
        return {}, f"{_TOO_FEW} {numbers}"
    shares = {}
    for zone, ratio in ratios.items():
        desired = ratio * count
        minimum = math.ceil(desired * (1 / (1 + OVERLOAD)))
        shares[zone] = _Share(minimum, max(desired, minimum))
    if sum(share.minimum for share in shares.values()) > count:
        return {}, f"{_OVERLOADED} {numbers}"
    return shares, ""


def _distribute(
    changes: Changes, existing: Sequence[Object], shares: Mapping[str, _Share], count: int
) -> tuple[Changes, dict[str, int], str]:
    """Changes with hints, how many endpoints each zone has then, and why it cannot be, if it cannot."""
    spare = count - sum(share.minimum for share in shares.values())
    counts: dict[str, int] = {}
    update = list(changes.update)
    for each in changes.untouched(existing):
        held = _held(each, counts, shares, spare)
        if held is None:
            update.append(each)
        else:
            for zone, number in held.items():
                counts[zone] = counts.get(zone, 0) + number
    slices = [*changes.create, *update]
    for endpoint in _ready_in(slices):
        own_zone = endpoint.get("zone")
        if not own_zone:
            return changes, {}, _NO_ZONE
        counts[own_zone] = counts.get(own_zone, 0) + 1
    giving, receiving = _exchange(shares, counts)
    made = []
    for each in slices:
        endpoints = []
        for endpoint in each.get("endpoints") or ():
            if not is_endpoint_ready(endpoint):
                endpoints.append(endpoint)
                continue
            zone = str(endpoint["zone"])
            if giving.get(zone) and receiving:
                taker = next(iter(receiving))
                for zones, name in ((giving, zone), (receiving, taker)):
                    zones[name] -= 1
                    if not zones[name]:
                        del zones[name]
                counts[zone] -= 1
                counts[taker] = counts.get(taker, 0) + 1
                zone = taker
            endpoints.append(with_hints(endpoint, {"forZones": [{"name": zone}]}))
        made.append(each | {"endpoints": endpoints})
    new = len(changes.create)
    return Changes(made[:new], made[new:], changes.delete), counts, ""


def _held(each: Object, counts: Mapping[str, int], shares: Mapping[str, _Share], spare: int) -> dict[str, int] | None:
    """The endpoints by zone that a slice gives as it is; None if it must be written, since its hints will not do."""
    held: dict[str, int] = {}
    for endpoint in _ready_in([each]):
        zones = [zone["name"] for zone in (endpoint.get("hints") or {}).get("forZones") or ()]
        if not zones or any(zone not in shares for zone in zones):
            return None
        for zone in zones:
            held[zone] = held.get(zone, 0) + 1
    if any(number + counts.get(zone, 0) > shares[zone].minimum + spare for zone, number in held.items()):
        return None
    return held


def _exchange(shares: Mapping[str, _Share], counts: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """How many endpoints which zones give, and others receive."""
    surplus = {zone: counts.get(zone, 0) - share.desired for zone, share in shares.items()}
    give = {zone: number for zone, number in surplus.items() if number > 0}
    take = {zone: -number for zone, number in surplus.items() if number < 0}
    giving: dict[str, int] = {}
    receiving: dict[str, int] = {}
    while give and take:
        giver, taker = max(give, key=give.__getitem__), max(take, key=take.__getitem__)
        if (give[giver] < 1 and take[taker] < 1) or give[giver] < 0.5 or take[taker] < 0.5:
            break
        giving[giver] = giving.get(giver, 0) + 1
        receiving[taker] = receiving.get(taker, 0) + 1
        give[giver] -= 1
        take[taker] -= 1
    return giving, receiving


def _is_overloaded(counts: Mapping[str, int], ratios: Mapping[str, float]) -> bool:
    if not counts:
        return False
    if not ratios:
        return True
    total = sum(counts.values())
    return any(
        zone not in counts or counts[zone] < math.ceil(total * ratio * (1 / (1 + OVERLOAD)))
        for zone, ratio in ratios.items()
    )


def _ready_in(slices: Iterable[Object]) -> Iterable[Object]:
    return (endpoint for each in slices for endpoint in each.get("endpoints") or () if is_endpoint_ready(endpoint))


def _warning(message: str, address_type: str) -> Told:
    return _told("Warning", "Disabled", message, address_type)


def _told(kind: str, what: str, message: str, address_type: str) -> Told:
    return Told(kind, f"TopologyAwareHints{what}", f"{message}, addressType: {address_type}")
