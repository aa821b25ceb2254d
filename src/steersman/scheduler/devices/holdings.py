"""What a search has taken by now, beside what is allocated for good. Pure.

Claims of the search are known by their index. What is taken is given back in reverse order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.meta.quantity import ZERO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.quantity import Quantity
    from steersman.scheduler.devices.allocated import Allocated
    from steersman.scheduler.devices.model import Device, DeviceId, PoolId
    from steersman.scheduler.devices.pools import Pool

    Consumed = Mapping[str, Quantity] | None
    """Of a share; None: the whole device."""


class Counters:
    """What is left of the counters of pools, as long as nothing else is charged to `allocated`."""

    def __init__(self, *, allocated: Allocated) -> None:
        self._allocated = allocated
        self._left: dict[PoolId, dict[str, dict[str, Quantity]]] = {}

    def left(self, pool: Pool) -> dict[str, dict[str, Quantity]]:
        """By set; below zero where too much was allocated."""
        left = self._left.get(pool.id)
        if left is None:
            left = self._left[pool.id] = {name: dict(amounts) for name, amounts in pool.counters.items()}
            for device in pool.consuming:
                if self._allocated.exclusive(device.id) or self._allocated.shared(device.id):
                    _add(left, device, -1)
        return left


class Holdings:
    """Of one search."""

    def __init__(self, *, allocated: Allocated, counters: Counters) -> None:
        self._allocated = allocated
        self._counters = counters
        self._taken: dict[DeviceId, list[int]] = {}
        """Which claims take a device as a whole."""
        self._shares: dict[DeviceId, list[Mapping[str, Quantity]]] = {}
        self._counted: dict[PoolId, dict[str, dict[str, Quantity]]] = {}

    def free(self, claim: int, device: Device, *, admin: bool) -> bool:
        """Whether a claim may take a device that nobody, or, for administration, not itself has as a whole."""
        claims = self._taken.get(device.id, ())
        if admin:
            return claim not in claims
        return not claims and not self._allocated.exclusive(device.id)

    def used(self, device: Device) -> list[Mapping[str, Quantity]]:
        """What all shares of a device consume."""
        return [self._allocated.consumed(device.id), *self._shares.get(device.id, ())]

    def counts(self, device: Device) -> bool:
        """Whether taking a device takes counters: those of a shared one are taken once."""
        in_use = self._allocated.shared(device.id) or bool(self._shares.get(device.id))
        return bool(device.consumes) and not (device.shared and in_use)

    def countable(self, pool: Pool, device: Device) -> bool:
        """Whether the counters of a pool are enough for one more of its devices."""
        counted = self._counted.get(pool.id, {})
        for name, amounts in self._counters.left(pool).items():
            already, more = counted.get(name, {}), device.consumes.get(name, {})
            for counter, left in amounts.items():
                if already.get(counter, ZERO) + more.get(counter, ZERO) > left:
                    return False
        return True

    def take(self, claim: int, device: Device, consumed: Consumed, counting: Pool | None) -> None:
        """`counting`: the pool whose counters are taken, if any are."""
        if counting is not None:
            _add(self._counted.setdefault(counting.id, {}), device, 1)
        if consumed is None:
            self._taken.setdefault(device.id, []).append(claim)
        else:
            self._shares.setdefault(device.id, []).append(consumed)

    def give_back(self, claim: int, device: Device, consumed: Consumed, counting: Pool | None) -> None:
        """What was taken with the same arguments."""
        if counting is not None:
            _add(self._counted[counting.id], device, -1)
        if consumed is None:
            self._taken[device.id].remove(claim)
        else:
            self._shares[device.id].pop()

    def state(self, claim: int) -> object:
        """All of it that decides what a claim, and those after it, may take."""
        taken = {device: (len(claims), claim in claims) for device, claims in self._taken.items() if claims}
        shares = {device: _total(amounts) for device, amounts in self._shares.items() if amounts}
        return frozenset(taken.items()), frozenset(shares.items())


def _total(shares: Sequence[Mapping[str, Quantity]]) -> frozenset[tuple[str, Quantity]]:
    total: dict[str, Quantity] = {}
    for amounts in shares:
        for name, amount in amounts.items():
            total[name] = total.get(name, ZERO) + amount
    return frozenset(total.items())


def _add(amounts: dict[str, dict[str, Quantity]], device: Device, by: int) -> None:
    for name, consumed in device.consumes.items():
        of_set = amounts.setdefault(name, {})
        for counter, amount in consumed.items():
            of_set[counter] = of_set.get(counter, ZERO) + amount * by
