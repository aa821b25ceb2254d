"""Capacities of devices, and how much of them a request takes. Pure.

What a request does not name it takes by default: what the policy says, else everything. What it names is rounded up to
what the policy allows.
Upstream differences: none known. (Ranges are counted in whole numbers, as the feature DRAFractionalCapacityRange is off
unless the whole cluster is at v1.37.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.meta.quantity import MAX_INT64, ZERO, Quantity, of_value, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.types import Object

    Amounts = Mapping[str, Quantity]
    Capacities = Mapping[str, "Capacity"]

_INT64_MAX = of_value(MAX_INT64)
_UNREPRESENTABLE = "capacity request cannot be represented in the device's range arithmetic"


class CapacityError(Exception):
    """A request, or a device, names an amount that cannot be calculated with."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """One capacity of a device, and its policy of requests: values (ascending) or a range."""

    value: Quantity
    default: Quantity | None = None
    values: tuple[Quantity, ...] = ()
    ranged: bool = False
    least: Quantity | None = None
    most: Quantity | None = None
    step: Quantity | None = None


def read_capacity(spec: Object) -> Capacity:
    policy = spec.get("requestPolicy") or {}
    bounds = policy.get("validRange")
    low, high, step = (_quantity((bounds or {}).get(name)) for name in ("min", "max", "step"))
    return Capacity(
        value=parse(spec.get("value") or "0"),
        default=_quantity(policy.get("default")),
        values=tuple(parse(value) for value in policy.get("validValues") or ()),
        ranged=bounds is not None,
        least=low,
        most=high,
        step=step,
    )


def consumption(requested: Amounts, capacities: Capacities) -> dict[str, Quantity]:
    """What a request takes of every capacity of a device. Raises CapacityError."""
    return {name: _taken(name, requested.get(name), each) for name, each in capacities.items()}


def fits(requested: Amounts, capacities: Capacities, *used: Amounts) -> bool:
    """Whether a device has all that is requested, beside what is `used` of it, and its policies allow the amounts.
    Raises CapacityError.
    """
    if not requested.keys() <= capacities.keys():
        return False
    consumed = consumption(requested, capacities)
    for name, amount in consumed.items():
        if amount.sign < 0:
            raise CapacityError(f'capacity "{name}": capacity value is negative')
    for name, amount in consumed.items():
        capacity = capacities[name]
        if not _allowed(amount, capacity):
            return False
        total = amount
        for amounts in used:
            total += amounts.get(name, ZERO)
        if total > capacity.value:
            return False
    return True


def _quantity(text: str | None) -> Quantity | None:
    return None if text is None else parse(text)


def _taken(name: str, requested: Quantity | None, capacity: Capacity) -> Quantity:
    if requested is None:
        return capacity.value if capacity.default is None else capacity.default
    if capacity.least is not None:
        return _stepped(name, requested, capacity, capacity.least)
    return next((value for value in capacity.values if value >= requested), requested)


def _stepped(name: str, requested: Quantity, capacity: Capacity, least: Quantity) -> Quantity:
    """Rounded up to the next step of a range that begins with `least`."""
    if requested < least:
        return least
    if capacity.step is None:
        return requested
    if requested > _INT64_MAX:
        raise CapacityError(f'capacity "{name}": {_UNREPRESENTABLE}: request {requested} exceeds MaxInt64')
    first, step = least.value(), capacity.step.value()
    found = first - (first - requested.value()) // step * step  # towards more
    if first >= 0 and found > MAX_INT64:
        what = f"rounding request {requested} up to the next step passes MaxInt64"
        raise CapacityError(f'capacity "{name}": {_UNREPRESENTABLE}: {what}')
    return of_value(found, capacity.step.format)


def _allowed(amount: Quantity, capacity: Capacity) -> bool:
    if amount == capacity.default:
        return True
    if not capacity.ranged:
        return not capacity.values or amount in capacity.values
    if capacity.most is not None and amount > capacity.most:
        return False
    if capacity.step is None or capacity.least is None:
        return True
    return (amount.value() - capacity.least.value()) % capacity.step.value() == 0
