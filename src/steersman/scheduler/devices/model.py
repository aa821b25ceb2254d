"""Devices as slices list them, read once. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from steersman.api.meta.quantity import parse
from steersman.scheduler.devices.capacity import Capacity, read_capacity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from steersman.api.meta.quantity import Quantity
    from steersman.api.meta.types import Object

    Counters = Mapping[str, Mapping[str, Quantity]]
    """Amounts by counter, by counter set."""


class PoolId(NamedTuple):
    """Where a driver's devices belong together."""

    driver: str
    pool: str

    def __str__(self) -> str:
        return "/".join(self)


class DeviceId(NamedTuple):
    """A device of the cluster."""

    driver: str
    pool: str
    device: str

    def __str__(self) -> str:
        return "/".join(self)


@dataclass(frozen=True, slots=True)
class Place:
    """From where a slice, or one of its devices, can be reached: one node, all, or those that a selector matches."""

    node: str = ""
    everywhere: bool = False
    selector: Object | None = None

    @property
    def known(self) -> bool:
        return bool(self.node or self.everywhere or self.selector is not None)


@dataclass(slots=True, eq=False)
class Device:
    """One device. `spec`: as the slice has it, with the taints that rules add."""

    id: DeviceId
    spec: Object
    place: Place
    shared: bool
    """Whether it can be allocated to many claims, each consuming some of its capacity."""
    capacity: Mapping[str, Capacity]
    consumes: Counters
    matches: dict[str, bool] = field(default_factory=dict)
    """What selectors said of it, by expression."""
    view: Object | None = None
    """As expressions see it, once one has."""


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """A ResourceSlice. `place` is unknown where each device has its own."""

    name: str
    pool: PoolId
    generation: int
    count: int
    """How many slices its pool has in this generation."""
    place: Place
    per_device: bool
    devices: Sequence[Device]
    counters: Sequence[tuple[str, Mapping[str, Quantity]]]
    """Shared ones, by the name of their set."""


def read_slice(obj: Object, rules: Iterable[Object] = ()) -> Slice:
    """`rules`: DeviceTaintRules of the cluster."""
    spec = obj["spec"]
    pool = PoolId(spec["driver"], spec["pool"]["name"])
    place, per_device = _place(spec), bool(spec.get("perDeviceNodeSelection"))
    selectors = [(rule["spec"].get("deviceSelector"), rule["spec"]["taint"]) for rule in rules]
    taints = [(where, taint) for where, taint in selectors if where is not None and _selects_pool(where, pool)]
    devices = []
    for listed in spec.get("devices") or ():
        added = [taint for where, taint in taints if where.get("device") in (None, listed["name"])]
        device = listed | {"taints": [*(listed.get("taints") or ()), *added]} if added else listed
        devices.append(_read_device(device, pool, _place(listed) if per_device else place))
    return Slice(
        name=obj["metadata"]["name"],
        pool=pool,
        generation=spec["pool"].get("generation") or 0,
        count=spec["pool"].get("resourceSliceCount") or 0,
        place=place,
        per_device=per_device,
        devices=devices,
        counters=[(each["name"], _amounts(each.get("counters"))) for each in spec.get("sharedCounters") or ()],
    )


def tolerated(taint: Object, tolerations: Iterable[Object]) -> bool:
    """Whether any of a request's tolerations is for a taint of a device."""
    return any(_tolerates(toleration, taint) for toleration in tolerations)


def _tolerates(toleration: Object, taint: Object) -> bool:
    for name in ("effect", "key"):
        if toleration.get(name) and toleration[name] != taint.get(name):
            return False
    if toleration.get("operator") == "Exists":
        return True
    value: str = toleration.get("value") or ""
    return toleration.get("operator") in (None, "", "Equal") and value == (taint.get("value") or "")


def _read_device(spec: Object, pool: PoolId, place: Place) -> Device:
    consumes = {each["counterSet"]: _amounts(each.get("counters")) for each in spec.get("consumesCounters") or ()}
    return Device(
        id=DeviceId(*pool, spec["name"]),
        spec=spec,
        place=place,
        shared=bool(spec.get("allowMultipleAllocations")),
        capacity={name: read_capacity(each) for name, each in (spec.get("capacity") or {}).items()},
        consumes=consumes,
    )


def _place(spec: Object) -> Place:
    return Place(spec.get("nodeName") or "", bool(spec.get("allNodes")), spec.get("nodeSelector"))


def _selects_pool(selector: Object, pool: PoolId) -> bool:
    return selector.get("driver") in (None, pool.driver) and selector.get("pool") in (None, pool.pool)


def _amounts(counters: Object | None) -> dict[str, Quantity]:
    return {name: parse(counter["value"]) for name, counter in (counters or {}).items()}
