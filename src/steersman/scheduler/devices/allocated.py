"""Which devices are taken, and how much of those that are shared. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from steersman.api.meta.quantity import ZERO, parse
from steersman.scheduler.devices.model import DeviceId, PoolId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.quantity import Quantity
    from steersman.api.meta.types import Object


class Allocated:
    """What allocations take, all together. Access for administration takes nothing."""

    def __init__(self) -> None:
        self._whole: Counter[DeviceId] = Counter()
        self._shares: Counter[DeviceId] = Counter()
        self._consumed: dict[DeviceId, dict[str, Quantity]] = {}

    def charge(self, allocation: Object, *, back: bool = False) -> None:
        """Add an AllocationResult, or take back one that was added."""
        by = -1 if back else 1
        for result in allocation["devices"].get("results") or ():
            if result.get("adminAccess"):
                continue
            device = DeviceId(result["driver"], result["pool"], result["device"])
            if result.get("shareID") is None:
                self._count(self._whole, device, by)
                continue
            self._count(self._shares, device, by)
            self._consume(device, result.get("consumedCapacity") or {}, by)

    def exclusive(self, device: DeviceId) -> bool:
        """Whether somebody has it alone."""
        return device in self._whole

    def shared(self, device: DeviceId) -> bool:
        """Whether somebody has a share of it."""
        return device in self._shares

    def consumed(self, device: DeviceId) -> Mapping[str, Quantity]:
        """What all shares of it consume."""
        return self._consumed.get(device, {})

    @staticmethod
    def _count(counter: Counter[DeviceId], device: DeviceId, by: int) -> None:
        counter[device] += by
        if counter[device] <= 0:
            del counter[device]

    def _consume(self, device: DeviceId, amounts: Object, by: int) -> None:
        consumed = self._consumed.setdefault(device, {})
        for name, amount in amounts.items():
            consumed[name] = consumed.get(name, ZERO) + parse(amount) * by
        if device not in self._shares:
            del self._consumed[device]


def devices_of(allocation: Object | None) -> dict[PoolId, set[str]]:
    """The names of the devices of an AllocationResult, by pool."""
    found: dict[PoolId, set[str]] = {}
    for each in (allocation or {}).get("devices", {}).get("results") or ():
        found.setdefault(PoolId(each["driver"], each["pool"]), set()).add(each["device"])
    return found
