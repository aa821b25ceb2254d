"""What is wrong between Services and the addresses and ports they hold, and what mends it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from steersman.api.columns import at
from steersman.api.core.service_addresses import family_of
from steersman.api.core.service_type import NONE, cluster_ips, type_of
from steersman.api.meta.addresses import parse_ip_sloppy
from steersman.api.networking.ip_address import FAMILY_LABEL, MANAGED_BY_LABEL
from steersman.apiserver.allocation.addresses import MANAGER, parent_of
from steersman.apiserver.allocation.node_ports import all_ports_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from steersman.api.meta.types import Object
    from steersman.apiserver.allocation.ports import PortRange
    from steersman.apiserver.allocation.ranges import AddressRange

_SETTLE_S = 5
"""An address younger than that may belong to a write that is being undone."""


class Act(StrEnum):
    """What is done to an IPAddress object."""

    CREATE = "create"
    RECREATE = "recreate"
    REMOVE = "remove"
    REPORT = "report"
    """Nothing; somebody must look at it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with `about`, a Service or an IPAddress; reason and note are those of its event."""

    act: Act
    about: Object
    reason: str
    action: str
    note: str
    address: str = ""
    uid: str = ""
    """Of the IPAddress object that goes."""


@dataclass(slots=True)
class _Known:
    """What there is, by name."""

    services: dict[tuple[str, str], Object]
    addresses: dict[str, Object]
    claimed: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Addresses whose object has been made right for a Service in this plan."""


def plan_repair(
    services: Collection[Object],
    addresses: Collection[Object],
    ranges: Collection[AddressRange],
    ports: PortRange,
    *,
    now: datetime,
    grace_s: float,
) -> list[Finding]:
    """In the order in which it should be carried out. `grace_s`: age from which an address without Service is a leak
    (before, its Service may be on its way).
    """
    known = _Known(
        services={_identity(service): service for service in services},
        addresses={obj["metadata"]["name"]: obj for obj in addresses},
    )
    findings: list[Finding] = []
    for service in services:
        findings += _check_service(service, known, ranges)
    for obj in addresses:
        finding = _check_address(obj, known, now, grace_s)
        if finding is not None:
            findings.append(finding)
    return [*findings, *_check_ports(services, ports)]


def _identity(service: Object) -> tuple[str, str]:
    metadata = service["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


def _check_service(service: Object, known: _Known, ranges: Collection[AddressRange]) -> Iterator[Finding]:
    if type_of(service) == "ExternalName":
        return
    for text in cluster_ips(service):
        if text == NONE:
            continue
        address = parse_ip_sloppy(text)
        if address is None:
            note = f"Cluster IP {text} is not a valid IP; please recreate Service"
            yield Finding(Act.REPORT, service, "ClusterIPNotValid", "ClusterIPValidation", note)
        elif not any(address in place for place in ranges):
            shown = f"[{family_of(text)}]: {text}"
            note = f"Cluster IP {shown} is not within any configured Service CIDR; please recreate service"
            yield Finding(Act.REPORT, service, "ClusterIPOutOfRange", "ClusterIPAllocation", note)
        else:
            finding = _check_held(service, str(address), known)
            if finding is not None:
                yield finding


def _check_held(service: Object, name: str, known: _Known) -> Finding | None:
    """The object of an address that a Service has."""
    identity, obj = _identity(service), known.addresses.get(name)
    shown = f"[{family_of(name)}]: {name}"
    claimant = known.claimed.get(name)
    if obj is None and claimant is None:
        known.claimed[name] = identity
        note = f"Cluster IP {shown} is not allocated; repairing"
        return Finding(Act.CREATE, service, "ClusterIPNotAllocated", "ClusterIPAllocation", note, name)
    parent = at(obj, "spec", "parentRef", default={}) if obj is not None else {}
    if claimant is None and parent == parent_of(service):
        if obj is not None and _labels_are_right(obj):
            return None
        note = f"the labels of the IPAddress of Cluster IP {shown} were changed; repairing"
        return Finding(Act.RECREATE, service, "ClusterIPNotAllocated", "ClusterIPAllocation", note, name, _uid(obj))
    holder = claimant or (parent.get("namespace") or "", parent.get("name") or "")
    other = known.services.get(holder) if claimant or _refers_to_service(parent) else None
    if other is not None and holder != identity and name in cluster_ips(other):
        note = f"Cluster IP {shown} was assigned to multiple services; please recreate service"
        return Finding(Act.REPORT, service, "ClusterIPAlreadyAllocated", "ClusterIPAllocation", note)
    known.claimed[name] = identity
    note = f"the ClusterIP {shown} for Service {'/'.join(identity)} has a wrong reference; repairing"
    return Finding(Act.RECREATE, service, "ClusterIPNotAllocated", "ClusterIPAllocation", note, name, _uid(obj))


def _uid(obj: Object | None) -> str:
    return str(at(obj or {}, "metadata", "uid", default=""))


def _refers_to_service(parent: Object) -> bool:
    return not parent.get("group") and parent.get("resource") == "services"


def _labels_are_right(obj: Object) -> bool:
    labels = obj["metadata"].get("labels") or {}
    return labels.get(MANAGED_BY_LABEL) == MANAGER and labels.get(FAMILY_LABEL) == family_of(obj["metadata"]["name"])


def _check_address(obj: Object, known: _Known, now: datetime, grace_s: float) -> Finding | None:
    """An object of ours that nobody has."""
    name = obj["metadata"]["name"]
    if (obj["metadata"].get("labels") or {}).get(MANAGED_BY_LABEL) != MANAGER or name in known.claimed:
        return None
    parent = at(obj, "spec", "parentRef", default={})
    action = "IPAddressAllocation"
    if not _refers_to_service(parent):
        note = f"IPAddress {name} appears to have been modified, not referencing a Service: cleaning up"
        return Finding(Act.REMOVE, obj, "IPAddressNotAllocated", action, note, name, _uid(obj))
    owner = parent.get("namespace") or "", parent.get("name") or ""
    age = now - datetime.fromisoformat(obj["metadata"]["creationTimestamp"])
    service = known.services.get(owner)
    shown = f"IPAddress: {name} for Service {'/'.join(owner)}"
    if service is None:
        if age < timedelta(seconds=grace_s):
            return None
        note = f"{shown} appears to have leaked: cleaning up"
        return Finding(Act.REMOVE, obj, "IPAddressNotAllocated", action, note, name, _uid(obj))
    if name in cluster_ips(service) or age < timedelta(seconds=min(grace_s, _SETTLE_S)):
        return None
    if type_of(service) == "ExternalName" and age < timedelta(seconds=grace_s):
        return None
    note = f"{shown} has a wrong reference; cleaning up"
    return Finding(Act.REMOVE, obj, "IPAddressWrongReference", action, note, name, _uid(obj))


def _check_ports(services: Iterable[Object], ports: PortRange) -> Iterator[Finding]:
    """Nothing mends these: whose the port is, only people can say."""
    seen: set[int] = set()
    for service in services:
        own = all_ports_of(service)
        for port in sorted(own):
            if port not in ports:
                note = f"Port {port} is not within the port range {ports}; please recreate service"
                yield Finding(Act.REPORT, service, "PortOutOfRange", "PortAllocation", note)
            elif port in seen:
                note = f"Port {port} was assigned to multiple services; please recreate service"
                yield Finding(Act.REPORT, service, "PortAlreadyAllocated", "PortAllocation", note)
        seen |= own
