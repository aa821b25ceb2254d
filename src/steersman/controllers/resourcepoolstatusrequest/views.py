"""What follows for partitions of devices, which share counters, and for devices that several claims may share. Pure.

Upstream: pkg/controller/resourcepoolstatusrequest/views.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.api.meta.quantity import canonical, of_value, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.quantity import Quantity
    from steersman.api.meta.types import Object
    from steersman.controllers.resourcepoolstatusrequest.pools import Consumption, Entry, Pool

    Counters = dict[tuple[str, str], Quantity]

ITEMS_MAX = 32
"""Of each list in a status."""


class ViewError(ValueError):
    """It cannot be said; the message says why, beginning with a word for programs."""


@dataclass(frozen=True, slots=True)
class Views:
    """As far as there are any; `problem`: the first reason why one is missing."""

    partitions: list[Object] | None
    shared: Object | None
    problem: str


@dataclass(slots=True)
class _Group:
    """Partitions of one type."""

    cost: str
    total: int = 0
    free: list[Object] = field(default_factory=list)


def views_of(pool: Pool, used: Consumption, default_attribute: str) -> Views:
    """`default_attribute`: by which devices are grouped if no slice of the pool says by which."""
    problem = ""
    partitions: list[Object] | None = None
    try:
        partitions = _partitions(pool, used, default_attribute)
    except ViewError as error:
        problem = str(error)
    shared: Object | None = None
    try:
        shared = _shared(pool, used)
    except ViewError as error:
        problem, partitions = problem or str(error), None
    return Views(partitions, shared, problem)


def _partitions(pool: Pool, used: Consumption, default_attribute: str) -> list[Object] | None:
    entries, counters = pool.entries(), pool.shared_counters()
    declared = any(entry.partition_attribute for entry in entries)
    fallback = "" if declared else default_attribute
    if not any(entry.partition_attribute or fallback for entry in entries):
        return None
    where = f"pool {pool.driver}/{pool.name}"
    if not counters:
        raise ViewError(
            f"PartitionTypeMissing: {where} declares partitionTypeAttribute but publishes no sharedCounters"
        )
    groups = _groups(entries, used, fallback, pool.driver, where)
    free = {
        (each["name"], name): parse(counter["value"])
        for each in counters
        for name, counter in (each.get("counters") or {}).items()
    }
    for entry in entries:
        if entry.device["name"] in used.devices:
            _deduct(entry.device, free)
    if len(groups) > ITEMS_MAX:
        raise ViewError(
            f"PartitionSummaryOverCap: {where} has {len(groups)} partition types, exceeding the maximum of {ITEMS_MAX}"
        )
    return [
        {"attribute": attribute, "type": kind, "total": group.total, "allocatable": _fitting(group.free, dict(free))}
        for (attribute, kind), group in sorted(groups.items())
    ]


def _groups(
    entries: Sequence[Entry], used: Consumption, fallback: str, driver: str, where: str
) -> dict[tuple[str, str], _Group]:
    groups: dict[tuple[str, str], _Group] = {}
    for entry in entries:
        device, attribute = entry.device, entry.partition_attribute or fallback
        if not device.get("consumesCounters") or not attribute:
            continue
        kind = _attribute(device, attribute, driver)
        if kind is None:
            raise ViewError(
                f'PartitionTypeMissing: device "{device["name"]}" in {where} does not carry partition type attribute '
                f'"{attribute}"'
            )
        cost = ",".join(sorted(f"{place[0]}/{place[1]}={value}" for place, value in _costs(device)))
        group = groups.setdefault((attribute, kind), _Group(cost))
        if group.cost != cost:
            raise ViewError(
                f'PartitionCostMismatch: devices of partition type "{kind}" in {where} consume different counters'
            )
        group.total += 1
        if device["name"] not in used.devices:
            group.free.append(device)
    return groups


def _attribute(device: Object, name: str, driver: str) -> str | None:
    """A text; an attribute of the driver's own domain may be written without that."""
    attributes = device.get("attributes") or {}
    found = attributes.get(name)
    if found is None and name.startswith(f"{driver}/"):
        found = attributes.get(name.removeprefix(f"{driver}/"))
    value: str | None = (found or {}).get("string")
    return value


def _costs(device: Object) -> Iterable[tuple[tuple[str, str], str]]:
    for each in device.get("consumesCounters") or ():
        for name, counter in (each.get("counters") or {}).items():
            yield (each["counterSet"], name), canonical(counter["value"])


def _deduct(device: Object, free: Counters) -> None:
    for place, value in _costs(device):
        if place in free:
            free[place] = free[place] - parse(value)


def _fitting(devices: Iterable[Object], free: Counters) -> int:
    """How many of the devices can be had together."""
    count = 0
    for device in devices:
        if all(place in free and free[place].compare(parse(value)) >= 0 for place, value in _costs(device)):
            _deduct(device, free)
            count += 1
    return count


def _shared(pool: Pool, used: Consumption) -> Object | None:
    devices = [entry.device for entry in pool.entries() if entry.device.get("allowMultipleAllocations")]
    if not devices:
        return None
    total: dict[str, Quantity] = {}
    for device in devices:
        for name, capacity in (device.get("capacity") or {}).items():
            amount = parse(capacity["value"])
            total[name] = total[name] + amount if name in total else amount
    if len(total) > ITEMS_MAX:
        raise ViewError(
            f"ShareableSummaryOverCap: pool {pool.driver}/{pool.name} has {len(total)} shareable capacity keys, "
            f"exceeding the maximum of {ITEMS_MAX}"
        )
    partial = sum(device["name"] in used.devices for device in devices)
    summary: Object = {"fullyAvailableDevices": len(devices) - partial, "partiallyAvailableDevices": partial}
    capacities = []
    for name, amount in sorted(total.items()):
        consumed = used.capacity.get(name, of_value(0))
        left = amount - consumed
        if left.sign < 0:
            left = of_value(0, amount.format)
        capacities.append({"name": name, "total": str(amount), "consumed": str(consumed), "available": str(left)})
    return summary | ({"capacity": capacities} if capacities else {})
