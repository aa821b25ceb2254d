"""Claims that are to be allocated, with the classes that they name. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.scheduler.devices.constraints import read_constraints
from steersman.scheduler.devices.requests import Request, read_requests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from steersman.api.meta.types import Object


class AllocationError(Exception):
    """Something is wrong with a claim or a class: no node can help."""


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A claim that is to be allocated, read."""

    claim: Object
    requests: Sequence[Sequence[Request]]
    classes: Mapping[str, Object]
    """Those that its requests name."""

    def __str__(self) -> str:
        metadata = self.claim["metadata"]
        return f"{metadata['namespace']}/{metadata['name']}"


def want(claim: Object, class_of: Callable[[str], Object | None]) -> Wanted:
    """Read a claim. Raises AllocationError if it, or a class that it names, cannot be understood."""
    wanted = Wanted(claim, read_requests(claim), {})
    classes: dict[str, Object] = {}
    for request in (each for alternatives in wanted.requests for each in alternatives):
        where = f"claim {wanted}, request {request.name}"
        if "" in request.selectors:
            index = request.selectors.index("")
            raise AllocationError(f"{where}, selector #{index}: CEL expression empty (unsupported selector type?)")
        if not request.device_class:
            raise AllocationError(f"{where}: missing device class name (unsupported request type?)")
        found = class_of(request.device_class)
        if found is None:
            missing = f'deviceclass.resource.k8s.io "{request.device_class}" not found'
            raise AllocationError(f"{where}: could not retrieve device class {request.device_class}: {missing}")
        classes[request.device_class] = found
    try:
        read_constraints(claim)
    except LookupError as error:
        what = "empty constraint (unsupported constraint type?)"
        raise AllocationError(f"claim {wanted}, constraint #{error.args[0]}: {what}") from None
    return Wanted(claim, wanted.requests, classes)
