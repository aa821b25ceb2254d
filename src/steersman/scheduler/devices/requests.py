"""What claims ask for, read once. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.meta.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.quantity import Quantity
    from steersman.api.meta.types import Object


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A request for one kind of devices: a whole one, or an alternative of one (`parent`)."""

    name: str
    parent: str
    device_class: str
    selectors: tuple[str, ...]
    """Expressions."""
    all: bool
    """Every device that matches; else `count` of them."""
    count: int
    admin: bool
    """Access for administration: devices that others have are given, too."""
    tolerations: Sequence[Object]
    capacity: Mapping[str, Quantity]

    @property
    def full_name(self) -> str:
        return f"{self.parent}/{self.name}" if self.parent else self.name


def read_requests(claim: Object) -> tuple[tuple[Request, ...], ...]:
    """Of a claim, in their order: each with its alternatives, the best first; most have one."""
    return tuple(_alternatives(request) for request in (claim["spec"].get("devices") or {}).get("requests") or ())


def _alternatives(spec: Object) -> tuple[Request, ...]:
    if spec.get("exactly") is not None:
        return (_read(spec["name"], "", spec["exactly"]),)
    return tuple(_read(each["name"], spec["name"], each) for each in spec.get("firstAvailable") or ())


def _read(name: str, parent: str, spec: Object) -> Request:
    capacity = (spec.get("capacity") or {}).get("requests") or {}
    return Request(
        name=name,
        parent=parent,
        device_class=spec.get("deviceClassName") or "",
        selectors=tuple((each.get("cel") or {}).get("expression") or "" for each in spec.get("selectors") or ()),
        all=spec.get("allocationMode") == "All",
        count=spec.get("count") or 1,
        admin=bool(spec.get("adminAccess")),
        tolerations=spec.get("tolerations") or (),
        capacity={resource: parse(amount) for resource, amount in capacity.items()},
    )
