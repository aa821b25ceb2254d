"""Constraints between the devices of a claim: an attribute in which they must agree, or must not. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.scheduler.devices.model import Device
    from steersman.scheduler.devices.requests import Request

_KINDS = ("string", "int", "bool", "version")


@dataclass(slots=True)
class Constraint:
    """Told of every device that is added to its claim, and of those that are taken out, last in, first out."""

    attribute: str
    """With its domain."""
    requests: frozenset[str]
    """Names of requests, or of alternatives (`request/alternative`), that it is for; none: all."""
    distinct: bool
    _values: list[tuple[str, object]] = field(default_factory=list)

    def add(self, request: Request, device: Device) -> bool:
        """Whether the device may be added; if so, it is."""
        if not self._concerns(request):
            return True
        attribute = _lookup(device, self.attribute)
        if attribute is None:
            return False
        value = next(((kind, attribute[kind]) for kind in _KINDS if attribute.get(kind) is not None), None)
        if value is None:
            return False
        if self._values and (value in self._values) is self.distinct:
            return False
        self._values.append(value)
        return True

    def remove(self, request: Request) -> None:
        """Take out what was added last."""
        if self._concerns(request):
            self._values.pop()

    @property
    def state(self) -> frozenset[tuple[str, object]]:
        """All that decides what may be added next."""
        return frozenset(self._values)

    def _concerns(self, request: Request) -> bool:
        return not self.requests or bool(self.requests & {request.parent or request.name, request.full_name})


def read_constraints(claim: Object) -> list[Constraint]:
    """Of a claim, with nothing added yet. Raises LookupError with the index of one that nobody knows."""
    constraints = []
    for index, spec in enumerate(claim["spec"].get("devices", {}).get("constraints") or ()):
        match, distinct = spec.get("matchAttribute"), spec.get("distinctAttribute")
        attribute = match if match is not None else distinct
        if attribute is None:
            raise LookupError(index)
        constraints.append(Constraint(attribute, frozenset(spec.get("requests") or ()), match is None))
    return constraints


def _lookup(device: Device, name: str) -> Object | None:
    """An attribute by its full name; a driver need not write its own domain."""
    attributes = device.spec.get("attributes") or {}
    found: Object | None = attributes.get(name)
    if found is not None:
        return found
    domain, _, plain = name.partition("/")
    return attributes.get(plain) if domain == device.id.driver else None
