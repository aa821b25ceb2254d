"""What the pools of a driver have, in their latest generation, and what of it is given to claims. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.api.meta.quantity import parse
from steersman.controllers.device_taints import Device, device_of, results_of, selects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from steersman.api.meta.quantity import Quantity
    from steersman.api.meta.types import Object

_CLOSED = ("NoSchedule", "NoExecute")


@dataclass(frozen=True, slots=True)
class Consumption:
    """Of one pool, by claims that do not only watch."""

    devices: set[str] = field(default_factory=set)
    """Names; one that several claims share is there once."""
    capacity: dict[str, Quantity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A device of a pool."""

    device: Object
    partition_attribute: str
    """By which its slice groups devices; empty if it does not say."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The slices of its latest generation."""

    driver: str
    name: str
    generation: int
    slices: Sequence[Object]

    @property
    def is_complete(self) -> bool:
        return len(self.slices) >= self.expected

    @property
    def expected(self) -> int:
        """How many slices there should be."""
        count: int = self.slices[0]["spec"]["pool"]["resourceSliceCount"]
        return count

    @property
    def node(self) -> str:
        """Where all of it is; empty if it is on none, or on several."""
        nodes = {each["spec"].get("nodeName") or "" for each in self.slices}
        return nodes.pop() if len(nodes) == 1 else ""

    def entries(self) -> list[Entry]:
        return [
            Entry(device, each["spec"].get("partitionTypeAttribute") or "")
            for each in self.slices
            for device in each["spec"].get("devices") or ()
        ]

    def shared_counters(self) -> list[Object]:
        return [counters for each in self.slices for counters in each["spec"].get("sharedCounters") or ()]

    def closed(self, rules: Iterable[Object]) -> int:
        """How many devices are not given to anybody, for a taint of theirs or of `rules`."""
        rules = list(rules)
        return sum(self._is_closed(entry.device, rules) for entry in self.entries())

    def _is_closed(self, device: Object, rules: Iterable[Object]) -> bool:
        if any(taint["effect"] in _CLOSED for taint in device.get("taints") or ()):
            return True
        place = Device(self.driver, self.name, device["name"])
        return any(rule["spec"]["taint"]["effect"] in _CLOSED and selects(rule, place) for rule in rules)


def pools_of(slices: Iterable[Object], driver: str, only: str = "") -> list[Pool]:
    """By name. `only`: the pool of that name."""
    found: dict[str, list[Object]] = {}
    for each in slices:
        name = each["spec"]["pool"]["name"]
        if each["spec"]["driver"] == driver and (not only or name == only):
            found.setdefault(name, []).append(each)
    pools = []
    for name, all_slices in sorted(found.items()):
        latest = max(each["spec"]["pool"]["generation"] for each in all_slices)
        present = [each for each in all_slices if each["spec"]["pool"]["generation"] == latest]
        present.sort(key=lambda each: str(each["metadata"]["name"]))
        pools.append(Pool(driver, name, latest, present))
    return pools


def consumption_of(claims: Iterable[Object], driver: str) -> Mapping[str, Consumption]:
    """By pool."""
    found: dict[str, Consumption] = {}
    for claim in claims:
        for result in results_of(claim):
            device = device_of(result)
            if result.get("adminAccess") or device.driver != driver:
                continue
            pool = found.setdefault(device.pool, Consumption())
            pool.devices.add(device.name)
            for name, text in (result.get("consumedCapacity") or {}).items():
                amount = parse(text)
                pool.capacity[name] = pool.capacity[name] + amount if name in pool.capacity else amount
    return found
