"""Terse builders of slices and claims, and searches whose outcome is a line of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.scheduler.devices.allocated import Allocated
from steersman.scheduler.devices.model import read_slice
from steersman.scheduler.devices.pools import Inventory
from steersman.scheduler.devices.search import Allocator
from steersman.scheduler.devices.selectors import ExpressionError, Selectors
from steersman.scheduler.devices.wanted import want

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object
    from steersman.scheduler.devices.model import Device

DRIVER = "d.example.com"
CLASSES: dict[str, Object] = {"any": {"metadata": {"name": "any"}, "spec": {}}}
NODE: Object = {"metadata": {"name": "n", "labels": {"zone": "z1"}}}


def device(name: str, **spec: object) -> Object:
    """Attributes are what is named so: `x_model="a"` is a string, `x_index=1` a number."""
    attributes = {key[2:]: _attribute(spec.pop(key)) for key in tuple(spec) if key.startswith("x_")}
    return {"name": name, **({"attributes": attributes} if attributes else {}), **spec}


def _attribute(value: object) -> Object:
    kind = {bool: "bool", int: "int"}.get(type(value), "string")
    return {kind: value}


def offer(
    name: str,
    *devices: Object | str,
    pool: str = "p",
    of: int = 1,
    generation: int = 1,
    driver: str = DRIVER,
    **where: object,
) -> Object:
    """A slice; of node `n` where nothing else is said."""
    listed = [device(each) if isinstance(each, str) else each for each in devices]
    spec: Object = {
        "driver": driver,
        "pool": {"name": pool, "generation": generation, "resourceSliceCount": of},
        **(where or {"nodeName": "n"}),
    }
    if listed:
        spec["devices"] = listed
    return {"metadata": {"name": name}, "spec": spec}


def request(name: str = "r", *selectors: str, **spec: object) -> Object:
    """For one device of the class `any` where nothing else is said."""
    return {"name": name, "exactly": _request(selectors, spec)}


def either(name: str, **alternatives: Object) -> Object:
    """A prioritised list of requests, best first."""
    return {"name": name, "firstAvailable": [{"name": key, **each["exactly"]} for key, each in alternatives.items()]}


def _request(selectors: tuple[str, ...], spec: Object) -> Object:
    found: Object = {"deviceClassName": "any", "allocationMode": "ExactCount", **spec}
    if selectors:
        found["selectors"] = [{"cel": {"expression": each}} for each in selectors]
    return found


def claim(*requests: Object, name: str = "c", **devices: object) -> Object:
    return {
        "metadata": {"namespace": "ns", "name": name, "uid": name},
        "spec": {"devices": {"requests": list(requests), **devices}},
    }


def same(attribute: str, *requests: str) -> Object:
    return {"matchAttribute": attribute, **({"requests": list(requests)} if requests else {})}


def different(attribute: str, *requests: str) -> Object:
    return {"distinctAttribute": attribute, **({"requests": list(requests)} if requests else {})}


def taking(*results: str, **more: object) -> Object:
    """An allocation of `pool/device` each."""
    listed = [dict(zip(("driver", "pool", "device"), (DRIVER, *each.split("/")), strict=True)) for each in results]
    return {"devices": {"results": [each | more for each in listed]}}


def compiled(expression: str) -> Callable[[Device], bool]:
    """`model=a` stands for an expression of that meaning, `fail` and `wrong` for ones that fail, or mean nothing."""
    if expression == "wrong":
        raise ExpressionError("no such word", compiling=True)
    name, _, value = expression.partition("=")

    def matches(one: Device) -> bool:
        if name == "fail":
            raise ExpressionError("no such key: nope")
        return any(str(said) == value for said in (one.spec.get("attributes") or {}).get(name, {}).values())

    return matches


SELECTORS = Selectors(compiled=compiled)


def search(
    slices: list[Object],
    *claims: Object,
    taken: tuple[Object, ...] = (),
    node: Object = NODE,
    classes: dict[str, Object] = CLASSES,
    rules: tuple[Object, ...] = (),
) -> str | None:
    """`r=p/a s=p/b | r=p/c`: which device each request of each claim got."""
    allocated = Allocated()
    for each in taken:
        allocated.charge(each)
    inventory = Inventory(read_slice(each, rules) for each in slices)
    allocator = Allocator(allocated=allocated, selectors=SELECTORS)
    found = allocator.allocate([want(each, classes.get) for each in claims], inventory.pools(node))
    if found is None:
        return None
    return " | ".join(
        " ".join(f"{each.request.full_name}={each.device.id.pool}/{each.device.id.device}" for each in allotments)
        for allotments in found
    )
