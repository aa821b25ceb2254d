"""Which node ports a Service gets. Works on the object and a PortOperation; waits for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.service_type import (
    may_have_node_ports,
    needs_health_check,
    node_ports,
    spec_of,
    wants_node_ports,
)
from steersman.api.errors import ApiError, InternalError, Invalid, invalid
from steersman.apiserver.allocation.ports import PortRefused

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.allocation.ports import PortOperation


class _Unexplained(ApiError):
    """Upstream has no reason for it."""

    code, reason = 500, ""


def all_ports_of(service: Object) -> set[int]:
    """Everything that a Service holds on the nodes: an ExternalName may name ports, but they are not its own."""
    ports = set(node_ports(service)) if may_have_node_ports(service) else set()
    health = spec_of(service).get("healthCheckNodePort")
    if health and needs_health_check(service):
        ports.add(health)
    return ports


def allocate_for_new(service: Object, operation: PortOperation) -> None:
    """Raises Invalid, InternalError."""
    if may_have_node_ports(service):
        _allocate_new(service, operation)
    if needs_health_check(service):
        _allocate_health_check(service, operation)


def allocate_for_update(new: Object, old: Object, operation: PortOperation) -> None:
    """What the old Service holds is its own. Raises Invalid, InternalError."""
    if may_have_node_ports(new):
        _allocate_missing(new, old, operation)
    if needs_health_check(new) and not needs_health_check(old):
        _allocate_health_check(new, operation)


def _allocate_new(service: Object, operation: PortOperation) -> None:
    """One number serves all protocols of the same port."""
    ports = spec_of(service).get("ports") or []
    chosen: dict[int, int] = {}
    for index, port in enumerate(ports):
        asked, number = port.get("nodePort") or 0, port.get("port") or 0
        if not asked and not wants_node_ports(service):
            continue
        if number not in chosen:
            requested = next((p["nodePort"] for p in ports if p.get("port") == number and p.get("nodePort")), 0)
            if requested:
                _allocate(service, index, requested, operation)
            else:
                requested = _next(operation)
            port["nodePort"] = chosen[number] = requested
        elif not asked:
            port["nodePort"] = chosen[number]
        elif asked != chosen[number]:
            _allocate(service, index, asked, operation)


def _allocate_missing(new: Object, old: Object, operation: PortOperation) -> None:
    own = set(node_ports(old)) if may_have_node_ports(old) else set()
    taken: set[int] = set()
    pairs: set[tuple[str, int]] = set()
    for index, port in enumerate(spec_of(new).get("ports") or ()):
        asked = port.get("nodePort") or 0
        if not asked and not wants_node_ports(new):
            continue
        if not asked:
            asked = port["nodePort"] = _next(operation)
        elif asked not in own and asked not in taken:
            _allocate(new, index, asked, operation)
            taken.add(asked)
        pair = port.get("protocol") or "", asked
        if pair in pairs:
            raise _Unexplained(f"duplicate nodePort: {{{pair[0]} {pair[1]}}}")
        pairs.add(pair)


def _allocate(service: Object, index: int, port: int, operation: PortOperation) -> None:
    try:
        operation.allocate(port)
    except PortRefused as refusal:
        error = invalid(f"spec.ports[{index}].nodePort", port, str(refusal))
        raise Invalid.of("", "Service", service["metadata"].get("name") or "", [error]) from None


def _next(operation: PortOperation) -> int:
    try:
        return operation.allocate_next()
    except PortRefused as refusal:
        raise InternalError.of(f"failed to allocate a nodePort: {refusal}") from None


def _allocate_health_check(service: Object, operation: PortOperation) -> None:
    spec = spec_of(service)
    asked = spec.get("healthCheckNodePort") or 0
    try:
        if asked:
            operation.allocate(asked)
        else:
            spec["healthCheckNodePort"] = operation.allocate_next()
    except PortRefused as refusal:
        what = f"requested HealthCheck NodePort {asked}" if asked else "a HealthCheck NodePort 0"
        raise InternalError.of(f"failed to allocate {what}: {refusal}") from None
