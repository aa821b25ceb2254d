"""packing: endpoints distributed over slices, with as few writes as possible. Pure.

Slices belong together that have the same address family and ports. What is there stays where it is; what is new first
fills slices that are written anyway, then the unchanged one that it fills best, then new ones.
Upstream: k8s.io/endpointslice reconciler.go, utils.go. Difference: where upstream takes any, it is the first by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.api.core.service import SERVICES
from steersman.controllers.backends import (
    HEADLESS,
    can_serve,
    canonical_addresses,
    hostname_in,
    is_headless,
    reference_to_pod,
    target_port,
)
from steersman.controllers.canonical_order import order_slice_ports
from steersman.controllers.ownership import reference_to
from steersman.controllers.pods import is_ready
from steersman.controllers.slices import (
    IP_VERSIONS,
    IPV4,
    IPV6,
    MANAGED_BY,
    SERVICE,
    Changes,
    identity_of,
    is_same_endpoint,
    ports_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.controllers.slices import Identity, PortsKey

MANAGER = "endpointslice-controller.k8s.io"
ENDPOINTS_MAX = 100
"""In one slice."""
ZONE = "topology.kubernetes.io/zone"
_RESERVED = (SERVICE, MANAGED_BY, HEADLESS)


@dataclass(slots=True)
class _Group:
    """Endpoints that have the same ports."""

    ports: list[Object]
    endpoints: dict[Identity, Object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for one address family."""

    changes: Changes
    missing_nodes: dict[str, str]
    """Pods that are left out, and the nodes that they are said to be on."""


def address_types(service: Object) -> list[str]:
    """The address families that a service has slices for."""
    spec = service["spec"]
    families = [family for family in (IPV4, IPV6) if family in (spec.get("ipFamilies") or ())]
    if families:
        return families
    cluster_ip = spec.get("clusterIP")
    if cluster_ip and cluster_ip != "None":
        return [IPV6 if ":" in cluster_ip else IPV4]
    return [IPV4, IPV6]


def plan_slices(
    service: Object,
    pods: Iterable[Object],
    existing: Sequence[Object],
    address_type: str,
    node_of: Callable[[str], Object | None],
    *,
    endpoints_max: int = ENDPOINTS_MAX,
) -> Plan:
    """`pods`: those behind the service. `existing`: its slices of this family. Hints are not decided here."""
    groups, missing = _wanted(service, pods, address_type, node_of)
    changes = Changes()
    by_ports: dict[PortsKey, list[Object]] = {}
    for each in existing:
        if is_owned(each, service):
            by_ports.setdefault(ports_key(each.get("ports")), []).append(each)
        else:
            changes.delete.append(each)
    for ports, group in groups.items():
        changes.add(_pack(service, by_ports.pop(ports, []), group, address_type, endpoints_max))
    for unwanted in by_ports.values():
        changes.delete += unwanted
    if len(existing) == len(changes.delete) and not changes.create:
        placeholder = new_slice(service, [], address_type)
        if len(changes.delete) == 1 and _is_placeholder(changes.delete[0], placeholder):
            changes.delete = []
        else:
            changes.create.append(placeholder)
    return Plan(changes, missing)


def endpoint_of(pod: Object, node: Object | None, service: Object, address_type: str) -> Object:
    """Its addresses are empty if it has none of that family."""
    serving = is_ready(pod)
    terminating = bool(pod["metadata"].get("deletionTimestamp"))
    ready = bool(service["spec"].get("publishNotReadyAddresses")) or (serving and not terminating)
    endpoint: Object = {
        "addresses": canonical_addresses(pod, IP_VERSIONS[address_type]),
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": reference_to_pod(pod),
    }
    if node_name := pod["spec"].get("nodeName"):
        endpoint["nodeName"] = node_name
    if node is not None and (zone := (node["metadata"].get("labels") or {}).get(ZONE)):
        endpoint["zone"] = zone
    if hostname := hostname_in(pod, service):
        endpoint["hostname"] = hostname
    return endpoint


def ports_of(service: Object, pod: Object) -> list[Object]:
    """What a service's ports are at this pod; those that it does not have are left out."""
    ports = []
    for port in service["spec"].get("ports") or ():
        number = target_port(pod, port)
        if number is None:
            continue
        made = {"name": port.get("name") or "", "port": number, "protocol": port.get("protocol") or "TCP"}
        if port.get("appProtocol") is not None:
            made["appProtocol"] = port["appProtocol"]
        ports.append(made)
    return order_slice_ports(ports)


def new_slice(service: Object, ports: list[Object], address_type: str) -> Object:
    """Without endpoints."""
    metadata = service["metadata"]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"],
            "labels": labels_of(service),
            "ownerReferences": [reference_to(service, SERVICES)],
        },
        "addressType": address_type,
        "endpoints": [],
        "ports": ports,
    }


def labels_of(service: Object) -> dict[str, str]:
    """Of its slices: its own, and those that only controllers may set."""
    labels = _free_labels(service)
    if is_headless(service):
        labels[HEADLESS] = ""
    return labels | {SERVICE: service["metadata"]["name"], MANAGED_BY: MANAGER}


def is_owned(each: Object, service: Object) -> bool:
    """Not by an earlier service of the same name."""
    uid = service["metadata"]["uid"]
    return any(
        owner["uid"] == uid and owner["kind"] == "Service" and owner["apiVersion"] == "v1"
        for owner in each["metadata"].get("ownerReferences") or ()
    )


def _wanted(
    service: Object, pods: Iterable[Object], address_type: str, node_of: Callable[[str], Object | None]
) -> tuple[dict[PortsKey, _Group], dict[str, str]]:
    groups: dict[PortsKey, _Group] = {}
    missing: dict[str, str] = {}
    for pod in pods:
        if not can_serve(pod):
            continue
        ports = ports_of(service, pod)
        group = groups.setdefault(ports_key(ports), _Group(ports))
        node_name = pod["spec"].get("nodeName") or ""
        node = node_of(node_name)
        if node is None and not service["spec"].get("publishNotReadyAddresses"):
            missing[pod["metadata"]["name"]] = node_name
            continue
        endpoint = endpoint_of(pod, node, service, address_type)
        if endpoint["addresses"]:
            group.endpoints[identity_of(endpoint)] = endpoint
    return groups, missing


def _pack(service: Object, existing: Sequence[Object], group: _Group, address_type: str, endpoints_max: int) -> Changes:
    """Slices and endpoints of the same ports."""
    left = dict(group.endpoints)
    labels, free = labels_of(service), _free_labels(service)
    unchanged: list[Object] = []
    changed: list[Object] = []
    changes = Changes()
    for each in existing:
        before = each.get("endpoints") or []
        kept, updated = _keep(before, left)
        if updated or len(kept) != len(before):
            if kept:
                changed.append(_with(each, labels, kept))
            else:
                changes.delete.append(each)
        elif _free_labels(each) != free:
            changed.append(_with(each, labels, kept=list(before)))
        else:
            unchanged.append(each)
    waiting = list(left.values())
    for each in sorted(changed, key=lambda each: -len(each["endpoints"])):
        waiting = _fill(each, waiting, endpoints_max)
    while waiting:
        best = _best_fit(unchanged, len(waiting), endpoints_max)
        if best is None:
            filled = new_slice(service, group.ports, address_type)
            changes.create.append(filled)
        else:
            unchanged = [each for each in unchanged if each is not best]
            filled = best | {"endpoints": list(best.get("endpoints") or ())}
            changed.append(filled)
        waiting = _fill(filled, waiting, endpoints_max)
    changes.update += changed
    return changes


def _keep(before: Iterable[Object], left: dict[Identity, Object]) -> tuple[list[Object], bool]:
    """The endpoints that stay in a slice, which are taken from `left`; and whether any of them tells something new."""
    kept, updated = [], False
    for endpoint in before:
        wanted = left.pop(identity_of(endpoint), None)
        if wanted is not None:
            kept.append(wanted)
            updated = updated or not is_same_endpoint(wanted, endpoint)
    return kept, updated


def _with(each: Object, labels: dict[str, str], kept: list[Object]) -> Object:
    return each | {"metadata": each["metadata"] | {"labels": labels}, "endpoints": kept}


def _fill(each: Object, waiting: list[Object], endpoints_max: int) -> list[Object]:
    """Put endpoints into a slice of ours; those that do not fit."""
    room = max(endpoints_max - len(each["endpoints"]), 0)
    each["endpoints"] += waiting[:room]
    return waiting[room:]


def _best_fit(slices: Iterable[Object], count: int, endpoints_max: int) -> Object | None:
    """The slice that is fullest with `count` endpoints more; an empty one is not worth it."""
    best, best_room = None, endpoints_max
    if count < endpoints_max:
        for each in slices:
            room = endpoints_max - count - len(each.get("endpoints") or ())
            if 0 <= room < best_room:
                best, best_room = each, room
    return best


def _is_placeholder(each: Object, placeholder: Object) -> bool:
    def shown(one: Object) -> tuple[object, ...]:
        labels = {name: value for name, value in (one["metadata"].get("labels") or {}).items() if value}
        empty = not one.get("endpoints") and not one.get("ports")
        return one["addressType"], empty, labels

    return shown(each) == shown(placeholder)


def _free_labels(obj: Object) -> dict[str, str]:
    return {name: value for name, value in (obj["metadata"].get("labels") or {}).items() if name not in _RESERVED}
